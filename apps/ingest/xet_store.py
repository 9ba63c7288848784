"""Xet uploads: xorbs wait under their dataset, shards make files of them.

Every hash is verified: chunks and the tree above them when a xorb arrives, SHA-256 when a file is
made. Nothing is shared between datasets: a chunk that did not arrive for this one is unknown.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, BinaryIO, Self, cast
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.members import ByteStream
from apps.ingest.models import Xorb
from apps.ingest.upload_bytes import BoundedStream
from apps.ingest.uploads import check_size
from apps.ingest.xet_format import (
    SHARD_BYTES,
    XORB_BYTES,
    Chunk,
    Segment,
    ShardFile,
    XetInvalidError,
    compute_xorb_name,
    read_chunks,
    read_shard_files,
    unpack_chunk,
)
from apps.jobs.actions import start_job
from apps.storage.blobs import find_blobs, put_each
from apps.storage.errors import BlobMismatchError
from datasets_catalog.errors import EarmarkError, NotFoundError
from datasets_catalog.roles import Permission

# Xorbs are the files a second time: they go when the session that sent them is surely over.
LIFETIME = timedelta(days=2)
SWEEP = "ingest.sweep_xorbs"
SWEPT_AT_ONCE = 500
# Xorbs held open while files are made of them.
OPEN_XORBS = 4
COPY_BYTES = 1024 * 1024


class XorbUnknownError(NotFoundError):
    """The shard names chunks that did not arrive for this dataset."""

    code = "push.chunk_unknown"


def put_xorb(*, actor: User, dataset: Dataset, name: str, stream: ByteStream) -> bool:
    """Keep a xorb whose chunks hash to its name; False if it is there already.

    Raises XetInvalidError, and FileTooLargeError for more than a xorb may have.
    """
    require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    with tempfile.TemporaryFile(dir=_ensure_work_root()) as file:
        _copy_bytes(BoundedStream(stream, XORB_BYTES), file)
        found = compute_xorb_name(cast("BinaryIO", file))
        if found != name:
            raise XetInvalidError(f"The chunks of this xorb hash to {found}, not to its name.")
        if Xorb.objects.filter(dataset=dataset, name=name).exists():
            return False
        file.seek(0)
        key = storages["blobs"].save(f"xorbs/{dataset.uid}/{uuid4().hex}", File(file))
    row, is_new = Xorb.objects.get_or_create(dataset=dataset, name=name, defaults={"key": key})
    if not is_new and row.key != key:
        storages["blobs"].delete(key)
    return is_new


def take_shard(*, actor: User, dataset: Dataset, stream: ByteStream) -> int:
    """Make the files of a shard and keep their bytes; returns how many it describes.

    Raises XetInvalidError, XorbUnknownError, and BlobMismatchError where the chunks make other
    bytes than the shard says. Files are kept until the first error; sent again, it goes on.
    """
    require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    with tempfile.TemporaryFile(dir=_ensure_work_root()) as spool:
        _copy_bytes(BoundedStream(stream, SHARD_BYTES), spool)
        spool.seek(0)
        files = {file.sha256: file for file in read_shard_files(spool.read())}
    for file in files.values():
        check_size(file.size)
    missing = [files[name] for name in files.keys() - find_blobs(dataset.uid, files).keys()]
    with tempfile.TemporaryDirectory(dir=_ensure_work_root()) as folder, _Xorbs(dataset) as xorbs:
        for _, kept in put_each(dataset.uid, _make_files(missing, xorbs, Path(folder))):
            if isinstance(kept, EarmarkError):
                raise kept
    return len(files)


def _make_files(files: Sequence[ShardFile], xorbs: _Xorbs, folder: Path) -> Iterator[Path]:
    """Each file whole in the folder until the next is asked for: `put_each` has read it then."""
    for file in sorted(files, key=lambda each: each.segments[0].xorb):
        path = folder / file.sha256
        _make_file(file, xorbs, path)
        yield path
        path.unlink()


def _make_file(file: ShardFile, xorbs: _Xorbs, path: Path) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as target:
        for segment in file.segments:
            for content in xorbs.read(segment):
                digest.update(content)
                target.write(content)
    if digest.hexdigest() != file.sha256:
        raise BlobMismatchError(
            "The chunks make other bytes than the shard says: send the file again.",
            expected_sha256=file.sha256,
            sha256=digest.hexdigest(),
        )


class _Xorbs:
    """The xorbs of one dataset, a few of them open with their chunks found."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._open: dict[str, tuple[BinaryIO, list[Chunk]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file, _chunks in self._open.values():
            file.close()

    def read(self, segment: Segment) -> Iterator[bytes]:
        file, chunks = self._open_xorb(segment.xorb)
        wanted = chunks[segment.first : segment.last]
        if segment.last > len(chunks) or sum(chunk.size for chunk in wanted) != segment.size:
            raise XetInvalidError(f"The xorb {segment.xorb} has no such chunks.")
        for chunk in wanted:
            yield unpack_chunk(file, chunk)

    def _open_xorb(self, name: str) -> tuple[BinaryIO, list[Chunk]]:
        if name not in self._open:
            if len(self._open) >= OPEN_XORBS:
                file, _ = self._open.pop(next(iter(self._open)))
                file.close()
            file = cast("BinaryIO", self._open_stored(name))
            self._open[name] = (file, list(read_chunks(file)))
        return self._open[name]

    def _open_stored(self, name: str) -> IO[bytes]:
        row = Xorb.objects.filter(dataset=self._dataset, name=name).first()
        try:
            if row is not None:
                return storages["blobs"].open(row.key, "rb")
        except FileNotFoundError:
            pass
        raise XorbUnknownError(
            f"The chunks {name} did not arrive for {self._dataset}: begin the upload again."
        )


def request_sweep() -> None:
    """Start a job that clears old xorbs away, if there are any."""
    if _find_expired().exists():
        start_job(actor=None, kind_name=SWEEP)


def sweep_xorbs() -> int:
    """Remove xorbs whose time is over, the bytes first; returns how many."""
    rows = list(_find_expired()[:SWEPT_AT_ONCE])
    for row in rows:
        storages["blobs"].delete(row.key)
        row.delete()
    return len(rows)


def _find_expired() -> QuerySet[Xorb]:
    return Xorb.objects.filter(arrived_at__lt=timezone.now() - LIFETIME)


def _copy_bytes(source: ByteStream, target: IO[bytes]) -> None:
    while chunk := source.read(COPY_BYTES):
        target.write(chunk)


def _ensure_work_root() -> Path:
    root = Path(settings.WORK_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    return root
