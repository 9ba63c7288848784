"""What people decide on findings: cases, queue, decisions, undo, sampling, redaction, people."""
