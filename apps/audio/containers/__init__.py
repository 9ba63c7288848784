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
from apps.audio.containers.chunks import (
    W64_RIFF,
    WaveFormat,
    read_wave_format,
    walk_aiff,
    walk_caf,
    walk_w64,
    walk_wave,
)
from apps.audio.containers.flac import walk_flac
from apps.audio.containers.id3 import measure_id3
from apps.audio.containers.matroska import walk_matroska
from apps.audio.containers.mp4 import walk_mp4
from apps.audio.containers.mpeg import (
    has_frames_at,
    measure_adts_frame,
    measure_mpeg_frame,
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
    "detect_container",
    "read_wave_format",
    "walk_container",
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


def detect_container(source: Source) -> Container | None:
    """The container by its own first bytes; the file's name is not asked."""
    head = source.at(0, 64)
    if head.startswith(EBML_MAGIC):
        return Container.WEBM if b"webm" in head else Container.MATROSKA
    for container, parts in SIGNATURES:
        if all(head.startswith(raw, offset) for offset, raw in parts):
            return container
    return _detect_frames(source)


def _detect_frames(source: Source) -> Container | None:
    """Formats that start with a tag, or with sound."""
    position = 0
    while size := measure_id3(source, position):
        position += size
    if source.at(position, 4) == b"fLaC":
        return Container.FLAC
    if has_frames_at(source, position, measure_adts_frame):
        return Container.AAC
    if has_frames_at(source, position, measure_mpeg_frame):
        return Container.MP3
    return None


def walk_container(source: Source) -> Layout | None:
    """All regions of the file, or nothing when it is none of the known containers."""
    container = detect_container(source)
    return None if container is None else WALKERS[container](source, container)
