"""A deployment's own detectors: ONNX models that a file names, looked up by `EARMARK_DETECTORS`."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from apps.audio.decoding import Samples
from apps.detection.detectors.base import AudioSubject, Detection, Kinds, Looks, Observation
from apps.detection.detectors.front_ends import (
    SAMPLE_RATE,
    FrontEnd,
    ModelShapeError,
    build_front_end,
)
from apps.detection.detectors.sound_channels import SoundChannels, find_stretches, pack_scores
from apps.detection.detectors.speech import open_session
from apps.detection.own_kinds import (
    NAME,
    DetectorFileError,
    find_declared_kind,
    read_detector_file,
    read_own_kinds,
)
from datasets_catalog.finding_kinds import FindingKind, KindPolicy, OwnKind

SHA256 = re.compile(r"[0-9a-f]{64}")
NEEDED_KEYS = frozenset({"name", "version", "model", "sha256", "labels", "kind", "front_end"})
OPTIONAL: Mapping[str, Any] = {
    "threshold": 0.5,
    "window_seconds": 1.0,
    "hop_seconds": 0.5,
    "report": [],
    "profiles": [],
    "activation": "none",
}
ACTIVATIONS = ("none", "sigmoid", "softmax")
BATCH = 32
LONGEST_WINDOW = 60.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One `[[detector]]` of the file, read and checked; `report` are positions in `labels`."""

    name: str
    version: str
    model: Path
    sha256: str
    labels: tuple[str, ...]
    report: tuple[int, ...]
    kind: FindingKind | OwnKind
    threshold: float
    window_seconds: float
    hop_seconds: float
    activation: str
    profiles: tuple[str, ...]
    front_end: FrontEnd


class OnnxDetector:
    """Windows of a clip through a deployment's model; labels above the threshold are findings.

    The model takes what the front end makes, one row for each window, and gives a score for each
    label. The scores of every reported label in every window are kept.
    """

    looks_at = Looks.AUDIO

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.kinds: Kinds = (entry.kind,)
        self.name, self.version, self.model_sha256 = entry.name, entry.version, entry.sha256
        self.parameters: Mapping[str, Any] = {
            "model": entry.sha256,
            "labels": list(entry.labels),
            "report": list(entry.report),
            "kind": entry.kind,
            "threshold": entry.threshold,
            "window": entry.window_seconds,
            "hop": entry.hop_seconds,
            "activation": entry.activation,
            "front_end": repr(entry.front_end),
        }

    def detect(self, subject: AudioSubject) -> Detection:
        hearing = SoundChannels(subject.path)
        scores = self._score_sound(hearing.mix())
        for channel in hearing.channels_apart():
            scores = np.maximum(scores, self._score_sound(hearing.single(channel)))
        findings = [
            seen
            for label in self.entry.report
            for seen in self._observe_label(label, scores[:, label], hearing.seconds)
        ]
        return Detection(
            findings=tuple(findings),
            evidence={
                "window_seconds": self.entry.hop_seconds,
                "scores": {
                    self.entry.labels[label]: pack_scores(np.clip(scores[:, label], 0, 1))
                    for label in self.entry.report
                },
            },
            seconds=hearing.seconds,
        )

    def _observe_label(
        self, label: int, scores: NDArray[np.float32], seconds: float
    ) -> Iterator[Observation]:
        hop, window = self.entry.hop_seconds, self.entry.window_seconds
        spans = find_stretches(
            scores >= self.entry.threshold, step=hop, seconds=seconds, gap=hop, margin=0.0
        )
        for onset, end in spans:
            first = round(onset / hop)
            inside = scores[first : max(first + 1, round(end / hop))]
            highest = float(inside.max())
            offset = min(seconds, max(end, end - hop + window))
            yield Observation(
                kind=self.entry.kind,
                detail=f"{self.entry.labels[label]} from {onset:.2f} s to {offset:.2f} s",
                score=round(min(1.0, highest), 4),
                onset=round(onset, 4),
                offset=round(offset, 4),
                evidence={
                    "label": self.entry.labels[label],
                    "mean": round(float(inside.mean()), 4),
                },
            )

    def _score_sound(self, blocks: Iterator[Samples]) -> NDArray[np.float32]:
        window = round(self.entry.window_seconds * SAMPLE_RATE)
        hop = round(self.entry.hop_seconds * SAMPLE_RATE)
        parts = [self._run(batch) for batch in _stack_batches(_cut_windows(blocks, window, hop))]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.entry.labels)), np.float32)

    def _run(self, windows: Samples) -> NDArray[np.float32]:
        session = _load_session(self.entry.model, self.entry.sha256)
        features = self.entry.front_end.features(windows)
        given = session.get_inputs()[0]
        if given.shape is not None and len(given.shape) == features.ndim + 1:
            # One channel, as models of pictures want it.
            features = features[:, None]
        answer = np.asarray(session.run(None, {given.name: features})[0], np.float32)
        scores = answer.reshape(len(windows), -1, answer.shape[-1]).max(axis=1)
        if scores.shape[1] != len(self.entry.labels):
            raise ModelShapeError(
                f"{self.entry.model.name} gives {scores.shape[1]} scores, and there are "
                f"{len(self.entry.labels)} labels."
            )
        if not np.isfinite(scores).all():
            raise ModelShapeError(f"{self.entry.model.name} gives scores that are no numbers.")
        return _apply_activation(scores, self.entry.activation)


