"""Reads the structure of audio files without decoding them: every byte is named."""

from collections.abc import Callable

from apps.audio.containers.base import (
    Container,
    EndsEarlyError,
    Layout,
    MalformedContainerError,
    Region,
    Role,
    Source,
)
from apps.audio.containers.chunked import (
    W64_RIFF,
    WaveFormat,
    read_wave_format,
    walk_aiff,
    walk_caf,
    walk_w64,
    walk_wave,
)
from apps.audio.containers.flac import walk_flac
from apps.audio.containers.id3 import id3_size
from apps.audio.containers.matroska import walk_matroska
from apps.audio.containers.mp4 import walk_mp4
from apps.audio.containers.mpeg import (
    adts_frame_size,
    mpeg_frame_size,
    starts_frames,
    walk_adts,
    walk_mpeg,
)
from apps.audio.containers.ogg import walk_ogg

__all__ = [
    "Container",
    "EndsEarlyError",
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


# (offset, bytes) pairs that have to be there, in the order in which they are tried.
SIGNATURES: tuple[tuple[Container, tuple[tuple[int, bytes], ...]], ...] = (
    (Container.WAV, ((0, b"RIFF"), (8, b"WAVE"))),
    (Container.WAV, ((0, b"RIFX"), (8, b"WAVE"))),
    (Container.RF64, ((0, b"RF64"), (8, b"WAVE"))),
    (Container.RF64, ((0, b"BW64"), (8, b"WAVE"))),
    (Container.W64, ((0, W64_RIFF),)),
    (Container.AIFF, ((0, b"FORM"), (8, b"AIFF"))),
    (Container.AIFF, ((0, b"FORM"), (8, b"AIFC"))),
    (Container.CAF, ((0, b"caff"),)),
    (Container.FLAC, ((0, b"fLaC"),)),
    (Container.OGG, ((0, b"OggS"),)),
    *((Container.MP4, ((4, name),)) for name in (b"ftyp", b"moov", b"mdat", b"wide", b"skip")),
)
EBML_MAGIC = b"\x1aE\xdf\xa3"


def sniff(source: Source) -> Container | None:
    """The container by its own first bytes; the file's name is not asked."""
    head = source.at(0, 64)
    if head.startswith(EBML_MAGIC):
        return Container.WEBM if b"webm" in head else Container.MATROSKA
    for container, parts in SIGNATURES:
        if all(head.startswith(raw, offset) for offset, raw in parts):
            return container
    return _sniff_frames(source)


def _sniff_frames(source: Source) -> Container | None:
    """Formats that start with a tag, or with sound."""
    position = 0
    while size := id3_size(source, position):
        position += size
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
