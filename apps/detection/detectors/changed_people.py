"""Finds clips that lack people who were recorded for their sound before, or that were moved."""

import hashlib
from collections.abc import Mapping
from typing import Any

from apps.audio.fingerprint import ALIKE, ALIKE_BRIEFLY
from apps.detection.detectors.base import Detection, Draft, GroupSubject, Kinds, Looks, Observation
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.finding_kinds import FindingKind

MISSING = "missing"
PLACES = "places"


class PeopleDetector:
    """A clip that lacks somebody who was recorded for the same sound is a finding.

    So is one whose sound was in another dataset or recording before, about which other forms asked:
    other answers count where it is now. Clips of which the same is to be said are one group.
    Evidence and sentence say how many, never who.
    """

    name = "people"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.DATASET
    kinds: Kinds = frozenset({FindingKind.PEOPLE_CHANGED})
    needs_missing_people = True
    parameters: Mapping[str, Any] = {"alike": ALIKE, "alike_briefly": ALIKE_BRIEFLY}

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        clips: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
        for row in draft.rows:
            codes = draft.missing_people.get(row.clip, ())
            places = draft.moved.get(row.clip, ())
            clips.setdefault((codes, places), []).append(row.clip)
        return {
            _hash_missing_people(codes, places): GroupSubject(
                tuple(listed),
                {MISSING: str(len(codes)), PLACES: str(len(places[1:]))},
                len(codes),
            )
            for (codes, places), listed in clips.items()
        }

    def detect(self, subject: GroupSubject) -> Detection:
        count, places = int(subject.values[MISSING]), int(subject.values[PLACES])
        evidence: dict[str, Any] = {"people_missing": count, "bound_to": "bytes"}
        if places:
            evidence["places_before"] = places
        said = [_describe_missing(count)] if count else []
        said += [_MOVED] if places else []
        if not said:
            return Detection((), evidence)
        return Detection(
            (Observation(FindingKind.PEOPLE_CHANGED, "; ".join(said), evidence=evidence),), evidence
        )


_MOVED = (
    "this sound was in another dataset or recording before, about which other forms asked: other"
    " answers of its people count here"
)


def _describe_missing(count: int) -> str:
    who = "1 person who was" if count == 1 else f"{count} people who were"
    return f"{who} recorded for this sound before, and not for this clip now"


def _hash_missing_people(codes: tuple[str, ...], places: tuple[str, ...]) -> str:
    said: dict[str, Any] = {"people_missing": list(codes)}
    if places:
        said["places"] = list(places)
    return hashlib.sha256(to_canonical_json(said)).hexdigest()
