"""What happened: append-only, hash-chained, one function per event."""
