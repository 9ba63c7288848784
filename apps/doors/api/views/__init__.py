"""The addresses, resource by resource: parse, call one function of the domain, serialise."""
