"""One file per group of pages: parse, call one action, render."""
