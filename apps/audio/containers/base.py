"""What a container walker says of a file: which bytes are sound, structure, or something else."""

import mmap
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, NamedTuple, Self

from datasets_catalog.errors import EarmarkError

MOST_REGIONS = 20_000


class Container(StrEnum):
    """The file formats Earmark takes in."""

    WAV = "wav"
    RF64 = "rf64"
    W64 = "w64"
    AIFF = "aiff"
    CAF = "caf"
    FLAC = "flac"
    OGG = "ogg"
    MP3 = "mp3"
    AAC = "aac"
    MP4 = "mp4"
    WEBM = "webm"
    MATROSKA = "matroska"


class Role(StrEnum):
    """What a stretch of bytes is there for."""

    SOUND = "sound"
    STRUCTURE = "structure"
    METADATA = "metadata"
    PADDING = "padding"
    FOREIGN = "foreign"


class Region(NamedTuple):
    """A stretch of the file; `content` is there when it is not one contiguous run of bytes."""

    role: Role
    name: str
    offset: int
    size: int
    content: bytes | None = None


class MalformedContainerError(EarmarkError):
    """The structure of the file contradicts itself."""

    code: ClassVar[str] = "audio.malformed"


class EndsEarlyError(MalformedContainerError):
    """The file ends inside its own structure."""

    code = "audio.ends_early"


@dataclass(slots=True)
class Layout:
    """All of a file, in order. Sizes and offsets are bytes.

    `missing` is what the headers promise beyond the end of the file; `streams` counts audio,
    and `frames` are the samples the walker could count without decoding.
    """

    container: Container
    size: int
    regions: list[Region] = field(default_factory=list)
    missing: int = 0
    streams: int = 1
    frames: int | None = None

    def add(
        self, role: Role, name: str, offset: int, size: int, content: bytes | None = None
    ) -> None:
        last = self.regions[-1] if self.regions else None
        if last and last.role is role is Role.SOUND and last.offset + last.size == offset:
            self.regions[-1] = last._replace(size=last.size + size)
            return
        if len(self.regions) == MOST_REGIONS:
            raise MalformedContainerError(
                f"The file is cut into more than {MOST_REGIONS} parts, as no recorder would do. "
                "Export it again as WAV or FLAC."
            )
        self.regions.append(Region(role, name, offset, size, content))

    def list_regions(self, *roles: Role) -> list[Region]:
        return [region for region in self.regions if region.role in roles]

    def lay_padding(self, source: "Source", name: str, offset: int, size: int) -> None:
        """Padding is only padding when it is all zeros: otherwise it can hide anything."""
        role = Role.PADDING if source.is_zero(offset, size) else Role.METADATA
        self.add(role, name, offset, size)

    def lay_rest(self, source: "Source", offset: int) -> None:
        """Whatever lies after the end of the container."""
        size = self.size - offset
        if size <= 0:
            return
        role = Role.PADDING if source.is_zero(offset, size) else Role.FOREIGN
        self.add(role, "trailing bytes", offset, size)


class Source:
    """Read-only bytes of a file by offset, mapped rather than read when it is large."""

    SMALL: ClassVar[int] = 1 << 20
    STEP: ClassVar[int] = 1 << 20

    def __init__(self, path: Path) -> None:
        self._file: IO[bytes] = path.open("rb", buffering=0)
        self.size = self._file.seek(0, 2)
        self._file.seek(0)
        self._map: mmap.mmap | None = None
        if self.size <= self.SMALL:
            self.view: bytes | mmap.mmap = self._file.read(self.size)
            self.size = len(self.view)
        else:
            self._map = mmap.mmap(self._file.fileno(), self.size, access=mmap.ACCESS_READ)
            self.view = self._map

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._map is not None:
            self._map.close()
        self._file.close()

    def at(self, offset: int, size: int) -> bytes:
        """Up to `size` bytes from `offset`; fewer at the end of the file."""
        return self.view[offset : offset + size]

    def number(self, offset: int, size: int, *, big: bool = True) -> int:
        """An unsigned number; raises when the file ends inside it."""
        raw = self.at(offset, size)
        if len(raw) < size:
            raise EndsEarlyError(
                f"The file ends at byte {self.size}, inside a number at byte {offset}. "
                "It was cut off: fetch or export it again."
            )
        return int.from_bytes(raw, "big" if big else "little")

    def is_zero(self, offset: int, size: int) -> bool:
        end = min(offset + size, self.size)
        return all(
            not self.at(start, min(self.STEP, end - start)).strip(b"\0")
            for start in range(offset, end, self.STEP)
        )

    def content(self, region: Region, limit: int = 1 << 24) -> bytes:
        """The bytes of a region, at most `limit` of them."""
        if region.content is not None:
            return region.content[:limit]
        return self.at(region.offset, min(region.size, limit))


class MemorySource(Source):
    """Bytes that are in memory already, read like a file."""

    def __init__(self, raw: bytes) -> None:
        self._file = BytesIO(raw)
        self._map = None
        self.view = raw
        self.size = len(raw)
