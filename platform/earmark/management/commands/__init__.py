"""One file per command; `manage.py help` lists them."""
