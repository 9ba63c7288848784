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
def load_profile(vertical: Vertical) -> dict[str, Any]:
    """The JSON Schema (2020-12) of the vertical's own clip fields; do not change the answer."""
    text = (files("datasets_catalog") / "verticals" / f"{vertical}.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def load_quasi_identifiers() -> dict[Vertical, tuple[str, ...]]:
    """The columns that together may single out a person, for each vertical that declares some.

    Declared in the profile as `x-quasi-identifiers`, a word that JSON Schema leaves to others: its
    own fields, and some of `SHARED_COLUMNS`.
    """
    declared = {each: load_profile(each).get("x-quasi-identifiers", []) for each in Vertical}
    return {vertical: tuple(names) for vertical, names in declared.items() if names}


# Columns of every clip that may single out a person, beside the fields of a vertical.
SHARED_COLUMNS = ("device", "environment", "place", "recorded_at")


def list_identifying_columns(vertical: Vertical) -> tuple[str, ...]:
    """Return the columns that a dataset of the vertical may declare as quasi-identifiers."""
    return (*sorted(load_profile(vertical).get("properties", {})), *SHARED_COLUMNS)


@cache
def load_place_decimals() -> dict[Vertical, int]:
    """To how many decimals of a degree a place may be told, where the vertical says so.

    Declared in the profile as `x-place-decimals`. One decimal is eleven kilometres or less, two
    are about one.
    """
    declared = {each: load_profile(each).get("x-place-decimals") for each in Vertical}
    return {vertical: int(many) for vertical, many in declared.items() if many is not None}
