"""Writes WAV files, and any known container again with nothing in it but its sound."""

import struct
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.audio.containers.base import Container, Layout, Region, Role, Source
from apps.audio.containers.chunks import W64_SUFFIX
from apps.audio.containers.ogg import strip_ogg_comments
from apps.audio.containers.patching import find_matroska_patches, find_mp4_patches
from datasets_catalog.errors import EarmarkError

COPY_STEP = 1 << 20
LARGEST_RIFF = (1 << 32) - 1


class NotStrippableError(EarmarkError):
    """The container is too unusual to be written again without risk to the sound."""

    code: ClassVar[str] = "privacy.not_strippable"


class WaveSubtype(NamedTuple):
    """How samples lie in a WAV file: `fmt ` tag, bytes each."""

    tag: int
    width: int


WAVE_SUBTYPES = {
    "PCM_U8": WaveSubtype(1, 1),
    "PCM_S8": WaveSubtype(1, 1),
    "PCM_16": WaveSubtype(1, 2),
    "PCM_24": WaveSubtype(1, 3),
    "PCM_32": WaveSubtype(1, 4),
    "FLOAT": WaveSubtype(3, 4),
    "DOUBLE": WaveSubtype(3, 8),
}


def build_wave_format(*, rate: int, channels: int, subtype: str) -> bytes:
    """The payload of a `fmt ` chunk."""
    tag, width = WAVE_SUBTYPES[subtype]
    block = channels * width
    return struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, 8 * width)


def write_wave(
    target: Path,
    blocks: Iterable[NDArray[Any]],
    *,
    form: bytes,
    subtype: str,
    frames: int,
    long: bool = False,
) -> None:
    """Write a WAV file of a `fmt ` payload and `frames` frames, as libsndfile hands them out.

    Becomes RF64 (EBU Tech 3306) when that is asked for or it is larger than RIFF can say.
    """
    size = frames * int.from_bytes(form[12:14], "little")
    rest = b"fmt " + struct.pack("<I", len(form)) + form
    total = 4 + len(rest) + 8 + size + (size & 1)
    with target.open("wb") as file:
        if total <= LARGEST_RIFF and not long:
            file.write(b"RIFF" + struct.pack("<I", total) + b"WAVE" + rest)
            file.write(b"data" + struct.pack("<I", size))
        else:
            unknown = struct.pack("<I", LARGEST_RIFF)
            sizes = struct.pack("<IQQQI", 28, total + 36, size, frames, 0)
            file.write(b"RF64" + unknown + b"WAVE" + b"ds64" + sizes + rest + b"data" + unknown)
        file.writelines(_pack_samples(block, subtype) for block in blocks)
        file.write(bytes(size & 1))


def _pack_samples(block: NDArray[Any], subtype: str) -> bytes:
    """Samples as they lie in the file; narrower ones come at the top of wider integers."""
    if subtype in {"PCM_U8", "PCM_S8"}:
        return ((block >> 8) + 128).astype("u1").tobytes()
    little = np.ascontiguousarray(block.astype(block.dtype.newbyteorder("<"), copy=False))
    if subtype == "PCM_24":
        return little.view("u1").reshape(-1, 4)[:, 1:].tobytes()
    return little.tobytes()


def _apply_patches(file: BinaryIO, patches: Iterable[tuple[int, bytes]]) -> None:
    for offset, raw in patches:
        file.seek(offset)
        file.write(raw)


def strip_container(source: Source, layout: Layout, target: Path) -> tuple[tuple[str, int], ...]:
    """Write the file again without anything but its sound and the structure it needs.

    Returns the names and sizes (bytes) of the parts that are gone. Coded sound is copied. The same
    input gives the same bytes. Raises `NotStrippableError`.
    """
    with target.open("wb") as file:
        STRIPPERS[layout.container](source, layout, file)
    gone = layout.list_regions(Role.METADATA, Role.FOREIGN)
    return tuple((region.name.strip(), region.size) for region in gone)


def _copy_bytes(source: Source, file: BinaryIO, offset: int, size: int) -> None:
    end = offset + size
    starts = range(offset, end, COPY_STEP)
    file.writelines(source.at(start, min(COPY_STEP, end - start)) for start in starts)


class _Chunking(NamedTuple):
    """How a chunked container writes: what to keep, chunk headers, alignment, and its head."""

    keep: frozenset[str]
    header: Callable[[str, int], bytes]
    align: int
    head: Callable[[int], bytes]


def _strip_chunks(source: Source, layout: Layout, file: BinaryIO, how: _Chunking) -> None:
    kept = list(_select_needed_regions(source, layout, how.keep))
    file.write(bytes(len(how.head(0))))
    for region in kept:
        file.write(how.header(region.name, region.size))
        _copy_bytes(source, file, region.offset, region.size)
        file.write(bytes(-file.tell() % how.align))
    _apply_patches(file, [(0, how.head(file.tell()))])


def _select_needed_regions(
    source: Source, layout: Layout, keep: frozenset[str]
) -> Iterator[Region]:
    seen: set[str] = set()
    for region in layout.regions:
        name = region.name
        # A format chunk that is too long is kept up to its own length; of the rest nothing is.
        hides_something = region.role is Role.METADATA and name != "fmt "
        if name not in keep or name in seen or hides_something:
            continue
        seen.add(name)
        size = region.size
        if name == "fmt " and size >= 18:
            extra = source.number(region.offset + 16, 2, big=source.at(0, 4) == b"RIFX")
            size = 18 + extra if 18 + extra <= size else 16
        yield region._replace(size=size)
    if not layout.list_regions(Role.SOUND) or not seen & {"fmt ", "COMM", "desc"}:
        raise NotStrippableError(
            "The file has no readable description of its sound, so it cannot be written again. "
            "Export it anew from the original."
        )


