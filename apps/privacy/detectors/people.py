"""Finds clips whose record names fewer or other people than were recorded for the sound before."""

import hashlib
from collections.abc import Mapping
from typing import Any

from apps.audio.fingerprint import ALIKE, ALIKE_BRIEFLY
from apps.privacy.detectors.base import Detection, Draft, GroupSubject, Looks, Seen
from datasets_catalog.canonical import canonical_json

KIND = "people_changed"
MISSING = "missing"


class PeopleDetector:
    """A clip that lacks somebody who was recorded for the same sound is a finding.

    Clips that lack the same people are one group; those that lack nobody another. Evidence and
    sentence say how many, never who.
    """

    name = "people"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.DATASET
    needs_missing_people = True
    parameters: Mapping[str, Any] = {"alike": ALIKE, "alike_briefly": ALIKE_BRIEFLY}

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        clips: dict[tuple[str, ...], list[int]] = {}
        for row in draft.rows:
            clips.setdefault(draft.missing_people.get(row.clip, ()), []).append(row.clip)
        return {
            _key(codes): GroupSubject(tuple(listed), {MISSING: str(len(codes))}, len(codes))
            for codes, listed in clips.items()
        }

    def detect(self, subject: GroupSubject) -> Detection:
        count = int(subject.values[MISSING])
        evidence = {"people_missing": count, "bound_to": "bytes"}
        if not count:
            return Detection((), evidence)
        who = "1 person who was" if count == 1 else f"{count} people who were"
        detail = f"{who} recorded for this sound before, and not for this clip now"
        return Detection((Seen(KIND, detail, evidence=evidence),), evidence)


def _key(codes: tuple[str, ...]) -> str:
    return hashlib.sha256(canonical_json({"people_missing": list(codes)})).hexdigest()
