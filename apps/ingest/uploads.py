"""The upload protocol: begin, check, commit, finish. `upload_bytes.py` takes the bytes.

Nothing is remembered per file until its row is committed: a killed client asks `check` again and
learns what is still missing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeGuard
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.access import Principal, match_within_reach, require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.models import Upload, UploadRow
from apps.ingest.paths import PathInvalidError, clean_path
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.storage.blobs import find_blobs
from apps.storage.errors import BlobDestroyedError
from apps.storage.models import Blob
from datasets_catalog.errors import ConflictError, EarmarkError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission

MEBIBYTE = 1024 * 1024
LIFETIME = timedelta(days=7)
CHECK_FILES = 1000
COMMIT_ROWS = 5000
COMMIT_CELLS = 100
# Below: many in one tar. Above: one request each, and beyond that in parts.
PACK_FILE_BYTES = MEBIBYTE
PUT_FILE_BYTES = 64 * MEBIBYTE
FINISH = "ingest.finish_upload"
SWEEP = "ingest.sweep_uploads"
DESTROYED_REASON = (
    "These bytes were destroyed because their consent or right was withdrawn;"
    " they cannot be used again."
)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class UploadUnknownError(NotFoundError):
    """There is no such upload, or somebody else began it: the answer is the same."""

    code = "upload.unknown"


class UploadClosedError(ConflictError):
    """The upload is finished, being finished, or expired."""

    code = "upload.closed"


class UploadEmptyError(ConflictError):
    """No row waits to be taken into the draft."""

    code = "upload.empty"


class FileTooLargeError(InvalidError):
    """The file is larger than this server takes."""

    code = "upload.file_too_large"


class FileEmptyError(InvalidError):
    """The file has no bytes."""

    code = "upload.file_empty"


class RowRefusedError(InvalidError):
    """A row cannot be kept until the finish: it does not say which bytes under which name."""

    code = "upload.row_refused"


class Way(StrEnum):
    """How the bytes of a file should come, if they should."""

    HAVE = "have"
    PACK = "pack"
    PUT = "put"
    PARTS = "parts"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AnnouncedFile:
    """A file the client has: its name in the dataset, its SHA-256 in hex, its size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What to do with an announced file; `error` says why it is refused."""

    file: AnnouncedFile
    way: Way
    error: EarmarkError | None = None


@transaction.atomic
def start_upload(*, actor: User, dataset: Dataset) -> Upload:
    """Begin an upload into the draft; it stays open for a week after its last use."""
    require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    if Upload.objects.expired().exists():
        start_job(actor=None, kind_name=SWEEP)
    return Upload.objects.create(
        dataset=dataset, started_by=actor, expires_at=timezone.now() + LIFETIME
    )


def _find_or_start_upload(actor: User, dataset: Dataset) -> Upload:
    """The actor's upload that is open for the dataset, or a new one."""
    rows = Upload.objects.filter(dataset=dataset, started_by=actor, finished_at=None, job=None)
    found = rows.filter(expires_at__gt=timezone.now(), numbered=0).first()
    return found or start_upload(actor=actor, dataset=dataset)


def check_pushed_files(
    *, actor: User, dataset: Dataset, files: Sequence[AnnouncedFile]
) -> tuple[Upload, list[CheckedFile]]:
    """Say how the bytes of a push should come, and into which of the actor's uploads."""
    upload = _find_or_start_upload(actor, dataset)
    return upload, check_files(actor=actor, upload=upload, files=files)


def fetch_upload(user: Principal, full_name: str, uid: UUID) -> Upload:
    """Fetch the user's own upload into `organisation/name`; `UploadUnknownError` otherwise."""
    organisation, _, name = full_name.partition("/")
    row = (
        Upload.objects.select_related("dataset__organisation", "job")
        .filter(uid=uid, dataset__organisation__name=organisation, dataset__name=name)
        .filter(match_within_reach(user, "dataset"))
        .filter(started_by=user if isinstance(user, User) else None)
        .first()
    )
    if row is None:
        raise UploadUnknownError(f"You have no upload {uid} into {full_name}: begin one.")
    return row


def open_upload(*, actor: User, upload: Upload) -> None:
    """Refuse unless the actor may add to the upload now; puts its end off.

    Raises DeniedError, UploadClosedError.
    """
    require_permission(actor, Permission.CLIP_INGEST, upload.dataset.organisation)
    now = timezone.now()
    if upload.finished_at is not None:
        raise UploadClosedError("This upload is finished: begin another.")
    if upload.expires_at <= now:
        raise UploadClosedError("This upload has expired: begin another; kept bytes stay kept.")
    if upload.job is not None and not upload.job.is_over:
        raise UploadClosedError("This upload is being finished: wait for its job.")
    if upload.expires_at - now < LIFETIME - timedelta(hours=1):
        Upload.objects.filter(pk=upload.pk).update(expires_at=now + LIFETIME)


