"""The texts of a clip: what leaves with it beside the bytes, and what may tell of a person."""

import hashlib
from collections.abc import Mapping
from typing import Any, Protocol

from datasets_catalog.canonical import canonical_json

COLUMNS = (
    "path",
    "title",
    "author",
    "source_url",
    "environment",
    "device",
    "place",
    "recorded_at",
    "split",
)


class Described(Protocol):
    """A clip, or the line of a table that tells of one: has an attribute for each column."""

    @property
    def fields(self) -> Mapping[str, Any]: ...


def cells_of(clip: Described) -> dict[str, str]:
    """Column name to text, empty ones left out; the vertical's own fields as `fields.<name>`."""
    cells = {name: text for name in COLUMNS if (text := getattr(clip, name))}
    for name, value in clip.fields.items():
        if value != "":
            cells[f"fields.{name}"] = str(value)
    return cells


def cells_digest(clip: Described) -> str:
    """SHA-256 over the RFC 8785 form of the clip's texts."""
    return hashlib.sha256(canonical_json(cells_of(clip))).hexdigest()
