"""Which contents carry the same voice. Answers are contents and numbers; vectors stay here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.datasets.models import Dataset
from apps.voices.embedding import DIMENSIONS, VERSION
from apps.voices.models import VoicePrint

# Cosine from which two voices count as the same: of 5 s pieces of six speakers of four languages,
# 1.6 % of pairs of different speakers reach it, and 16 % of pairs of one speaker do not.
SAME = 0.86


@dataclass(frozen=True, slots=True)
class SameVoice:
    """A content that may carry the same voice, and the cosine of the two (1 is the same)."""

    content_sha256: str
    likeness: float


def list_printed_contents(dataset: Dataset) -> set[str]:
    """The contents that were looked at for a voice."""
    rows = VoicePrint.objects.filter(dataset=dataset, version=VERSION)
    return set(rows.values_list("content_sha256", flat=True))


def find_same_voice(dataset: Dataset, content_sha256: str) -> list[SameVoice]:
    """Other contents of the dataset with the voice of this one, likest first."""
    contents, vectors = _load_prints(dataset)
    if content_sha256 not in contents:
        return []
    likeness = vectors @ vectors[contents.index(content_sha256)]
    order = np.argsort(-likeness, kind="stable")
    return [
        SameVoice(contents[row], round(float(likeness[row]), 3))
        for row in order.tolist()
        if likeness[row] >= SAME and contents[row] != content_sha256
    ]


def _load_prints(dataset: Dataset) -> tuple[list[str], NDArray[np.float32]]:
    rows = VoicePrint.objects.filter(dataset=dataset, version=VERSION).exclude(vector=b"")
    listed = list(rows.order_by("pk").values_list("content_sha256", "vector"))
    raw = b"".join(bytes(vector) for _, vector in listed)
    return [content for content, _ in listed], np.frombuffer(raw, "<f4").reshape(-1, DIMENSIONS)