def _strip_riff(source: Source, layout: Layout, file: BinaryIO) -> None:
    order = ">" if source.at(0, 4) == b"RIFX" else "<"
    magic = source.at(0, 4)

    def header(name: str, size: int) -> bytes:
        return name.encode() + struct.pack(f"{order}I", size)

    def head(size: int) -> bytes:
        return magic + struct.pack(f"{order}I", max(0, size - 8)) + b"WAVE"

    _strip_chunks(source, layout, file, _Chunking(WAVE_PARTS, header, 2, head))


def _strip_rf64(source: Source, layout: Layout, file: BinaryIO) -> None:
    data = layout.list_regions(Role.SOUND)[0].size
    magic = source.at(0, 4)

    def header(name: str, size: int) -> bytes:
        return name.encode() + struct.pack("<I", LARGEST_RIFF if name == "data" else size)

    def head(size: int) -> bytes:
        sizes = struct.pack("<IQQQI", 28, max(0, size - 8), data, 0, 0)
        return magic + struct.pack("<I", LARGEST_RIFF) + b"WAVE" + b"ds64" + sizes

    _strip_chunks(source, layout, file, _Chunking(WAVE_PARTS, header, 2, head))


def _strip_w64(source: Source, layout: Layout, file: BinaryIO) -> None:
    def header(name: str, size: int) -> bytes:
        return name.encode() + W64_SUFFIX + struct.pack("<Q", size + 24)

    def head(size: int) -> bytes:
        return source.at(0, 16) + struct.pack("<Q", size) + source.at(24, 16)

    _strip_chunks(source, layout, file, _Chunking(WAVE_PARTS, header, 8, head))


def _strip_aiff(source: Source, layout: Layout, file: BinaryIO) -> None:
    def header(name: str, size: int) -> bytes:
        return name.encode() + struct.pack(">I", size)

    def head(size: int) -> bytes:
        return b"FORM" + struct.pack(">I", max(0, size - 8)) + source.at(8, 4)

    _strip_chunks(source, layout, file, _Chunking(AIFF_PARTS, header, 2, head))


def _strip_caf(source: Source, layout: Layout, file: BinaryIO) -> None:
    def header(name: str, size: int) -> bytes:
        return name.encode() + struct.pack(">Q", size)

    _strip_chunks(source, layout, file, _Chunking(CAF_PARTS, header, 1, lambda _: source.at(0, 8)))


def _strip_flac(source: Source, layout: Layout, file: BinaryIO) -> None:
    blocks = [
        region
        for region in layout.list_regions(Role.STRUCTURE)
        if region.name in {"STREAMINFO", "SEEKTABLE"}
    ]
    if [region.name for region in blocks[:1]] != ["STREAMINFO"]:
        raise NotStrippableError(
            "The file has no readable description of its sound, so it cannot be written again. "
            "Export it anew from the original."
        )
    file.write(b"fLaC")
    for index, region in enumerate(blocks):
        last = 0x80 if index == len(blocks) - 1 else 0
        kind = 0 if region.name == "STREAMINFO" else 3
        file.write(bytes([last | kind]) + region.size.to_bytes(3, "big"))
        _copy_bytes(source, file, region.offset, region.size)
    _copy_sound(source, layout, file)


def _copy_sound(source: Source, layout: Layout, file: BinaryIO) -> None:
    for region in layout.list_regions(Role.SOUND):
        _copy_bytes(source, file, region.offset, region.size)


def _strip_ogg(source: Source, layout: Layout, file: BinaryIO) -> None:
    file.writelines(strip_ogg_comments(source))


def _blank_in_place(
    patches_of: Callable[[Source, Layout], Iterator[tuple[int, bytes]]],
) -> Callable[[Source, Layout, BinaryIO], None]:
    """Offsets into the file are everywhere in it: blank the parts where they are, cut the tail."""

    def strip(source: Source, layout: Layout, file: BinaryIO) -> None:
        tail = [r.offset for r in layout.regions if r.name == "trailing bytes"]
        _copy_bytes(source, file, 0, min(tail, default=source.size))
        _apply_patches(file, patches_of(source, layout))

    return strip


WAVE_PARTS = frozenset({"fmt ", "fact", "data"})
AIFF_PARTS = frozenset({"COMM", "FVER", "SSND"})
CAF_PARTS = frozenset({"desc", "chan", "kuki", "pakt", "data"})
STRIPPERS: dict[Container, Callable[[Source, Layout, BinaryIO], None]] = {
    Container.WAV: _strip_riff,
    Container.RF64: _strip_rf64,
    Container.W64: _strip_w64,
    Container.AIFF: _strip_aiff,
    Container.CAF: _strip_caf,
    Container.FLAC: _strip_flac,
    Container.OGG: _strip_ogg,
    Container.MP3: _copy_sound,
    Container.AAC: _copy_sound,
    Container.MP4: _blank_in_place(find_mp4_patches),
    Container.WEBM: _blank_in_place(find_matroska_patches),
    Container.MATROSKA: _blank_in_place(find_matroska_patches),
}
