"""Finds sounds that were to leave and came back: under another name, coding, level or cut."""

import hashlib
from collections.abc import Mapping
from typing import Any

from apps.audio.fingerprint import ALIKE, ALIKE_BRIEFLY
from apps.detection.detectors.base import Detection, Draft, GroupSubject, Kinds, Looks, Observation
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.finding_kinds import FindingKind

LIKE = "like"


class ReturnedDetector:
    """A clip that sounds like one that was excluded, redacted or destroyed is a finding.

    Clips that are like the same gone ones are one group; those that are like none of them another.
    """

    name = "returned"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.DATASET
    kinds: Kinds = frozenset({FindingKind.RETURNED})
    needs_gone = True
    parameters: Mapping[str, Any] = {"alike": ALIKE, "alike_briefly": ALIKE_BRIEFLY}

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        clips: dict[tuple[str, ...], list[int]] = {}
        for row in draft.rows:
            clips.setdefault(draft.gone.get(row.clip, ()), []).append(row.clip)
        return {
            _hash_likes(like): GroupSubject(
                tuple(listed), {LIKE: "; ".join(like)} if like else {}, 0
            )
            for like, listed in clips.items()
        }

    def detect(self, subject: GroupSubject) -> Detection:
        like = subject.values.get(LIKE, "")
        evidence = {LIKE: like, "bound_to": "bytes"}
        if not like:
            return Detection((), evidence)
        detail = f"Sounds like what was taken out before: {like}"
        return Detection(
            (Observation(FindingKind.RETURNED, detail[:400], evidence=evidence),), evidence
        )


def _hash_likes(like: tuple[str, ...]) -> str:
    return hashlib.sha256(to_canonical_json({"returned": list(like)})).hexdigest()
