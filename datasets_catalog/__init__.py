"""The rules: values, tables and verdicts in plain Python. No Django, no I/O, no network."""
