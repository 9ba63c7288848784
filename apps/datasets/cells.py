"""The texts of a clip: what leaves with it beside the bytes, and what may tell of a person."""

import hashlib

import rfc8785

from apps.datasets.models import Clip

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


def cells_of(clip: Clip) -> dict[str, str]:
    """Column name to text, empty ones left out; the vertical's own fields as `fields.<name>`."""
    cells = {name: getattr(clip, name) for name in COLUMNS if getattr(clip, name)}
    own = {f"fields.{name}": str(value) for name, value in clip.fields.items() if value != ""}
    return cells | own


def cells_digest(clip: Clip) -> str:
    """SHA-256 over the RFC 8785 form of the clip's texts."""
    return hashlib.sha256(rfc8785.dumps(cells_of(clip))).hexdigest()
