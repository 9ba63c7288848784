"""What Xet's clients send: xorbs (packed chunks) and shards (which chunks make which file).

A xorb is a run of chunks, each with a header of eight bytes: version, packed size (24 bits),
scheme, raw size (24 bits). A shard is a header, then records of 48 bytes; all is little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import lz4.frame
from blake3 import blake3

from datasets_catalog.errors import InvalidError

RECORD = 48
HEADER = 8
# Clients cut chunks of at most 128 KiB and pack at most 64 MiB of them; there is room to spare.
CHUNK_BYTES = 1024 * 1024
XORB_BYTES = 80 * 1024 * 1024
XORB_CHUNKS = 65_536
SHARD_BYTES = 64 * 1024 * 1024
SHARD_FILES = 20_000
FOOTER = b"XETBLOB"

_STORED, _LZ4, _GROUPED_LZ4 = 0, 1, 2
_END_OF_FILES = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30
# The keys under which Xet hashes chunks, and the nodes above them.
_CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_NODE_CHILDREN = 4
_CHILDREN_LEAST, _CHILDREN_MOST = 2, 2 * _NODE_CHILDREN + 1


class XetInvalidError(InvalidError):
    """What came is no xorb or no shard, or its hashes are not those of its bytes."""

    code = "push.xet_invalid"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk of a xorb: where its packed bytes lie, how they are packed, and its raw size."""

    at: int
    packed: int
    scheme: int
    size: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Chunks `first` to `last` (not included) of a xorb; `size` is that of all of them, raw."""

    xorb: str
    first: int
    last: int
    size: int


@dataclass(frozen=True, slots=True)
class ShardFile:
    """A file as a shard describes it."""

    sha256: str
    segments: tuple[Segment, ...]

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self.segments)


def format_hash(raw: bytes) -> str:
    """A hash as Xet writes it: four 64-bit words, each in hex."""
    return b"".join(raw[at : at + 8][::-1] for at in range(0, 32, 8)).hex()


def hash_chunk(content: bytes) -> bytes:
    return blake3(content, key=_CHUNK_KEY).digest()


def read_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """The chunks of a xorb by their headers, none of them unpacked; raises XetInvalidError."""
    at = raw = 0
    for _ in range(XORB_CHUNKS + 1):
        file.seek(at)
        header = file.read(HEADER)
        if not header or header.startswith(FOOTER[: len(header)]):
            return
        if len(header) < HEADER or header[0] != 0:
            break
        chunk = Chunk(
            at + HEADER, int.from_bytes(header[1:4], "little"), header[4], _read_raw_size(header)
        )
        at = chunk.at + chunk.packed
        raw += chunk.size
        if not 0 < chunk.size <= CHUNK_BYTES or chunk.packed > 2 * CHUNK_BYTES or raw > XORB_BYTES:
            raise XetInvalidError("A chunk, or the whole xorb, is larger than Xet allows.")
        yield chunk
    raise XetInvalidError("This is no xorb: what should begin a chunk does not.")


def _read_raw_size(header: bytes) -> int:
    return int.from_bytes(header[5:8], "little")


def unpack_chunk(file: BinaryIO, chunk: Chunk) -> bytes:
    """The bytes of one chunk, never more than its header says; raises XetInvalidError."""
    file.seek(chunk.at)
    packed = file.read(chunk.packed)
    if len(packed) != chunk.packed:
        raise XetInvalidError("The xorb ends within a chunk.")
    if chunk.scheme == _STORED:
        content = packed
    elif chunk.scheme in (_LZ4, _GROUPED_LZ4):
        content = _decompress_chunk(packed, chunk.size)
    else:
        raise XetInvalidError(f"A chunk is packed by a scheme ({chunk.scheme}) unknown here.")
    if len(content) != chunk.size:
        raise XetInvalidError("A chunk does not unpack to the size that its header says.")
    return _ungroup_bytes(content) if chunk.scheme == _GROUPED_LZ4 else content


def _decompress_chunk(packed: bytes, size: int) -> bytes:
    opened = lz4.frame.LZ4FrameDecompressor()
    try:
        # One byte more than there may be tells a frame that goes on; nothing beyond is unpacked.
        content: bytes = opened.decompress(packed, max_length=size + 1)
    except (RuntimeError, ValueError, EOFError) as problem:
        raise XetInvalidError("A chunk does not unpack: its LZ4 frame is broken.") from problem
    return content


def _ungroup_bytes(grouped: bytes) -> bytes:
    """Bytes that were sorted by their place in a word of four, put back."""
    content = bytearray(len(grouped))
    at = 0
    for lane in range(4):
        count = (len(grouped) + 3 - lane) // 4
        content[lane::4] = grouped[at : at + count]
        at += count
    return bytes(content)


def compute_xorb_name(file: BinaryIO) -> str:
    """What the xorb is called by its chunks, every one unpacked and hashed.

    Raises XetInvalidError.
    """
    leaves = [(hash_chunk(unpack_chunk(file, chunk)), chunk.size) for chunk in read_chunks(file)]
    if not leaves:
        raise XetInvalidError("A xorb holds at least one chunk.")
    return format_hash(_compute_root(leaves))


def _compute_root(nodes: Sequence[tuple[bytes, int]]) -> bytes:
    """The hash above hashes, by a tree whose shape depends on the hashes themselves."""
    level = list(nodes)
    while len(level) > 1:
        above, at = [], 0
        while at < len(level):
            count = _count_children(level, at)
            above.append(_hash_parent(level[at : at + count]))
            at += count
        level = above
    return level[0][0]


def _count_children(level: Sequence[tuple[bytes, int]], at: int) -> int:
    """How many nodes from `at` on have one parent."""
    most = min(_CHILDREN_MOST, len(level) - at)
    for count in range(_CHILDREN_LEAST, most):
        word = int.from_bytes(level[at + count][0][24:], "little")
        if word % _NODE_CHILDREN == 0:
            return count + 1
    return most


def _hash_parent(nodes: Sequence[tuple[bytes, int]]) -> tuple[bytes, int]:
    text = "".join(f"{format_hash(digest)} : {size}\n" for digest, size in nodes)
    return blake3(text.encode(), key=_NODE_KEY).digest(), sum(size for _, size in nodes)


def read_shard_files(shard: bytes) -> Iterator[ShardFile]:
    """The files that a shard describes; raises XetInvalidError."""
    at = RECORD
    for _ in range(SHARD_FILES + 1):
        name, flags, count = _unpack_fields("<32sII", shard, at)
        at += RECORD
        if name == _END_OF_FILES:
            return
        segments = tuple(_read_segment(shard, at + RECORD * number) for number in range(count))
        at += RECORD * count
        if flags & _HAS_VERIFICATION:
            at += RECORD * count
        if not flags & _HAS_SHA256:
            raise XetInvalidError("A file of the shard comes without its SHA-256.")
        (digest,) = _unpack_fields("<32s", shard, at)
        at += RECORD
        yield ShardFile(format_hash(digest), segments)
    raise XetInvalidError(f"A shard describes at most {SHARD_FILES} files.")


def _read_segment(shard: bytes, at: int) -> Segment:
    xorb, _, size, first, last = _unpack_fields("<32sIIII", shard, at)
    if not first < last:
        raise XetInvalidError("A file of the shard has a segment without chunks.")
    return Segment(format_hash(xorb), first, last, size)


def _unpack_fields(layout: str, shard: bytes, at: int) -> tuple[Any, ...]:
    try:
        return struct.unpack_from(layout, shard, at)
    except struct.error as problem:
        raise XetInvalidError("The shard ends within a record.") from problem
