"""Labels of other formats, one module for each; `registry.py` lists them."""