def _apply_activation(scores: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    if activation == "sigmoid":
        return np.asarray(1 / (1 + np.exp(-scores)), np.float32)
    if activation == "softmax":
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
    return scores


def _cut_windows(blocks: Iterator[Samples], window: int, hop: int) -> Iterator[Samples]:
    """Windows of a fixed length; the last is filled with zeros, so that no sample is left out."""
    kept = np.zeros(0, np.float32)
    heard = 0
    for block in blocks:
        kept = np.concatenate([kept, block])
        while len(kept) >= window:
            yield kept[:window]
            kept, heard = kept[hop:], window - hop
    if len(kept) > heard:
        yield np.pad(kept, (0, window - len(kept)))


def _stack_batches(windows: Iterator[Samples]) -> Iterator[Samples]:
    batch: list[Samples] = []
    for window in windows:
        batch.append(window)
        if len(batch) == BATCH:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


@lru_cache(maxsize=16)
def _load_session(path: Path, sha256: str) -> onnxruntime.InferenceSession:
    model = path.read_bytes()
    found = hashlib.sha256(model).hexdigest()
    if found != sha256:
        raise DetectorFileError(
            f"{path} is not the model that was named: its SHA-256 is {found[:12]}…, not "
            f"{sha256[:12]}…. If it is meant to be another one, change sha256 and version.",
            found=found,
        )
    return open_session(model)


def read_detectors(path: Path) -> tuple[OnnxDetector, ...]:
    """The detectors that a TOML or JSON file names. Raises `DetectorFileError`."""
    file = read_detector_file(path)
    own = read_own_kinds(file, path)
    if not file["detector"]:
        raise DetectorFileError(f"EARMARK_DETECTORS: {path} holds no [[detector]].")
    return tuple(OnnxDetector(_parse_entry(each, path, own)) for each in file["detector"])


def _parse_entry(entry: Mapping[str, Any], path: Path, own: Mapping[OwnKind, KindPolicy]) -> Entry:
    missing = sorted(NEEDED_KEYS - entry.keys())
    unknown = sorted(entry.keys() - NEEDED_KEYS - OPTIONAL.keys())
    if missing or unknown:
        what = f"lacks {missing[0]}" if missing else f"has {unknown[0]}, which means nothing"
        raise DetectorFileError(f"{path}: a detector {what}.")
    given = {**OPTIONAL, **entry}
    model, labels = path.parent / given["model"], _read_labels(path.parent / given["labels"])
    _check_settings(given, path)
    if not model.is_file():
        raise DetectorFileError(f"{path}: there is no model {model}.")
    return Entry(
        name=given["name"],
        version=str(given["version"]),
        model=model.resolve(),
        sha256=given["sha256"],
        labels=labels,
        report=_find_label_positions(given["report"], labels, path),
        kind=find_declared_kind(given["kind"], own, path),
        threshold=float(given["threshold"]),
        window_seconds=float(given["window_seconds"]),
        hop_seconds=float(given["hop_seconds"]),
        activation=given["activation"],
        profiles=tuple(given["profiles"]),
        front_end=build_front_end(given["front_end"]),
    )


def _check_settings(given: Mapping[str, Any], path: Path) -> None:
    window, hop, threshold = (
        given[name] for name in ("window_seconds", "hop_seconds", "threshold")
    )
    numbers = all(isinstance(each, int | float) for each in (window, hop, threshold))
    expected = {
        "name": bool(NAME.fullmatch(str(given["name"]))),
        "sha256": bool(SHA256.fullmatch(str(given["sha256"]))),
        "activation": given["activation"] in ACTIVATIONS,
        "threshold": numbers and 0 < threshold <= 1,
        "window_seconds": numbers and 0 < hop <= window <= LONGEST_WINDOW,
        "front_end": isinstance(given["front_end"], dict),
        "profiles": isinstance(given["profiles"], list),
        "report": isinstance(given["report"], list),
    }
    wrong = next((name for name, good in expected.items() if not good), None)
    if wrong:
        raise DetectorFileError(
            f"{path}: {wrong} = {given[wrong]!r} is not allowed. Names are lower case, sha256 is "
            f"64 hexadecimal digits, activation one of {', '.join(ACTIVATIONS)}, 0 < threshold <= 1"
            f", and 0 < hop_seconds <= window_seconds <= {LONGEST_WINDOW:.0f}."
        )


def _read_labels(path: Path) -> tuple[str, ...]:
    """The first column of a CSV file, one label in a row, in the order of the model's scores."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DetectorFileError(f"The labels {path} cannot be read: {error}") from error
    labels = tuple(line.partition(",")[0].strip().strip('"') for line in lines if line.strip())
    if not labels or len(set(labels)) < len(labels):
        raise DetectorFileError(f"{path}: expected labels, one in a row, none of them twice.")
    return labels


def _find_label_positions(
    wanted: Sequence[str], labels: tuple[str, ...], path: Path
) -> tuple[int, ...]:
    unknown = [label for label in wanted if label not in labels]
    if unknown:
        raise DetectorFileError(f"{path}: report names {unknown[0]!r}, which is no label.")
    return tuple(labels.index(label) for label in wanted or labels)
