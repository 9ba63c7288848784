"""Keep, find, prove and destroy bytes.

Bytes are hashed in the one pass that copies them (md5 names them, as in DVC; sha256 vouches for
them, since md5 can be forged) and appear under their key by an atomic rename or a whole upload.
The row is written in the transaction that names the file, so that of two writers one names it
and the other compares. A power cut takes nothing once a call has returned: data is flushed
before the row is written, names before the call returns. Until then it may leave a row without
bytes; `fsck` names it and putting the same bytes again heals it. Staging files of a crashed
process are removed by `sweep_staging`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO
from uuid import UUID

from django.db import connection, models, transaction
from django.utils import timezone

from apps.storage.errors import (
    BlobCollisionError,
    BlobDestroyedError,
    BlobMismatchError,
    BlobMissingError,
    BlobUnknownError,
    FileUnreadableError,
)
from apps.storage.models import Blob, build_blob_key
from apps.storage.places import Place, find_blob_place
from apps.storage.staging import Digest, Readable, digest_bytes, digest_stream
from datasets_catalog.errors import EarmarkError

# Files up to this many bytes are read whole, and written only when they turn out to be new.
SMALL = 1024 * 1024
BATCH_FILES = 500
BATCH_BYTES = 32 * 1024 * 1024
ABANDONED_AFTER = timedelta(days=1)


@dataclass(slots=True)
class _Draft:
    """Hashed bytes on their way in: in memory, or staged at `path`."""

    oid: str
    digest: Digest
    content: bytes | None = None
    path: str | None = None

    def stage(self, place: Place) -> str:
        if self.path is None:
            assert self.content is not None
            self.path = place.staging.stage_bytes(self.content)
        return self.path

    def discard(self) -> None:
        if self.path is not None:
            Path(self.path).unlink(missing_ok=True)


def put_blob(
    store: UUID,
    stream: Readable,
    *,
    expect_sha256: str | None = None,
    expect_size: int | None = None,
) -> Blob:
    """Keep a stream of any length; the same bytes twice are one blob.

    Raises BlobMismatchError when the bytes are not those announced, BlobCollisionError when
    other bytes own the md5, BlobDestroyedError when these bytes were destroyed.
    """
    place = find_blob_place()
    staged = place.staging.stage(stream, limit=expect_size)
    draft = _Draft(staged.digest.md5, staged.digest, path=staged.path)
    try:
        _require_announced(staged.digest, expect_sha256, expect_size)
        return _keep_draft(place, store, draft)
    finally:
        draft.discard()


def put_directory(store: UUID, listing: Path) -> Blob:
    """Keep a DVC directory object (`manifests.py` writes one) under its md5 with `.dir`."""
    place = find_blob_place()
    with listing.open("rb") as file:
        staged = place.staging.stage(file)
    draft = _Draft(f"{staged.digest.md5}.dir", staged.digest, path=staged.path)
    try:
        return _keep_draft(place, store, draft)
    finally:
        draft.discard()


def put_each(store: UUID, paths: Iterable[Path]) -> Iterator[tuple[Path, Blob | EarmarkError]]:
    """Keep many local files, in their order, with rows written 500 at a time.

    What is wrong with one file (unreadable, collision, destroyed) is yielded for that file and
    does not stop the others. Memory stays below 33 MiB plus one batch of rows.
    """
    place = find_blob_place()
    batch: list[tuple[Path, _Draft | EarmarkError]] = []
    held = 0
    for path in paths:
        read = _read_draft(place, path)
        batch.append((path, read))
        held += read.digest.size if isinstance(read, _Draft) and read.content else 0
        if len(batch) >= BATCH_FILES or held >= BATCH_BYTES:
            yield from _keep_drafts(place, store, batch)
            batch, held = [], 0
    if batch:
        yield from _keep_drafts(place, store, batch)
    place.flush()


def put_many(store: UUID, paths: Iterable[Path]) -> list[Blob]:
    """Like `put_each`, but the first refused file raises its error; what came before is kept."""
    blobs = []
    for _, kept in put_each(store, paths):
        if isinstance(kept, EarmarkError):
            raise kept
        blobs.append(kept)
    return blobs


def find_blobs(store: UUID, sha256s: Iterable[str]) -> dict[str, Blob]:
    """Which of these are kept and not destroyed; one query per 1,000."""
    found: dict[str, Blob] = {}
    rest = iter(sha256s)
    while some := list(islice(rest, 1000)):
        found.update(
            (blob.sha256, blob)
            for blob in Blob.objects.alive().filter(store=store, sha256__in=some)
        )
    return found


def get_blob(store: UUID, oid: str) -> Blob:
    """Look up the row of an object, destroyed or not; raises BlobUnknownError."""
    try:
        return Blob.objects.get(store=store, oid=oid)
    except Blob.DoesNotExist:
        raise BlobUnknownError(f"No object {oid} was ever kept here.", oid=oid) from None


def open_blob(blob: Blob) -> IO[bytes]:
    """Open for reading, the caller closes; raises BlobDestroyedError or BlobMissingError."""
    refuse_destroyed(blob)
    try:
        return find_blob_place().open(blob.key)
    except FileNotFoundError:
        raise _build_missing_error(blob) from None


def open_span(blob: Blob, start: int, length: int) -> IO[bytes]:
    """Open at `start`, to read `length` bytes of it; raises as `open_blob` does.

    What comes after may be read too where the blob is a local file: count.
    """
    refuse_destroyed(blob)
    try:
        return find_blob_place().open_span(blob.key, start, length)
    except FileNotFoundError:
        raise _build_missing_error(blob) from None


def find_local_path(blob: Blob) -> Path | None:
    """Name the file itself where blobs lie in a local folder, None where they do not."""
    refuse_destroyed(blob)
    return find_blob_place().local_path(blob.key)


@contextmanager
def open_local_copy(blob: Blob) -> Iterator[Path]:
    """Lend a local file with the bytes, to be read only inside the `with`.

    The blob itself where blobs lie in a local folder; otherwise a download that goes away.
    """
    path = find_local_path(blob)
    if path is not None:
        if not path.is_file():
            raise _build_missing_error(blob)
        yield path
        return
    with tempfile.NamedTemporaryFile() as copy, open_blob(blob) as stream:
        shutil.copyfileobj(stream, copy, 1024 * 1024)
        copy.flush()
        yield Path(copy.name)


def verify_blob(blob: Blob) -> None:
    """Read the bytes and compare size, md5 and sha256; raises BlobMissing or BlobMismatchError."""
    with open_blob(blob) as stream:
        found = digest_stream(stream)
    kept = Digest(blob.oid.removesuffix(".dir"), blob.sha256, blob.size)
    if found != kept:
        raise BlobMismatchError(
            f"The bytes under {blob.key} are not what was kept: size {found.size} instead of"
            f" {kept.size}, sha256 {found.sha256} instead of {kept.sha256}.",
            oid=blob.oid,
        )


def destroy_blob(blob: Blob, *, at: datetime | None = None) -> Blob:
    """Mark the row at once; the bytes go when the transaction commits, and never come back.

    Should removing them fail then, call again: `fsck` names the blob until they are gone.
    """
    with transaction.atomic():
        row = Blob.objects.select_for_update().get(pk=blob.pk)
        # The row first: from then on nobody puts these bytes back, and readers are refused, even
        # when this process dies before the file is gone.
        if row.destroyed_at is None:
            row.destroyed_at = at or timezone.now()
            row.save(update_fields=["destroyed_at"])
        transaction.on_commit(partial(find_blob_place().delete, row.key))
    return row


def sweep_staging() -> int:
    """Remove what crashed writers left in the staging folder more than a day ago; how many."""
    return find_blob_place().staging.sweep(older_than=ABANDONED_AFTER.total_seconds())


def _require_announced(digest: Digest, sha256: str | None, size: int | None) -> None:
    if (sha256 is not None and digest.sha256 != sha256) or (
        size is not None and digest.size != size
    ):
        raise BlobMismatchError(
            "The bytes that arrived are not those announced; check the file and send it again.",
            expected_sha256=sha256,
            sha256=digest.sha256,
            expected_size=size,
            size=digest.size,
        )


def _read_draft(place: Place, path: Path) -> _Draft | EarmarkError:
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= SMALL:
                content = file.read(size + 1)
                if len(content) == size:
                    digest = digest_bytes(content)
                    return _Draft(digest.md5, digest, content=content)
            file.seek(0)
            staged = place.staging.stage(file)
            return _Draft(staged.digest.md5, staged.digest, path=staged.path)
    except OSError as error:
        return FileUnreadableError(f"{path.name} cannot be read: {error.strerror}.")


def _keep_draft(place: Place, store: UUID, draft: _Draft) -> Blob:
    blobs, added = _record_drafts(place, store, [draft])
    blob = blobs[draft.oid]
    if draft.oid not in added:
        _admit_draft(place, blob, draft, place.sizes([blob.key])[0])
    place.flush()
    return blob


def _keep_drafts(
    place: Place, store: UUID, batch: Sequence[tuple[Path, _Draft | EarmarkError]]
) -> Iterator[tuple[Path, Blob | EarmarkError]]:
    drafts = [read for _, read in batch if isinstance(read, _Draft)]
    try:
        blobs, added = _record_drafts(place, store, drafts)
        old = [oid for oid in blobs if oid not in added]
        present = dict(zip(old, place.sizes([blobs[oid].key for oid in old]), strict=True))
        for path, read in batch:
            yield path, _settle_draft(place, blobs, present, read)
    finally:
        for draft in drafts:
            draft.discard()


def _settle_draft(
    place: Place,
    blobs: dict[str, Blob],
    present: dict[str, int | None],
    read: _Draft | EarmarkError,
) -> Blob | EarmarkError:
    if isinstance(read, EarmarkError):
        return read
    blob = blobs[read.oid]
    try:
        _admit_draft(place, blob, read, present.get(read.oid, blob.size))
    except EarmarkError as error:
        return error
    return blob


def _record_drafts(
    place: Place, store: UUID, drafts: Sequence[_Draft]
) -> tuple[dict[str, Blob], set[str]]:
    """Rows for all drafts, and which of them are new: those have their bytes in place."""
    blobs = _load_rows(store, {draft.oid for draft in drafts})
    fresh: dict[str, _Draft] = {}
    for draft in drafts:
        if draft.oid not in blobs:
            fresh.setdefault(draft.oid, draft)
    if not fresh:
        return blobs, set()
    staged = {oid: draft.stage(place) for oid, draft in fresh.items()}
    place.flush()
    with transaction.atomic():
        added = _insert_rows(store, fresh)
        place.keep((staged[oid], build_blob_key(store, oid)) for oid in added)
    for oid in added:
        fresh[oid].path = None
    blobs |= added
    if lost := fresh.keys() - added.keys():
        blobs |= _load_rows(store, lost)
    return blobs, set(added)


def _load_rows(store: UUID, oids: Collection[str]) -> dict[str, Blob]:
    return {blob.oid: blob for blob in Blob.objects.filter(store=store).named(oids)}


def _insert_rows(store: UUID, fresh: dict[str, _Draft]) -> dict[str, Blob]:
    """Rows that were not there; of two writers of one row, the second gets none.

    By hand because bulk_create cannot say which rows it wrote, and costs four times as much.
    """
    now = timezone.now()
    store_value = models.UUIDField().get_db_prep_value(store, connection)
    now_value = models.DateTimeField().get_db_prep_value(now, connection)
    values: list[str | int] = []
    for oid, draft in fresh.items():
        values += (store_value, oid, draft.digest.sha256, draft.digest.size, now_value)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT % ", ".join(["(%s, %s, %s, %s, %s)"] * len(fresh)), values)
        rows = cursor.fetchall()
    kept = {}
    for number, oid in rows:
        digest = fresh[oid].digest
        # In the order of the columns: by name costs half as much again.
        kept[oid] = Blob(number, store, oid, digest.sha256, digest.size, now, None)
    return kept


_INSERT = (
    "INSERT INTO storage_blob (store, oid, sha256, size, created_at) VALUES %s"
    " ON CONFLICT (store, oid) DO NOTHING RETURNING id, oid"
)


def _admit_draft(place: Place, blob: Blob, draft: _Draft, present: int | None) -> None:
    """Is the kept blob what the draft is? Puts its bytes back where they are lost or cut."""
    if (blob.sha256, blob.size) != (draft.digest.sha256, draft.digest.size):
        raise BlobCollisionError(
            f"Other bytes with the md5 {blob.oid} are kept already. Two files with one md5 do not"
            " happen by chance: look at where this one comes from.",
            oid=blob.oid,
            sha256=draft.digest.sha256,
        )
    refuse_destroyed(blob)
    if present == blob.size:
        return
    with transaction.atomic():
        row = Blob.objects.select_for_update().get(pk=blob.pk)
        # Asked again under the lock: it may have been destroyed since it was read.
        refuse_destroyed(row)
        place.keep([(draft.stage(place), row.key)])
        draft.path = None


def refuse_destroyed(blob: Blob) -> None:
    """Raise BlobDestroyedError for a blob whose bytes may not be used again."""
    if blob.destroyed_at is not None:
        raise BlobDestroyedError(
            f"The object {blob.oid} was destroyed on {blob.destroyed_at:%Y-%m-%d} because its"
            " consent or right was withdrawn; it cannot be used again.",
            oid=blob.oid,
        )


def _build_missing_error(blob: Blob) -> BlobMissingError:
    return BlobMissingError(
        f"The bytes of {blob.oid} are not in the store; restore {blob.key} from a backup or put"
        " the same file again.",
        oid=blob.oid,
    )