def check_files(
    *, actor: User, upload: Upload, files: Sequence[AnnouncedFile]
) -> list[CheckedFile]:
    """Say for each file how its bytes should come.

    `find_blobs` speaks of this dataset's own store alone: nobody learns what another dataset holds.
    """
    open_upload(actor=actor, upload=upload)
    if len(files) > CHECK_FILES:
        raise InvalidError(f"Check at most {CHECK_FILES} files at a time.")
    store = upload.dataset.uid
    hashes = [file.sha256 for file in files]
    kept = find_blobs(store, hashes)
    destroyed = set(
        Blob.objects.destroyed()
        .filter(store=store, sha256__in=hashes)
        .values_list("sha256", flat=True)
    )
    return [_check_file(file, kept, destroyed - kept.keys()) for file in files]


def _check_file(file: AnnouncedFile, kept: Mapping[str, Blob], destroyed: set[str]) -> CheckedFile:
    try:
        clean_path(file.path)
        check_size(file.size)
    except (PathInvalidError, FileEmptyError, FileTooLargeError) as error:
        return CheckedFile(file, Way.REFUSED, error)
    if file.sha256 in destroyed:
        return CheckedFile(file, Way.REFUSED, BlobDestroyedError(DESTROYED_REASON))
    if file.sha256 in kept and kept[file.sha256].size == file.size:
        return CheckedFile(file, Way.HAVE)
    if file.size < PACK_FILE_BYTES:
        return CheckedFile(file, Way.PACK)
    return CheckedFile(file, Way.PUT if file.size <= PUT_FILE_BYTES else Way.PARTS)


def check_size(size: int) -> None:
    """Raise FileEmptyError or FileTooLargeError for a size that no clip has."""
    if size == 0:
        raise FileEmptyError("The file has no bytes: leave it out.")
    if size > settings.INGEST_MAX_FILE_BYTES:
        raise FileTooLargeError(
            f"A file may have {settings.INGEST_MAX_FILE_BYTES} bytes: cut the recording.",
            limit=settings.INGEST_MAX_FILE_BYTES,
        )


@transaction.atomic
def commit_rows(*, actor: User, upload: Upload, rows: Sequence[Mapping[str, Any]]) -> int:
    """Keep rows of the clip table, each with the `sha256` of its bytes, until the finish.

    A path that was committed before is replaced. All rows are kept or none. Returns how many wait
    now. What the cells say is judged at the finish, all rows together.
    """
    # Commits side by side number their rows one after the other, and none slips in after the
    # finish.
    row = Upload.objects.select_for_update(of=("self",)).select_related("job").get(pk=upload.pk)
    open_upload(actor=actor, upload=row)
    if len(rows) > COMMIT_ROWS:
        raise InvalidError(f"Commit at most {COMMIT_ROWS} rows at a time.")
    waiting = list(_number_rows(row, rows))
    UploadRow.objects.bulk_create(
        waiting,
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["upload", "path"],
        update_fields=["number", "sha256", "cells"],
    )
    row.numbered += len(rows)
    row.save(update_fields=["numbered"])
    return UploadRow.objects.filter(upload=row).count()


def _number_rows(upload: Upload, rows: Sequence[Mapping[str, Any]]) -> Iterator[UploadRow]:
    seen: set[str] = set()
    for position, cells in enumerate(rows, start=1):
        path, sha256 = cells.get("path"), cells.get("sha256")
        if not isinstance(path, str) or not is_sha256(sha256) or len(cells) > COMMIT_CELLS:
            raise RowRefusedError(
                f"Row {position}: expected a path, the sha256 of its bytes (64 lower-case"
                f" hexadecimal digits) and at most {COMMIT_CELLS} columns.",
                row=position,
            )
        try:
            clean = clean_path(path)
        except PathInvalidError as error:
            raise RowRefusedError(f"Row {position}: {error.message}", row=position) from error
        if clean in seen:
            raise RowRefusedError(f"Row {position}: {clean} comes twice.", row=position)
        seen.add(clean)
        rest = {name: value for name, value in cells.items() if name not in {"path", "sha256"}}
        yield UploadRow(
            upload=upload,
            number=upload.numbered + position,
            path=clean,
            sha256=sha256,
            cells=rest,
        )


def is_sha256(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


@transaction.atomic
def finish_upload(*, actor: User, upload: Upload, dry_run: bool = False) -> Job:
    """Start the job that takes what was committed into the draft, visible all at once.

    Asked twice while the job is under way, the same job is returned.
    """
    # Two finishes at once start one job.
    row = Upload.objects.select_for_update(of=("self",)).select_related("job").get(pk=upload.pk)
    if row.job is not None and not row.job.is_over:
        return row.job
    open_upload(actor=actor, upload=row)
    if not UploadRow.objects.filter(upload=row).exists():
        raise UploadEmptyError("No row was committed: commit the clips' rows first.")
    row.job = start_job(
        actor=actor,
        kind_name=FINISH,
        subject=row.dataset.full_name,
        organisation=row.dataset.organisation,
        arguments={"upload": str(row.uid), "dry_run": dry_run},
    )
    row.save(update_fields=["job"])
    return row.job
