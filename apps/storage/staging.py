"""Bytes on their way in: hashed once, on the local disk, without a name in the store yet."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO, Protocol

from apps.storage.errors import BlobMismatchError

CHUNK = 1024 * 1024
READ_ONLY = 0o444


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Digest:
    md5: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class StagedFile:
    digest: Digest
    path: str


def digest_bytes(content: bytes) -> Digest:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Digest(md5, hashlib.sha256(content).hexdigest(), len(content))


def digest_stream(
    stream: Readable, *, into: IO[bytes] | None = None, limit: int | None = None
) -> Digest:
    """Read `stream` to its end once, copying it `into` a file when one is given.

    Raises BlobMismatchError as soon as more than `limit` bytes have come.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    sha256 = hashlib.sha256()
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if limit is not None and size > limit:
            raise BlobMismatchError(
                f"More than the announced {limit} bytes arrived; check the file and send it again.",
                expected_size=limit,
            )
        md5.update(chunk)
        sha256.update(chunk)
        if into is not None:
            into.write(chunk)
    return Digest(md5.hexdigest(), sha256.hexdigest(), size)


class Staging:
    """A local folder; files in it are read-only (0444 less the umask) and never looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # One random name per user of the folder and a count: a uuid per file is not free.
        token = uuid.uuid4().hex
        self._names = (f"{folder}/{token}-{number}" for number in count())

    def stage(self, stream: Readable, *, limit: int | None = None) -> StagedFile:
        """Write the stream and flush it to the disk."""
        name, handle = self._create()
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                digest = digest_stream(stream, into=file, limit=limit)
                file.flush()
                # Before the row that names it: after a loss of power no row may speak of bytes that
                # are not there.
                os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return StagedFile(digest, name)

    def stage_bytes(self, content: bytes) -> str:
        """Write without flushing: `Place.flush` makes many of these durable at once."""
        name, handle = self._create()
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(handle, left) :]
        finally:
            os.close(handle)
        return name

    def sweep(self, *, older_than: float) -> int:
        """Remove what crashes left, untouched for `older_than` seconds; returns how many."""
        limit = time.time() - older_than
        removed = 0
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            try:
                if path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed

    def _create(self) -> tuple[str, int]:
        name = next(self._names)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            return name, os.open(name, flags, READ_ONLY)
        except FileNotFoundError:
            self.folder.mkdir(parents=True, exist_ok=True)
            return name, os.open(name, flags, READ_ONLY)
