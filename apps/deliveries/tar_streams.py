"""A tar as a stream that can begin anywhere: its length is known before a byte is read.

The bytes follow from names, sizes and contents alone: every file is 0644, of nobody, of 1970.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
PIECE = 256 * 1024
# Longer names and larger files take a header of more blocks.
_PLAIN_NAME = tarfile.LENGTH_NAME
_PLAIN_SIZE = 8**11

# Opens at the first number of bytes, to read the second: what comes after may follow.
OpenSpan = Callable[[int, int], IO[bytes]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the tar; size in bytes."""

    name: str
    size: int
    open_span: OpenSpan


class EntryTornError(OSError):
    """A file ended before its announced size did: the stream has to break off."""


def measure_room(name: str, size: int) -> int:
    """How many bytes of the tar the file takes, with its header."""
    return _measure_header(name, size) + size + -size % BLOCK


def stream_tar(entries: Iterable[Entry], *, start: int = 0, length: int) -> Iterator[bytes]:
    """Yield `length` bytes of the tar from `start`; opens only the files that lie in them."""
    left = length
    skip = start
    for piece in _read_pieces(entries, skip):
        taken = piece[:left] if len(piece) > left else piece
        left -= len(taken)
        yield taken
        if not left:
            return


def _read_pieces(entries: Iterable[Entry], skip: int) -> Iterator[bytes]:
    for entry in entries:
        room = measure_room(entry.name, entry.size)
        if skip >= room:
            skip -= room
            continue
        yield from _read_file(entry, skip)
        skip = 0
    yield END[skip:]


def _read_file(entry: Entry, skip: int) -> Iterator[bytes]:
    header_size = _measure_header(entry.name, entry.size)
    if skip < header_size:
        yield _build_header(entry.name, entry.size)[skip:]
    begin = max(0, skip - header_size)
    if begin < entry.size:
        yield from _read_content(entry, begin)
    padding = -entry.size % BLOCK
    beyond = max(0, begin - entry.size)
    if padding > beyond:
        yield bytes(padding - beyond)


def _read_content(entry: Entry, begin: int) -> Iterator[bytes]:
    left = entry.size - begin
    with entry.open_span(begin, left) as file:
        while left:
            piece = file.read(min(PIECE, left))
            if not piece:
                raise EntryTornError(f"{entry.name} ended {left} bytes too early.")
            left -= len(piece)
            yield piece


def _measure_header(name: str, size: int) -> int:
    if len(name) <= _PLAIN_NAME and size < _PLAIN_SIZE and name.isascii():
        return BLOCK
    return len(_build_header(name, size))


def _build_header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
