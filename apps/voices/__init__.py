"""Which clips carry the same voice; numbers that never leave and end with the consent."""
