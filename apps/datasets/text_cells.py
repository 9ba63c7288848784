"""The texts of a clip: what leaves with it beside the bytes, and what may tell of a person."""

import hashlib
from collections.abc import Mapping
from typing import Any

from apps.datasets.models import Clip
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.clip_columns import CLIP_COLUMNS

# Released text to the clip's attribute that holds it; of a recording, the name.
_ATTRIBUTES = {
    column.name: column.source.partition("__")[0]
    for column in CLIP_COLUMNS
    if column.is_scanned and column.source
}


def collect_cells(clip: Clip) -> dict[str, str]:
    """The texts of a clip of the draft by column; reads its recording."""
    texts = {name: getattr(clip, attribute) for name, attribute in _ATTRIBUTES.items()}
    return build_cells(texts, clip.fields)


def build_cells(texts: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, str]:
    """Column name to text, empty ones left out; the vertical's own fields as `fields.<name>`."""
    cells = {name: str(text) for name in _ATTRIBUTES if (text := texts.get(name))}
    for name, value in fields.items():
        if value != "":
            cells[f"fields.{name}"] = str(value)
    return cells


def digest_cells(cells: Mapping[str, str]) -> str:
    """SHA-256 over the RFC 8785 form of a clip's texts."""
    return hashlib.sha256(to_canonical_json(dict(cells))).hexdigest()
