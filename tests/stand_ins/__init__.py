"""Servers that tests talk to in place of services outside this house."""
