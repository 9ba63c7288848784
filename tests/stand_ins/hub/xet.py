"""The two formats of a Xet upload: xorbs (compressed chunks) and shards (which chunks make a file).

A xorb is a run of chunks, each `u8 version, u24le compressed, u8 scheme, u24le raw` and its bytes.
A shard is a 48-byte header, then for each file a 48-byte record, its segments, and the file's
sha256.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import lz4.frame

from tests.stand_ins.hub.store import Store
from tests.stand_ins.hub.web import Refusal

RECORD = 48
END_OF_FILES = b"\xff" * 32
HAS_VERIFICATION = 1 << 31
HAS_SHA256 = 1 << 30


@dataclass(frozen=True)
class Segment:
    xorb: str
    first: int
    last: int


def hash_name(raw: bytes) -> str:
    """Xet prints a hash as four little-endian 64-bit words."""
    return b"".join(raw[i : i + 8][::-1] for i in range(0, 32, 8)).hex()


def xorb_chunks(content: bytes) -> Iterator[bytes]:
    at = 0
    while at + 8 <= len(content) and content[at : at + 7] != b"XETBLOB":
        packed = int.from_bytes(content[at + 1 : at + 4], "little")
        raw = int.from_bytes(content[at + 5 : at + 8], "little")
        chunk = _unpack(content[at + 4], content[at + 8 : at + 8 + packed])
        if content[at] != 0 or len(chunk) != raw:
            raise Refusal(400, "Not a xorb: a chunk does not unpack to its length")
        yield chunk
        at += 8 + packed


def _unpack(scheme: int, packed: bytes) -> bytes:
    if scheme == 0:
        return packed
    unpacked: bytes = lz4.frame.decompress(packed)
    return _ungroup(unpacked) if scheme == 2 else unpacked


def _ungroup(grouped: bytes) -> bytes:
    """Put back bytes that were grouped by their position in a 4-byte word."""
    out = bytearray(len(grouped))
    at = 0
    for lane in range(4):
        count = (len(grouped) + 3 - lane) // 4
        out[lane::4] = grouped[at : at + count]
        at += count
    return bytes(out)


@lru_cache(maxsize=4)
def _chunks_of(path: Path) -> tuple[bytes, ...]:
    return tuple(xorb_chunks(path.read_bytes()))


def shard_files(shard: bytes) -> Iterator[tuple[str, list[Segment]]]:
    """Yield the sha256 and the segments of each file that a shard describes."""
    at = RECORD
    while shard[at : at + 32] != END_OF_FILES:
        flags, count = struct.unpack_from("<II", shard, at + 32)
        at += RECORD
        segments = []
        for _ in range(count):
            first, last = struct.unpack_from("<II", shard, at + 40)
            segments.append(Segment(hash_name(shard[at : at + 32]), first, last))
            at += RECORD
        if flags & HAS_VERIFICATION:
            at += RECORD * count
        if not flags & HAS_SHA256:
            raise Refusal(400, "A file without its sha256")
        yield hash_name(shard[at : at + 32]), segments
        at += RECORD


def accept_shard(store: Store, shard: bytes) -> list[str]:
    """Write the files of a shard, each checked against its sha256; return their names."""
    accepted = []
    for sha256, segments in shard_files(shard):
        if not store.has_large(sha256):
            store.put_large(sha256, _content(store, segments))
        accepted.append(sha256)
    return accepted


def _content(store: Store, segments: list[Segment]) -> Iterator[bytes]:
    for segment in segments:
        path = store.folder / "xorbs" / segment.xorb
        if not path.exists():
            raise Refusal(400, f"Unknown xorb {segment.xorb}")
        yield from islice(_chunks_of(path), segment.first, segment.last)
