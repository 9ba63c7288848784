"""Bytes of an upload on their way into the dataset's store: single files, packs and parts."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import QuerySet, Sum

from apps.accounts.models import User
from apps.ingest.archives import read_members
from apps.ingest.members import (
    ArchiveError,
    ArchiveTornError,
    ArchiveUnknownError,
    ByteStream,
    Limits,
    Member,
)
from apps.ingest.models import Upload, UploadPart
from apps.ingest.paths import PathInvalidError
from apps.ingest.uploads import (
    MEBIBYTE,
    PACK_FILE_BYTES,
    FileTooLargeError,
    check_size,
    is_sha256,
    open_upload,
)
from apps.storage.blobs import find_blobs, put_blob, put_each
from apps.storage.errors import BlobMismatchError
from apps.storage.models import Blob
from apps.storage.staging import digest_stream
from datasets_catalog.errors import EarmarkError, InvalidError

CHUNK = MEBIBYTE
PACK_ENTRIES = 1000
PACK_BYTES = 64 * MEBIBYTE
PART_BYTES = 32 * MEBIBYTE
PART_MAX_BYTES = 64 * MEBIBYTE
PARTS_MAX = 10_000
# Entries of a pack that are held before they are kept together, with one flush to the disk.
BATCH_ENTRIES = 250
PACK_LIMITS = Limits(entries=PACK_ENTRIES, total_bytes=PACK_BYTES, member_bytes=PACK_FILE_BYTES)


class PartInvalidError(InvalidError):
    """A part that cannot be one: its number, its size or its digest is wrong."""

    code = "upload.part_invalid"


class PartsIncompleteError(InvalidError):
    """The parts that are there do not make the whole file."""

    code = "upload.parts_incomplete"


class EntryNameError(InvalidError):
    """An entry of a pack is not named by the SHA-256 of its bytes."""

    code = "upload.entry_name"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one entry of a pack: kept where `error` is None."""

    name: str
    error: EarmarkError | None = None


@dataclass(slots=True)
class Pack:
    """What became of a pack; `stopped` says why the rest of it was not read."""

    entries: list[Entry] = field(default_factory=list)
    stopped: EarmarkError | None = None


