"""Releases as earlier versions of Earmark published them, kept to be read by every later one."""
