"""Finds people who stand alone in a draft by what its columns say of them together.

k-anonymity over the quasi-identifiers that the dataset's vertical and the dataset itself declare:
whoever shares all their values with fewer than k - 1 others can be singled out by somebody who
knows them. Counted are people: each contributor once, in however many clips and with whomever;
where nobody is named, each recording once, and clips of no recording one by one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from apps.detection.detectors.base import (
    Detection,
    Draft,
    DraftRow,
    GroupSubject,
    Kinds,
    Looks,
    Observation,
)
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.finding_kinds import FindingKind
from datasets_catalog.verticals import load_quasi_identifiers

MOST_SHOWN = 200


class CombinationsDetector:
    """A group of fewer people than a draft asks for (`Draft.fewest`) is a finding on each clip.

    Rows without any value are in no group of people. Groups that are large enough all look alike to
    it, so that clips can join them and nothing has to be looked at again.
    """

    name = "combinations"
    version = "2"
    model_sha256 = ""
    looks_at = Looks.DATASET
    kinds: Kinds = frozenset({FindingKind.RARE_COMBINATION})
    # Of a smaller group, which says worse.
    any_finding_holds = True

    def __init__(self) -> None:
        self.parameters: Mapping[str, Any] = {
            "columns": {
                vertical: list(names) for vertical, names in load_quasi_identifiers().items()
            },
        }

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        by_values: dict[tuple[str, ...], list[DraftRow]] = {}
        for row in draft.rows:
            values = tuple(row.values.get(column, "") for column in draft.columns)
            by_values.setdefault(values, []).append(row)
        return dict(_build_group(draft, *each) for each in by_values.items())

    def detect(self, subject: GroupSubject) -> Detection:
        evidence = {"columns": list(subject.values), "size": subject.size, "fewest": subject.fewest}
        if subject.size >= subject.fewest:
            return Detection((), evidence)
        told = ", ".join(f"{name} {value}" for name, value in subject.values.items())
        alone = "one person or source has" if subject.size == 1 else f"{subject.size} share"
        detail = f"Only {alone} this combination; at least {subject.fewest} should: {told}"
        return Detection(
            (
                Observation(
                    FindingKind.RARE_COMBINATION,
                    detail[:MOST_SHOWN],
                    round(1 / subject.size, 4),
                    evidence=evidence,
                ),
            ),
            evidence,
        )


def _build_group(
    draft: Draft, values: tuple[str, ...], rows: Sequence[DraftRow]
) -> tuple[str, GroupSubject]:
    told = {name: value for name, value in zip(draft.columns, values, strict=True) if value}
    size = min(draft.fewest, count_people(rows)) if told else draft.fewest
    stands_for = {"values": told, "size": size, "fewest": draft.fewest}
    key = hashlib.sha256(to_canonical_json(stands_for)).hexdigest()
    return key, GroupSubject(tuple(row.clip for row in rows), told, size, draft.fewest)


def count_people(rows: Sequence[DraftRow]) -> int:
    """Return how many people the rows are known to hold.

    An unnamed clip of a recording in which somebody is named may be of that person: it counts
    nobody more.
    """
    named = {code for row in rows for code in row.people}
    known = {row.recording for row in rows if row.people and row.recording is not None}
    unnamed = {
        ("clip", row.clip) if row.recording is None else ("recording", row.recording)
        for row in rows
        if not row.people and (row.recording is None or row.recording not in known)
    }
    return len(named) + len(unnamed)
