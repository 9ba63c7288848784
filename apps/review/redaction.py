"""Takes stretches of sound, or everything but the sound, out of a file; the rest stays exact.

Nothing here anonymises a voice that stays audible: low-pass filters and pitch changes were measured
to leave most speech detectable, so they are not offered.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, ClassVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from apps.audio.containers import Container, Layout, Role, Source, walk_container
from apps.audio.containers.writing import (
    NotStrippableError,
    build_wave_format,
    strip_container,
    write_wave,
)
from apps.audio.decoding import Sound, UndecodableError, open_sound
from datasets_catalog.alterations import Alteration
from datasets_catalog.errors import EarmarkError

# Counted up whenever the same input would give other bytes.
TRANSFORM = "1"
# The transform that leaves everything but the sound away.
STRIP = Alteration.STRIP.value
FADE = 0.010
BLEEP_HERTZ = 1000.0
LEVEL = 0.1
PARAMETERS = {"fade": FADE, "bleep_hertz": BLEEP_HERTZ, "level": LEVEL}
FLAC_CHANNELS = 8
FLAC_HIGHEST_RATE = 655_350
# How samples are read and written back without touching a bit, by libsndfile subtype.
EXACT = {
    "PCM_S8": "int16",
    "PCM_U8": "int16",
    "PCM_16": "int16",
    "PCM_24": "int32",
    "PCM_32": "int32",
    "FLOAT": "float32",
    "DOUBLE": "float64",
}
FLAC_SUBTYPES = {"PCM_S8": "PCM_S8", "PCM_U8": "PCM_16", "PCM_16": "PCM_16", "PCM_24": "PCM_24"}

WAVES = frozenset({Container.WAV, Container.RF64})

Block = NDArray[Any]


class Method(StrEnum):
    """What is put where the sound was."""

    MUTE = Alteration.MUTE.value
    BLEEP = Alteration.BLEEP.value
    NOISE = Alteration.NOISE.value


class IntervalError(EarmarkError):
    """There is no such stretch in the file."""

    code: ClassVar[str] = "privacy.interval_invalid"


@dataclass(frozen=True, slots=True)
class RedactionResult:
    """What was done. `intervals` in seconds, as merged and rounded out to whole samples.

    `suffix` is the extension that the new file's name must have, as it was if that fits. `changes`
    says in sentences what is different besides the intervals (nothing for WAV and FLAC).
    """

    suffix: str
    intervals: tuple[tuple[float, float], ...]
    frames: int
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StrippingResult:
    """What was left out: names and sizes (bytes) of the parts that are gone."""

    suffix: str
    removed: tuple[tuple[str, int], ...]


def redact_file(
    source: Path,
    target: Path,
    intervals: Iterable[tuple[float, float]],
    *,
    method: Method = Method.MUTE,
    name: str | None = None,
) -> RedactionResult:
    """Write `source` to `target` with the half-open intervals (seconds) replaced.

    The sound fades out and in within 10 ms inside each interval; outside of them every sample and
    the duration stay the same, bit for bit. WAV and FLAC keep their format; lossy files, video and
    other containers come out as FLAC (or WAV, where FLAC cannot hold them): `Redacted.suffix` says
    so, whatever `target` is called. No metadata is copied. The same input gives the same bytes.
    `name` is what the file is called in the dataset, when the bytes lie under another name. Raises
    `IntervalError`, `UndecodableError`.
    """
    with Source(source) as raw:
        layout = walk_container(raw)
        if layout is None:
            raise UndecodableError(f"{source.name} is not in an audio format that is known here.")
        form = _read_format_chunk(raw, layout)
    with open_sound(source, layout.container) as reader:
        plan = _plan_redaction(source, name or source.name, layout.container, reader.sound, form)
    frames = sum(len(block) for block in plan.blocks(source))
    rate = plan.sound.sample_rate
    spans = _round_to_spans(intervals, frames, rate)
    plan.write(target, _replace_spans(plan, spans, method), frames)
    return RedactionResult(
        suffix=plan.suffix,
        intervals=tuple((start / rate, end / rate) for start, end in spans),
        frames=frames,
        changes=plan.changes,
    )


def strip_metadata(source: Path, target: Path, *, name: str | None = None) -> StrippingResult:
    """Write `source` to `target` with its sound exactly as it is and nothing written besides it.

    The container stays; coded sound is copied, not coded again, and decoded once more to prove that
    it is the same. The same input gives the same bytes. `name` as for `redact_file`. Raises
    `UndecodableError` when the file is in no known container, `NotStrippableError` when it is too
    unusual to be written again.
    """
    with Source(source) as raw:
        layout = walk_container(raw)
        if layout is None:
            raise UndecodableError(f"{source.name} is not in an audio format that is known here.")
        removed = strip_container(raw, layout, target)
    if _hash_samples(source, layout.container) != _hash_samples(target, layout.container):
        target.unlink()
        raise NotStrippableError(
            f"{source.name} does not sound the same without its metadata, so it was left as it is. "
            "Export it again without tags."
        )
    return StrippingResult(PurePath(name or source.name).suffix, removed)


def _hash_samples(path: Path, container: Container) -> str:
    """SHA-256 over all decoded samples."""
    digest = hashlib.sha256()
    with open_sound(path, container) as reader:
        for block in reader.blocks():
            digest.update(np.ascontiguousarray(block).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Plan:
    """How one file is read exactly and written back. `dtype` is that of its samples."""

    source: Path
    sound: Sound
    dtype: str
    suffix: str
    blocks: Callable[[Path], Iterator[Block]]
    write: Callable[[Path, Iterator[Block], int], None]
    changes: tuple[str, ...]


def _read_format_chunk(raw: Source, layout: Layout) -> bytes | None:
    """The `fmt ` chunk to copy, from a WAV file of the usual byte order."""
    regions = [region for region in layout.list_regions(Role.STRUCTURE) if region.name == "fmt "]
    little = layout.container in WAVES and raw.at(0, 4) != b"RIFX"
    return raw.content(regions[0]) if little and regions else None


def _plan_redaction(
    source: Path, name: str, container: Container, sound: Sound, form: bytes | None
) -> _Plan:
    subtype = _find_exact_subtype(source)
    fits_flac = sound.channels <= FLAC_CHANNELS and sound.sample_rate <= FLAC_HIGHEST_RATE
    changes: tuple[str, ...] = ("the video stream is left out",) if sound.has_video else ()
    to_flac = fits_flac and (subtype is None or subtype in FLAC_SUBTYPES)
    to_flac = to_flac and not (container in WAVES and subtype)
    kept = subtype is not None and container in ({Container.FLAC} if to_flac else WAVES)
    if not kept:
        changes += (f"{container.value.upper()} became {'FLAC' if to_flac else 'WAV'}",)
    form = form if subtype and form else None
    return _Plan(
        source=source,
        sound=sound,
        dtype=EXACT.get(subtype or "", "int32"),
        suffix=PurePath(name).suffix if kept else (".flac" if to_flac else ".wav"),
        blocks=_build_exact_reader(EXACT[subtype]) if subtype else _read_decoded,
        write=_build_writer(sound, subtype or "PCM_24", form, None if to_flac else container),
        changes=changes,
    )


def _build_writer(
    sound: Sound, subtype: str, form: bytes | None, wave: Container | None
) -> Callable[[Path, Iterator[Block], int], None]:
    """How to write WAV (as long as the source was, if it was one), or FLAC when `wave` is none."""
    rate, channels = sound.sample_rate, sound.channels
    if wave is None:
        coded = FLAC_SUBTYPES[subtype]
        return lambda target, blocks, _: _write_flac(target, blocks, rate, channels, coded)
    known = form or build_wave_format(rate=rate, channels=channels, subtype=subtype)
    long = wave is Container.RF64
    return lambda target, blocks, frames: write_wave(
        target, blocks, form=known, subtype=subtype, frames=frames, long=long
    )


def _find_exact_subtype(source: Path) -> str | None:
    """The subtype whose samples libsndfile hands out and takes back unchanged; else none."""
    try:
        subtype = soundfile.info(source).subtype
    except soundfile.LibsndfileError:
        return None
    return subtype if subtype in EXACT else None


def _build_exact_reader(dtype: str) -> Callable[[Path], Iterator[Block]]:
    def blocks(source: Path) -> Iterator[Block]:
        with soundfile.SoundFile(source) as file:
            yield from file.blocks(1 << 16, dtype=dtype, always_2d=True)

    return blocks


def _read_decoded(source: Path) -> Iterator[Block]:
    """Samples of lossy sound, rounded to 24 bits, which is finer than any such codec."""
    with open_sound(source) as reader:
        for block in reader.blocks():
            scaled = np.round(np.clip(block.astype(np.float64), -1.0, 1.0) * (1 << 23))
            limited = np.minimum(scaled, (1 << 23) - 1).astype(np.int32)
            yield np.left_shift(limited, 8)


def _write_flac(
    target: Path, blocks: Iterator[Block], rate: int, channels: int, subtype: str
) -> None:
    with soundfile.SoundFile(target, "w", rate, channels, subtype, format="FLAC") as file:
        for block in blocks:
            file.write(block)


def _round_to_spans(
    intervals: Iterable[tuple[float, float]], frames: int, rate: int
) -> list[tuple[int, int]]:
    """Half-open spans of frames, rounded outwards, in order, overlapping ones merged."""
    spans: list[tuple[int, int]] = []
    for onset, offset in sorted(intervals):
        if not (math.isfinite(onset) and math.isfinite(offset)) or not 0 <= onset < offset:
            raise IntervalError(
                f"From {onset} s to {offset} s is no interval: the onset has to be 0 or later and "
                "before the offset."
            )
        start, end = math.floor(onset * rate), min(frames, math.ceil(offset * rate))
        if start >= frames:
            raise IntervalError(
                f"The interval from {onset} s starts after the end of the sound, which is "
                f"{frames / rate:.3f} s long."
            )
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    if not spans:
        raise IntervalError("Name at least one interval to redact.")
    return spans


def _replace_spans(
    plan: _Plan, spans: Sequence[tuple[int, int]], method: Method
) -> Iterator[Block]:
    """The file's blocks, changed inside the spans and nowhere else."""
    position = 0
    for block in plan.blocks(plan.source):
        for start, stop in spans:
            first, last = max(start, position), min(stop, position + len(block))
            if first < last:
                inside = slice(first - position, last - position)
                block[inside] = _redact_samples(plan, block[inside], first, (start, stop), method)
        yield block
        position += len(block)


