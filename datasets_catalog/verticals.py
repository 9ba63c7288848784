"""The verticals, and the metadata profile (a JSON Schema) that each brings to its clips."""

import json
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any


class Vertical(StrEnum):
    """The field a dataset serves."""

    MEDICAL = "medical"
    INDUSTRIAL = "industrial"
    WILDLIFE = "wildlife"
    AUTOMOTIVE = "automotive"
    MUSIC = "music"
    SFX = "sfx"
    SPEECH = "speech"
    URBAN = "urban"


@cache
def profile(vertical: Vertical) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the vertical's own clip fields; do not change the answer."""
    text = (files("datasets_catalog") / "verticals" / f"{vertical}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
