"""Places outside that releases are sent to, one module each."""
