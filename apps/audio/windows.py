"""A stretch of a sound, decoded without what comes before it where the container allows."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from apps.audio.containers import Container, Source, detect_container
from apps.audio.decoding import Samples, read_mono_blocks

# Those in which a frame's number says where it is: in the others a jump lands near it only.
_EXACT = frozenset(
    {
        Container.WAV,
        Container.RF64,
        Container.W64,
        Container.AIFF,
        Container.CAF,
        Container.FLAC,
    }
)


def read_mono_window(path: Path, sample_rate: int, onset: float, end: float) -> Samples:
    """The mean of all channels from `onset` to `end` seconds, at `sample_rate` hertz.

    What lies beyond the end of the sound is not there. Memory grows with the stretch, not with the
    file. Raises UndecodableError.
    """
    with Source(path) as source:
        container = detect_container(source)
    if container in _EXACT:
        try:
            return _read_by_seeking(path, sample_rate, onset, end)
        except soundfile.LibsndfileError:
            # A codec that libsndfile lacks, or a torn file: the other way says what is wrong.
            pass
    return _read_by_walking(path, round(onset * sample_rate), round(end * sample_rate), sample_rate)


def _read_by_seeking(path: Path, sample_rate: int, onset: float, end: float) -> Samples:
    with soundfile.SoundFile(path) as file:
        first = min(round(onset * file.samplerate), file.frames)
        last = min(round(end * file.samplerate), file.frames)
        file.seek(first)
        frames = file.read(last - first, dtype="float32", always_2d=True)
        mono: Samples = frames.mean(axis=1, dtype=np.float32)
        if file.samplerate != sample_rate and len(mono):
            mono = np.asarray(soxr.resample(mono, file.samplerate, sample_rate), np.float32)
    return mono


def _read_by_walking(path: Path, first: int, last: int, sample_rate: int) -> Samples:
    kept: list[Samples] = []
    at = 0
    for block in read_mono_blocks(path, sample_rate):
        kept.append(block[max(0, first - at) : max(0, last - at)])
        at += len(block)
        if at >= last:
            break
    return np.concatenate(kept) if kept else np.empty(0, np.float32)
