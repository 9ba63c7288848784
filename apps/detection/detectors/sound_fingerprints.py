"""Takes down what a sound sounds like, so that copies of it are known in any coding.

It reports nothing: what it takes down is compared across a draft (`returned_sounds.py`, and the
gate on splits). An acoustic hash tells no voice from another and no word.
"""

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from apps.audio.fingerprint import VERSION, ComparableSound, compute_fingerprint
from apps.detection.detectors.base import AudioSubject, Detection, Kinds, Looks


class LikenessDetector:
    """Keeps the hash of the decoded sound and its acoustic hash as evidence."""

    name = "likeness"
    version = VERSION
    model_sha256 = ""
    looks_at = Looks.AUDIO
    kinds: Kinds = ()
    parameters: Mapping[str, Any] = {}

    def detect(self, subject: AudioSubject) -> Detection:
        found = compute_fingerprint(subject.path)
        evidence = {
            "pcm_sha256": found.pcm_sha256,
            "words": pack_words(found.sound.words),
            "doubtful": pack_words(found.sound.doubtful),
        }
        return Detection((), evidence)


def pack_words(words: NDArray[np.uint32]) -> str:
    return base64.b64encode(zlib.compress(words.astype("<u4").tobytes(), 6)).decode()


def read_sound(evidence: Mapping[str, Any]) -> ComparableSound:
    """What a scan by this detector took down."""
    return ComparableSound(_unpack_words(evidence["words"]), _unpack_words(evidence["doubtful"]))


def _unpack_words(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u4").astype(np.uint32)
