"""What may be done with the bytes: licence texts, custom terms, attribution."""
