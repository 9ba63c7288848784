"""Checks that a release must pass: one file per family, listed in `registry`."""
