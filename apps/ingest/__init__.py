"""The ways in: folders, archives, uploads, tables and label files."""
