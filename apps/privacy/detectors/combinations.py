"""Finds people who stand alone in a draft by what its columns say of them together.

k-anonymity over the quasi-identifiers that the dataset's vertical declares: whoever shares all
their values with fewer than k - 1 others can be singled out by somebody who knows them. What is
counted is people where contributors are recorded, else recordings, else clips.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from apps.privacy.detectors.base import (
    Detection,
    Draft,
    DraftRow,
    GroupSubject,
    Looks,
    Seen,
)
from datasets_catalog.canonical import canonical_json
from datasets_catalog.verticals import quasi_identifiers

FEWEST = 5
MOST_SHOWN = 200
KIND = "rare_combination"


class CombinationsDetector:
    """A group of fewer than five people with the same values is a finding on each of its clips.

    Rows without any value are in no group of people. Groups of five and more all look alike to it,
    so that clips can join them and nothing has to be looked at again.
    """

    name = "combinations"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.DATASET

    def __init__(self, *, fewest: int = FEWEST) -> None:
        self.fewest = fewest
        self.parameters: Mapping[str, Any] = {
            "fewest": fewest,
            "columns": {vertical: list(names) for vertical, names in quasi_identifiers().items()},
        }

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        by_values: dict[tuple[str, ...], list[DraftRow]] = {}
        for row in draft.rows:
            values = tuple(row.values.get(column, "") for column in draft.columns)
            by_values.setdefault(values, []).append(row)
        return dict(self._group(draft.columns, *each) for each in by_values.items())

    def _group(
        self, columns: tuple[str, ...], values: tuple[str, ...], rows: Sequence[DraftRow]
    ) -> tuple[str, GroupSubject]:
        told = {name: value for name, value in zip(columns, values, strict=True) if value}
        size = min(self.fewest, len({_source(row) for row in rows})) if told else self.fewest
        key = hashlib.sha256(canonical_json({"values": told, "size": size})).hexdigest()
        return key, GroupSubject(tuple(row.clip for row in rows), told, size)

    def detect(self, subject: GroupSubject) -> Detection:
        evidence = {"columns": list(subject.values), "size": subject.size, "fewest": self.fewest}
        if subject.size >= self.fewest:
            return Detection((), evidence)
        told = ", ".join(f"{name} {value}" for name, value in subject.values.items())
        alone = "one person or source has" if subject.size == 1 else f"{subject.size} share"
        detail = f"Only {alone} this combination; at least {self.fewest} should: {told}"
        return Detection(
            (Seen(KIND, detail[:MOST_SHOWN], round(1 / subject.size, 4), evidence=evidence),),
            evidence,
        )


def _source(row: DraftRow) -> tuple[str, Any]:
    """Whom or what a row stands for: two clips of one person are one."""
    if row.people:
        return ("people", row.people)
    if row.recording is not None:
        return ("recording", row.recording)
    return ("clip", row.clip)