class BoundedStream:
    """Reads a stream and refuses more than `limit` bytes."""

    def __init__(self, stream: ByteStream, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.position = 0

    def read(self, size: int = -1, /) -> bytes:
        chunk = self._stream.read(size if size >= 0 else CHUNK)
        self.position += len(chunk)
        if self.position > self._limit:
            raise FileTooLargeError(f"More than {self._limit} bytes came.", limit=self._limit)
        return chunk


def put_file(
    *, actor: User, upload: Upload, sha256: str, stream: ByteStream, size: int | None
) -> Blob:
    """Keep one file from a stream that is read once; `size` in bytes where it was declared.

    Raises BlobMismatchError where other bytes came than were announced, and nothing is kept.
    """
    open_upload(actor=actor, upload=upload)
    if size is not None:
        check_size(size)
    bounded = BoundedStream(stream, settings.INGEST_MAX_FILE_BYTES)
    return put_blob(upload.dataset.uid, bounded, expect_sha256=sha256, expect_size=size)


def put_pack(*, actor: User, upload: Upload, stream: ByteStream) -> Pack:
    """Keep the entries of a tar, each a plain file named by the SHA-256 of its bytes.

    Every entry succeeds or fails by itself. A pack that is torn, or larger than allowed, keeps
    what came whole before. Raises ArchiveUnknownError for what is no archive at all.
    """
    open_upload(actor=actor, upload=upload)
    pack = Pack()

    def note_refused(name: str, error: ArchiveError | PathInvalidError) -> None:
        pack.entries.append(Entry(name, error))

    def note_skipped(name: str, reason: str) -> None:
        pack.entries.append(Entry(name, EntryNameError(f"Not named by a SHA-256: {reason}.")))

    members = read_members(
        cast("BinaryIO", stream), limits=PACK_LIMITS, refused=note_refused, skipped=note_skipped
    )
    with _open_work_folder() as folder:
        for batch in _batch_entries(members, pack):
            pack.entries += _keep_entries(upload.dataset.uid, batch, folder)
    return pack


def _batch_entries(members: Iterator[Member], pack: Pack) -> Iterator[list[tuple[str, bytes]]]:
    """Whole entries by the batch, to the end or the tear, whose reason goes into the pack."""
    batch: list[tuple[str, bytes]] = []
    try:
        for member in members:
            batch.append((member.name, member.stream.read()))
            if len(batch) >= BATCH_ENTRIES:
                yield batch
                batch = []
    except ArchiveUnknownError:
        raise
    except ArchiveError as error:
        pack.stopped = error
    except OSError:
        # The connection broke; whoever sent this will ask `check` what arrived.
        pack.stopped = ArchiveTornError("The connection ended before the pack did: send the rest.")
    if batch:
        yield batch


def _keep_entries(store: UUID, batch: Sequence[tuple[str, bytes]], folder: Path) -> Iterator[Entry]:
    named: dict[Path, str] = {}
    for name, content in batch:
        error = _find_entry_error(name, content)
        if error is not None:
            yield Entry(name, error)
            continue
        path = folder / name
        path.write_bytes(content)
        named[path] = name
    for path, kept in put_each(store, named):
        yield Entry(named[path], kept if isinstance(kept, EarmarkError) else None)
        path.unlink()


def _find_entry_error(name: str, content: bytes) -> EarmarkError | None:
    if not is_sha256(name):
        return EntryNameError(
            "Name each entry by the SHA-256 of its bytes, in 64 lower-case hexadecimal digits."
        )
    found = hashlib.sha256(content).hexdigest()
    if found != name:
        return BlobMismatchError(
            "The entry's bytes have another SHA-256 than its name: send it again.", sha256=found
        )
    return None


def put_part(
    *, actor: User, upload: Upload, sha256: str, number: int, stream: ByteStream
) -> UploadPart:
    """Keep one part of a large file, from 1 to `PARTS_MAX`; sent again, it replaces the first."""
    open_upload(actor=actor, upload=upload)
    if not 1 <= number <= PARTS_MAX:
        raise PartInvalidError(f"Parts are numbered from 1 to {PARTS_MAX}.")
    key = f"uploads/{upload.uid}/{uuid4().hex}"
    with tempfile.TemporaryFile(dir=_ensure_work_root()) as file:
        arrived = digest_stream(BoundedStream(stream, PART_MAX_BYTES), into=file)
        check_size(arrived.size)
        file.seek(0)
        key = storages["blobs"].save(key, File(file))
    with transaction.atomic():
        # Parts come in side by side: their sizes are summed up one at a time, against the limit.
        Upload.objects.select_for_update().get(pk=upload.pk)
        rows = UploadPart.objects.filter(upload=upload, sha256=sha256)
        others = rows.exclude(number=number).aggregate(size=Sum("size"))["size"] or 0
        before = rows.filter(number=number).first()
        row, _ = UploadPart.objects.update_or_create(
            upload=upload,
            sha256=sha256,
            number=number,
            defaults={"size": arrived.size, "part_sha256": arrived.sha256, "key": key},
        )
        check_size(others + arrived.size)
        if before is not None:
            transaction.on_commit(partial(storages["blobs"].delete, before.key))
    return row


def list_parts(upload: Upload, sha256: str) -> list[UploadPart]:
    """List the parts that are there, in order."""
    return list(UploadPart.objects.filter(upload=upload, sha256=sha256).order_by("number"))


def join_parts(*, actor: User, upload: Upload, sha256: str, size: int) -> Blob:
    """Make one file of its parts and keep it; `size` is that of the whole, in bytes.

    Joining what is joined already returns the blob. Raises PartsIncompleteError where parts are
    missing and BlobMismatchError where they make other bytes; the parts stay to be mended.
    """
    open_upload(actor=actor, upload=upload)
    check_size(size)
    blob = find_blobs(upload.dataset.uid, [sha256]).get(sha256)
    if blob is None:
        parts = list_parts(upload, sha256)
        _check_complete(parts, size)
        with ExitStack() as stack:
            joined = _JoinedFiles([part.key for part in parts], stack)
            blob = put_blob(upload.dataset.uid, joined, expect_sha256=sha256, expect_size=size)
    remove_parts(UploadPart.objects.filter(upload=upload, sha256=sha256))
    return blob


def remove_parts(parts: QuerySet[UploadPart]) -> None:
    """Forget parts and their bytes; a part that is gone already is no error."""
    for part in parts:
        part.delete()
        storages["blobs"].delete(part.key)


def _check_complete(parts: Sequence[UploadPart], size: int) -> None:
    numbers = [part.number for part in parts]
    total = sum(part.size for part in parts)
    missing = sorted(set(range(1, max(numbers, default=1) + 1)) - set(numbers))
    if missing or total != size:
        raise PartsIncompleteError(
            f"The parts have {total} of {size} bytes; see which are there and send the others.",
            missing=missing[:100],
            size=total,
            expected_size=size,
        )


class _JoinedFiles:
    """The bytes of several stored files, one after the other."""

    def __init__(self, keys: Sequence[str], stack: ExitStack) -> None:
        self._keys = iter(keys)
        self._stack = stack
        self._current: IO[bytes] | None = None

    def read(self, size: int, /) -> bytes:
        while True:
            chunk = self._current.read(size) if self._current else b""
            if chunk:
                return chunk
            key = next(self._keys, None)
            if key is None:
                return b""
            self._stack.close()
            self._current = self._stack.enter_context(storages["blobs"].open(key, "rb"))


def _ensure_work_root() -> Path:
    root = Path(settings.WORK_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return root


@contextmanager
def _open_work_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=_ensure_work_root()) as folder:
        yield Path(folder)
