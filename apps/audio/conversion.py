"""One sound file as another: at another rate, as one channel, in another container.

The same file and the same versions of the tools give the same bytes. Memory does not grow with
the length of the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from apps.audio.decoding import Reader, Samples, open_sound
from datasets_catalog.errors import EarmarkError

FORMATS = {"flac": "FLAC", "wav": "WAV"}
FLAC_CHANNELS = 8
# A WAV file counts its bytes in 32 bits.
WAV_BYTES = 0xFFFF_0000
BYTES_PER_SAMPLE = 2
FULL_SCALE = 32768


class UnconvertibleError(EarmarkError):
    """The sound does not fit into that container."""

    code: ClassVar[str] = "audio.unconvertible"


@dataclass(frozen=True, slots=True)
class ConvertedSound:
    """What was written: 16-bit samples, `sample_rate` in hertz."""

    sample_rate: int
    channels: int
    frames: int


def list_tool_versions() -> dict[str, str]:
    """The versions on which the bytes depend."""
    return {
        "soxr": version("soxr"),
        "libsoxr": str(soxr.__libsoxr_version__),
        "soundfile": version("soundfile"),
        "libsndfile": str(soundfile.__libsndfile_version__),
        "av": str(av.__version__),
    }


def convert_sound(
    source: Path, target: Path, *, sample_rate: int | None, mono: bool, container: str
) -> ConvertedSound:
    """Write `source` to `target`, at its own rate where `sample_rate` is None.

    `mono` is the mean of the channels. Samples have 16 bits, rounded, without dither; those
    beyond full scale are clipped. Raises UnconvertibleError and UndecodableError.
    """
    with open_sound(source) as reader:
        rate = sample_rate or reader.sound.sample_rate
        channels = 1 if mono else reader.sound.channels
        _refuse_what_does_not_fit(reader, rate, channels, container)
        with soundfile.SoundFile(
            target, "w", rate, channels, subtype="PCM_16", format=FORMATS[container]
        ) as file:
            frames = 0
            for block in _resample_blocks(_mix_channels(reader, mono=mono), reader, rate, channels):
                file.write(_round_samples(block))
                frames += len(block)
    return ConvertedSound(rate, channels, frames)


def _refuse_what_does_not_fit(reader: Reader, rate: int, channels: int, container: str) -> None:
    sound = reader.sound
    if container == "flac" and channels > FLAC_CHANNELS:
        raise UnconvertibleError(
            f"FLAC holds at most {FLAC_CHANNELS} channels and this file has {channels}: take one"
            " channel, or WAV."
        )
    size = sound.frames * rate // sound.sample_rate * channels * BYTES_PER_SAMPLE
    if container == "wav" and size > WAV_BYTES:
        raise UnconvertibleError("This file is too long for WAV: take FLAC.")


def _mix_channels(reader: Reader, *, mono: bool) -> Iterator[Samples]:
    for block in reader.blocks():
        if mono and block.shape[1] > 1:
            # In doubles the sum of a few channels is exact: no library's order of adding shows.
            yield block.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        else:
            yield block


def _resample_blocks(
    blocks: Iterator[Samples], reader: Reader, rate: int, channels: int
) -> Iterator[Samples]:
    if rate == reader.sound.sample_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(
        reader.sound.sample_rate, rate, channels, dtype="float32", quality="HQ"
    )
    for block in blocks:
        made = stream.resample_chunk(np.ascontiguousarray(block))
        if len(made):
            yield made
    rest = stream.resample_chunk(np.empty((0, channels), np.float32), last=True)
    if len(rest):
        yield rest


def _round_samples(block: Samples) -> NDArray[np.int16]:
    scaled = np.rint(block.astype(np.float64) * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
