"""Countries that a form can offer."""

import tomllib
from importlib.resources import files

COUNTRIES: dict[str, str] = tomllib.loads(
    files("datasets_catalog").joinpath("countries.toml").read_text(encoding="utf-8")
)
