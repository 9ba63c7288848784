"""The template vocabulary of the pages."""
