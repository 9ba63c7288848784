"""What every detector of sound shares: which channels to hear, where sound stands out, scores."""

import base64
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.audio.decoding import Samples, read_mono_blocks

SAMPLE_RATE = 16_000
# Channels that differ from their mean by more than this share of its energy are heard one by one.
DISSIMILAR = 0.1
# The level of silence (dB below full scale): what 24 bits can hold at all.
FAINTEST = -140.0

Span = tuple[float, float]


class SoundChannels:
    """One file at 16 kHz; learns on the way how long it is and how alike its channels are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seconds = 0.0
        self._mean_energy = 0.0
        self._difference: NDArray[np.float64] = np.zeros(1)

    def mix(self) -> Iterator[Samples]:
        """The mean of all channels, in blocks. Raises `UndecodableError`."""
        for block in read_mono_blocks(self._path, SAMPLE_RATE, listen=self._compare):
            self.seconds += len(block) / SAMPLE_RATE
            yield block

    def single(self, channel: int) -> Iterator[Samples]:
        return read_mono_blocks(self._path, SAMPLE_RATE, channel=channel)

    def _compare(self, block: Samples, mean: Samples) -> None:
        if block.shape[1] > 1:
            self._mean_energy += float(np.square(mean, dtype=np.float64).sum())
            apart = np.square(block - mean[:, None], dtype=np.float64).sum(axis=0)
            self._difference = self._difference + apart

    def channels_apart(self) -> list[int]:
        """The channels that mixing would hide or cancel; known once the mix was heard."""
        limit = DISSIMILAR * self._mean_energy
        return [int(n) for n in np.flatnonzero(self._difference > limit)]


def find_stretches(
    above: NDArray[np.bool_], *, step: float, seconds: float, gap: float, margin: float
) -> list[Span]:
    """Half-open stretches in seconds, joined over gaps, with a margin on both sides.

    `above` says of every `step` seconds whether something is there; `seconds` is the end.
    """
    found: list[Span] = []
    for index in np.flatnonzero(above):
        onset, offset = float(index) * step, float(index + 1) * step
        if found and onset - found[-1][1] <= gap:
            found[-1] = (found[-1][0], offset)
        else:
            found.append((onset, offset))
    return [(max(0.0, onset - margin), min(seconds, offset + margin)) for onset, offset in found]


def subtract_spans(spans: Iterable[Span], taken: Iterable[Span], *, shortest: float) -> list[Span]:
    """What of `spans` no span of `taken` covers, pieces shorter than `shortest` left out."""
    rest = list(spans)
    for onset, offset in taken:
        rest = [
            piece
            for start, end in rest
            for piece in ((start, min(end, onset)), (max(start, offset), end))
            if piece[0] < piece[1]
        ]
    return [(start, end) for start, end in rest if end - start >= shortest]


def compute_level(energy: float) -> float:
    """Mean energy of samples as decibels below full scale."""
    return round(max(FAINTEST, 10 * float(np.log10(energy))), 1) if energy > 0 else FAINTEST


def pack_scores(scores: NDArray[np.float32]) -> str:
    """All scores, a byte each (255 is certain), compressed: about 20 bytes for a second."""
    quantised = np.round(scores * 255).astype(np.uint8)
    return base64.b64encode(zlib.compress(quantised.tobytes(), 9)).decode()


def unpack_scores(packed: str) -> NDArray[np.float32]:
    quantised = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
    return quantised.astype(np.float32) / np.float32(255)
