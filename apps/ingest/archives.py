"""What is inside an archive, member by member: tar as a stream, zip by its table of contents."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from apps.ingest.members import (
    CHUNK_BYTES,
    ArchiveLimitError,
    ArchiveUnknownError,
    Gate,
    Limits,
    Member,
    MemberStream,
    Refused,
    Skipped,
)
from apps.ingest.tar_members import read_tar_members
from apps.ingest.unpacking import CountingStream, unpack_stream
from apps.ingest.zip_members import read_zip_members

_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
DEFAULT_LIMITS = Limits()


def read_members(
    source: Path | BinaryIO,
    *,
    limits: Limits = DEFAULT_LIMITS,
    refused: Refused | None = None,
    skipped: Skipped | None = None,
) -> Iterator[Member]:
    """Yield the regular files of a zip or tar (plain, gz, bz2, xz, zst), told apart by their bytes.

    A member's stream is good until the next member is asked for; reading it may raise the errors
    named here too. A member that cannot be accepted (`MemberError`, `PathInvalidError`) goes to
    `refused`, or is raised if that is not given. `ArchiveTornError` and `ArchiveLimitError` end
    the walk: what was yielded before is whole. Hidden and system files go to `skipped`.
    """
    gate = Gate(limits, refused, skipped)
    with _open_binary(source) as stream:
        counted = CountingStream(stream)
        start = counted.peek(len(_ZIP_STARTS[0]))
        if not start:
            raise ArchiveUnknownError("The archive is empty: it has no bytes at all.")
        if start.startswith(_ZIP_STARTS):
            with _make_seekable(stream, counted, limits) as file:
                yield from read_zip_members(file, gate)
        else:
            yield from read_tar_members(unpack_stream(counted), counted, gate)


@contextmanager
def _open_binary(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


@contextmanager
def _make_seekable(stream: BinaryIO, counted: CountingStream, limits: Limits) -> Iterator[BinaryIO]:
    """Keep a stream that only goes forward in a file first: a zip is read from its end."""
    if stream.seekable():
        stream.seek(0)
        yield stream
        return
    with tempfile.TemporaryFile() as file:

        def read(size: int) -> bytes:
            if counted.position > limits.total_bytes:
                raise ArchiveLimitError(f"The archive has more than {limits.total_bytes} bytes.")
            return counted.read(size)

        shutil.copyfileobj(MemberStream(read), file, CHUNK_BYTES)
        file.seek(0)
        yield cast("BinaryIO", file)
