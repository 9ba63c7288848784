"""Reads the structure of audio files without decoding them: every byte is named."""

from collections.abc import Callable

from apps.privacy.containers.base import (
    Container,
    Layout,
    MalformedContainerError,
    Region,
    Role,
    Source,
)
from apps.privacy.containers.chunked import (
    W64_RIFF,
    WaveFormat,
    read_wave_format,
    walk_aiff,
    walk_caf,
    walk_w64,
    walk_wave,
)
from apps.privacy.containers.flac import walk_flac
from apps.privacy.containers.matroska import walk_matroska
from apps.privacy.containers.mp4 import walk_mp4
from apps.privacy.containers.mpeg import (
    adts_frame_size,
    mpeg_frame_size,
    starts_frames,
    walk_adts,
    walk_mpeg,
)
from apps.privacy.containers.ogg import walk_ogg

__all__ = [
    "Container",
    "Layout",
    "MalformedContainerError",
    "Region",
    "Role",
    "Source",
    "WaveFormat",
    "read_wave_format",
    "sniff",
    "walk",
]

WALKERS: dict[Container, Callable[[Source, Container], Layout]] = {
    Container.WAV: walk_wave,
    Container.RF64: walk_wave,
    Container.W64: walk_w64,
    Container.AIFF: walk_aiff,
    Container.CAF: walk_caf,
    Container.FLAC: walk_flac,
    Container.OGG: walk_ogg,
    Container.MP3: walk_mpeg,
    Container.AAC: walk_adts,
    Container.MP4: walk_mp4,
    Container.WEBM: walk_matroska,
    Container.MATROSKA: walk_matroska,
}


def sniff(source: Source) -> Container | None:
    """The container by its own first bytes; the file's name is not asked."""
    head = source.at(0, 64)
    if head[:4] in {b"RIFF", b"RIFX"} and head[8:12] == b"WAVE":
        return Container.WAV
    if head[:4] in {b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return Container.RF64
    if head[:16] == W64_RIFF:
        return Container.W64
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return Container.AIFF
    simple = {b"caff": Container.CAF, b"fLaC": Container.FLAC, b"OggS": Container.OGG}
    if head[:4] in simple:
        return simple[head[:4]]
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"skip", b"free"}:
        return Container.MP4
    if head[:4] == b"\x1aE\xdf\xa3":
        return Container.WEBM if b"webm" in head else Container.MATROSKA
    return _sniff_frames(source)


def _sniff_frames(source: Source) -> Container | None:
    position = 0
    while (head := source.at(position, 10))[:3] == b"ID3" and len(head) == 10:
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0)))
        position += 10 + size + (10 if head[5] & 0x10 else 0)
    if source.at(position, 4) == b"fLaC":
        return Container.FLAC
    if starts_frames(source, position, adts_frame_size):
        return Container.AAC
    if starts_frames(source, position, mpeg_frame_size):
        return Container.MP3
    return None


def walk(source: Source) -> Layout | None:
    """All regions of the file, or nothing when it is none of the known containers."""
    container = sniff(source)
    return None if container is None else WALKERS[container](source, container)
