"""Weak labels: what is heard somewhere in a clip, and how that is released."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.labels import Presence, Source, Status


@dataclass(frozen=True, slots=True)
class WeakLabel:
    """One label of a whole clip; `confidence` from 0 to 1."""

    label: str
    term: str | None = None
    confidence: float | None = None
    source: Source = Source.IMPORT
    status: Status = Status.SUGGESTED
    presence: Presence = Presence.YES
    annotator: str | None = None


MEMBERS = ("label", "term", "confidence", "source", "status", "presence", "annotator")


def write_weak_labels(labels: Iterable[WeakLabel]) -> str | None:
    """Return a clip's weak labels as they stand in the column `weak_labels`; None without any.

    The RFC 8785 JSON array of one object for each label with all members of `WeakLabel` (null
    where unknown), sorted by label and annotator. Pass those that nobody rejected.
    """
    rows = [
        {name: getattr(label, name) for name in MEMBERS}
        | {
            "source": label.source.value,
            "status": label.status.value,
            "presence": label.presence.value,
        }
        for label in sorted(labels, key=lambda each: (each.label, each.annotator or ""))
    ]
    return to_canonical_json(rows).decode() if rows else None


def read_weak_labels(text: str | None) -> tuple[WeakLabel, ...]:
    """Return what `write_weak_labels` wrote."""
    rows: list[dict[str, Any]] = json.loads(text) if text else []
    return tuple(
        WeakLabel(
            **row
            | {
                "source": Source(row["source"]),
                "status": Status(row["status"]),
                "presence": Presence(row["presence"]),
            }
        )
        for row in rows
    )
