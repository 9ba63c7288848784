"""Settings: `base` is shared; `embedded`, `production` and `testing` are the three ways to run."""
