"""What a deployment's own model wants to be fed: windows of samples, or of log-mel frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from apps.audio.decoding import Samples
from apps.detection.own_kinds import DetectorFileError
from datasets_catalog.errors import EarmarkError

SAMPLE_RATE = 16_000
MOST_MELS = 512
Features = NDArray[np.float32]


class ModelShapeError(EarmarkError):
    """A deployment's model does not take or give what its entry says."""

    code: ClassVar[str] = "privacy.model_shape"


class FrontEnd(Protocol):
    """Turns windows of samples, of shape (windows, samples), into what a model takes."""

    def features(self, windows: Samples) -> Features: ...


@dataclass(frozen=True, slots=True)
class Waveform:
    """The samples as they are, 16 kHz, between -1 and 1."""

    def features(self, windows: Samples) -> Features:
        return windows


@dataclass(frozen=True, slots=True)
class LogMel:
    """Logarithms of mel bands: of shape (windows, frames, mels). Lengths are samples at 16 kHz."""

    mels: int = 64
    frame: int = 400
    hop: int = 160
    fft: int = 512
    low: float = 125.0
    high: float = 7500.0
    offset: float = 0.001
    power: int = 1

    def __post_init__(self) -> None:
        good = (
            self.hop > 0
            and 0 < self.frame <= self.fft <= SAMPLE_RATE
            and 0 < self.mels <= MOST_MELS
        )
        bands = 0 <= self.low < self.high <= SAMPLE_RATE / 2 and self.offset > 0
        if not good or not bands or self.power not in {1, 2}:
            raise DetectorFileError(
                "A log-mel front end needs hop > 0, frame <= fft <= 16000, 0 < mels <= 512, "
                "0 <= low < high <= 8000, offset > 0 and power 1 or 2."
            )

    def features(self, windows: Samples) -> Features:
        if windows.shape[1] < self.frame:
            raise ModelShapeError(f"A window has fewer samples than one frame ({self.frame}).")
        framed = np.lib.stride_tricks.sliding_window_view(windows, self.frame, axis=1)
        spectrum = np.abs(np.fft.rfft(framed[:, :: self.hop] * np.hanning(self.frame), self.fft))
        bands = spectrum**self.power @ _build_filters(self.mels, self.fft, self.low, self.high)
        return np.asarray(np.log(bands + self.offset), np.float32)


@lru_cache(maxsize=8)
def _build_filters(mels: int, fft: int, low: float, high: float) -> NDArray[np.float64]:
    """Triangles evenly on the mel scale (1127 log(1 + f/700)), of shape (bins, mels)."""

    def mel(hertz: Any) -> Any:
        return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)

    edges = np.linspace(mel(low), mel(high), mels + 2)
    bins = mel(np.linspace(0, SAMPLE_RATE / 2, fft // 2 + 1))[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return filters


def build_front_end(entry: Mapping[str, Any]) -> FrontEnd:
    """The front end that a table describes: `kind` and its numbers. Raises `DetectorFileError`."""
    numbers = {name: value for name, value in entry.items() if name != "kind"}
    kind = entry.get("kind")
    if kind == "waveform" and not numbers:
        return Waveform()
    if kind == "log_mel":
        try:
            return LogMel(**numbers)
        except TypeError as error:
            raise DetectorFileError(f"Front end log_mel: {error}.") from error
    raise DetectorFileError(
        'A front end is { kind = "waveform" }, or { kind = "log_mel" } with its numbers.'
    )
