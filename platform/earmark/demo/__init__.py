"""What `make demo` shows: real recordings where they can be had, synthetic ones elsewhere."""
