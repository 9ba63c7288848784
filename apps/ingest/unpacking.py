"""Streams that count what is read from them, and undo gzip, bzip2, xz and zstandard."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, cast

import pyarrow as pa

from apps.ingest.members import CHUNK_BYTES, MEBIBYTE, ArchiveTornError, ByteStream

# `xz -9` asks for 65 MiB; a header may ask for four gigabytes.
XZ_MEMORY = 128 * MEBIBYTE

UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException)


class CountingStream:
    """Reads a stream forward, with a look ahead; `position` counts the bytes handed out."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._ahead = b""
        self.position = 0

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (part := self._stream.read(size - len(self._ahead))):
            self._ahead += part
        return self._ahead[:size]

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            part, self._ahead = self._ahead + self._stream.read(), b""
        elif self._ahead:
            part, self._ahead = self._ahead[:size], self._ahead[size:]
        else:
            part = self._stream.read(size)
        self.position += len(part)
        return part

    @property
    def closed(self) -> bool:
        return False

    def close(self) -> None:
        """Arrow closes what it reads, but whoever opened the stream does that here."""


class XzStream:
    """Undoes xz within `XZ_MEMORY`, which `lzma.LZMAFile` cannot be told to keep."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._unpack = lzma.LZMADecompressor(memlimit=XZ_MEMORY)

    def read(self, size: int = CHUNK_BYTES, /) -> bytes:
        while not self._unpack.eof:
            packed = self._stream.read(CHUNK_BYTES) if self._unpack.needs_input else b""
            if self._unpack.needs_input and not packed:
                raise EOFError("the xz stream ends early")
            part = self._unpack.decompress(packed, size)
            if part:
                return part
        return b""


def _open_gzip(stream: ByteStream) -> ByteStream:
    return gzip.GzipFile(fileobj=cast("BinaryIO", stream))


def _open_bzip2(stream: ByteStream) -> ByteStream:
    return bz2.BZ2File(cast("BinaryIO", stream))


def _open_zstd(stream: ByteStream) -> ByteStream:
    opened: ByteStream = pa.CompressedInputStream(pa.PythonFile(stream, mode="r"), "zstd")
    return opened


_UNPACKERS: dict[bytes, Callable[[ByteStream], ByteStream]] = {
    b"\x1f\x8b": _open_gzip,
    b"BZh": _open_bzip2,
    b"\xfd7zXZ\x00": XzStream,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}


class ForwardFile:
    """Reads unpacked bytes in full and forward only, as a file that `tarfile` can use.

    Raises ArchiveTornError where unpacking fails. While `in_header` is set, one read is bounded:
    a header that claims gigabytes would otherwise be loaded as a whole.
    """

    HEADER_BYTES = MEBIBYTE

    def __init__(self, stream: ByteStream, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count
        self._position = 0
        self.in_header = True
        self.last = b""

    def tell(self) -> int:
        return self._position

    def seek(self, position: int) -> int:
        if position < self._position:
            raise ArchiveTornError(
                f"The archive is damaged: a header at byte {self._position} points backwards.",
                position=self._position,
            )
        while position > self._position and self.read(min(CHUNK_BYTES, position - self._position)):
            pass
        return self._position

    def read(self, size: int) -> bytes:
        if self.in_header and size > self.HEADER_BYTES:
            raise ArchiveTornError(
                f"The archive is damaged: a header at byte {self._position} claims {size} bytes.",
                position=self._position,
            )
        parts: list[bytes] = []
        left = size
        while left > 0 and (part := self._read_some(min(left, CHUNK_BYTES))):
            parts.append(part)
            left -= len(part)
        self.last = b"".join(parts)
        return self.last

    def _read_some(self, size: int) -> bytes:
        try:
            part = self._stream.read(size)
        except UNPACK_ERRORS as error:
            raise ArchiveTornError(
                f"The archive cannot be unpacked beyond byte {self._position} ({error}).",
                position=self._position,
            ) from error
        self._position += len(part)
        self._count(len(part))
        return part


def unpack_stream(stream: CountingStream) -> ByteStream:
    """Give the stream itself, or what it unpacks to if it begins like a packed one."""
    for start, unpack in _UNPACKERS.items():
        if stream.peek(len(start)) == start:
            return unpack(stream)
    return stream