def _redact_samples(
    plan: _Plan, samples: Block, first: int, span: tuple[int, int], method: Method
) -> Block:
    """What stands in place of samples from frame `first` on, inside a span."""
    start, stop = span
    rate = plan.sound.sample_rate
    index = np.arange(first, first + len(samples))
    gain = _compute_gain(index, start, stop, max(1, round(FADE * rate)))
    scale = 1.0 if plan.dtype.startswith("float") else float(np.iinfo(plan.dtype).max)
    filler = scale * LEVEL * _build_filler(method, index, (index - start) / rate)
    mixed = samples.astype(np.float64) * gain[:, None] + (filler * (1.0 - gain))[:, None]
    return _cast_samples(mixed, plan.dtype)


def _compute_gain(
    index: NDArray[np.int64], start: int, stop: int, fade: int
) -> NDArray[np.float64]:
    """How much of the original stays: a raised cosine down to nothing at both ends."""
    fade = max(1, min(fade, (stop - start) // 2))
    distance = np.minimum(index - start, stop - 1 - index)
    faded = 0.5 + 0.5 * np.cos(np.pi * np.minimum(1.0, (distance + 1) / fade))
    return np.asarray(faded, np.float64)


def _build_filler(
    method: Method, index: NDArray[np.int64], seconds: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What is heard instead, between -1 and 1: the same however the file is cut into blocks."""
    if method is Method.BLEEP:
        return np.asarray(np.sin(2 * np.pi * BLEEP_HERTZ * seconds), np.float64)
    if method is Method.NOISE:
        return _make_noise(index)
    return np.zeros(len(index))


def _make_noise(index: NDArray[np.int64]) -> NDArray[np.float64]:
    """White noise between -1 and 1 that depends on the sample's number only (SplitMix64).

    Its level is fixed: noise that followed the envelope of the voice left words recognisable.
    """
    mixed = index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed.astype(np.float64) / 2**63 - 1.0


def _cast_samples(samples: NDArray[np.float64], dtype: str) -> Block:
    if dtype.startswith("float"):
        return samples.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.round(samples), limits.min, limits.max).astype(dtype)
