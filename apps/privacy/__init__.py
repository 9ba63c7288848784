"""Scans, findings, decisions and redaction."""
