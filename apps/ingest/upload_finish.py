"""Taking what an upload committed into the draft, and clearing away what nobody finished."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.core.files.storage import storages
from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.clip_table import ClipLine, read_clip_lines
from apps.ingest.import_report import Report
from apps.ingest.intake import (
    Arrival,
    Progress,
    admit_clips,
    examine_arrivals,
    ignore_progress,
    inspect_arrivals,
)
from apps.ingest.models import Upload, UploadPart, UploadRow
from apps.ingest.row_readers import Lines, Row
from apps.ingest.table_files import Table
from apps.ingest.upload_bytes import remove_parts
from apps.licensing.licences import load_licences
from apps.storage.blobs import find_blobs
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical, load_profile

BATCH = 1000
SWEPT_AT_ONCE = 20


class BytesMissingError(NotFoundError):
    """A row names bytes that did not arrive."""

    code = "upload.bytes_missing"


def take_upload_in(
    *, actor: User, upload: Upload, dry_run: bool = False, progress: Progress = ignore_progress
) -> dict[str, Any]:
    """Bring the committed rows with their bytes into the draft, in one step; returns the report.

    Sound rows with sound bytes come in. The others are named and stay committed: mend them by
    committing their paths again, and finish again. Can be killed and repeated at any point.
    """
    require_permission(actor, Permission.CLIP_INGEST, upload.dataset.organisation)
    rows = list(UploadRow.objects.filter(upload=upload).order_by("number"))
    if not rows:
        # A worker before us brought everything in and died before it could say so.
        return dict(upload.report)
    report = Report(dry_run=dry_run)
    typed = _read_lines(upload.dataset, rows)
    lines = list(typed)
    report.add_rows(typed.errors)
    arrivals = list(_build_arrivals(upload.dataset, lines, rows, report))
    if dry_run:
        report.added = inspect_arrivals(arrivals, report, dataset=upload.dataset)
        return _describe_report(report, rows)
    accepted = examine_arrivals(arrivals, report, dataset=upload.dataset, progress=progress)
    with transaction.atomic():
        # Clips, what waits and the report in one transaction: killed before its end, the job is
        # repeated from its start; after it, the check above finds everything there.
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        admit_clips(actor=actor, dataset=upload.dataset, accepted=accepted, report=report)
        _settle_rows(locked, [item.line.path for item in accepted])
        locked.report = described = _describe_report(report, rows)
        locked.save(update_fields=["report", "finished_at"])
    return described


def _read_lines(dataset: Dataset, rows: Sequence[UploadRow]) -> Lines[ClipLine]:
    licences = load_licences(dataset.organisation)
    return read_clip_lines(
        Table("the committed rows", _build_table_rows(rows)),
        licence=lambda text: licences.expression(text).text,
        profile=load_profile(Vertical(dataset.vertical)),
    )


def _build_table_rows(rows: Sequence[UploadRow]) -> Iterator[Any]:
    """Give what a table file would: its header (none: every row names its cells), then the rows."""
    yield ()
    for row in rows:
        yield Row(row.number, {"path": row.path, **row.cells})


def _build_arrivals(
    dataset: Dataset, lines: Sequence[ClipLine], rows: Sequence[UploadRow], report: Report
) -> Iterator[Arrival]:
    hashes = {row.path: row.sha256 for row in rows}
    kept: Mapping[str, Blob] = find_blobs(
        dataset.uid, sorted({hashes[line.path] for line in lines})
    )
    for line in lines:
        blob = kept.get(hashes[line.path])
        if blob is not None:
            yield Arrival(line, blob=blob)
        else:
            problem = BytesMissingError(
                "Its bytes did not arrive: `check` says how to send them, then finish again."
            )
            report.refuse_file(line.path, problem)


def _settle_rows(upload: Upload, paths: Sequence[str]) -> None:
    """Drop the rows that came in; the upload is finished when none is left."""
    for start in range(0, len(paths), BATCH):
        UploadRow.objects.filter(upload=upload, path__in=paths[start : start + BATCH]).delete()
    if not UploadRow.objects.filter(upload=upload).exists():
        upload.finished_at = timezone.now()


def _describe_report(report: Report, rows: Sequence[UploadRow]) -> dict[str, Any]:
    """Add the path to each wrong row: over the wire nobody counts rows."""
    paths = {row.number: row.path for row in rows}
    described = report.as_json()
    for error in described["row_errors"]:
        error["path"] = paths.get(error["row"], "")
    return described


def sweep_uploads() -> int:
    """Clear away expired uploads with their waiting rows and parts; returns how many."""
    swept = 0
    for upload in Upload.objects.expired().select_related("job")[:SWEPT_AT_ONCE]:
        if upload.job is not None and not upload.job.is_over:
            continue
        remove_parts(UploadPart.objects.filter(upload=upload))
        _remove_strays(f"uploads/{upload.uid}")
        upload.delete()
        swept += 1
    return swept


def _remove_strays(folder: str) -> None:
    """Delete parts that lost their row, or never got one because the writer was killed."""
    storage = storages["blobs"]
    try:
        _, names = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in names:
        storage.delete(f"{folder}/{name}")
    # A folder on a disk goes too; an object store has none.
    storage.delete(folder)
