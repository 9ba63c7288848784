"""Turning a draft into tables and a root."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection

from apps.datasets.models import Clip, Dataset
from apps.ingest.intake import Progress, ignore_progress
from apps.licensing.licences import load_licences
from apps.releases.clip_licences import list_licensed_clips
from apps.releases.draft_rows import ROWS_VERSION, Batches, DraftRows
from apps.releases.models import Release
from apps.releases.row_merging import drop_clips, merge_rows, read_released_rows
from apps.releases.statistics import Statistics
from apps.storage.blobs import open_local_copy, put_blob, verify_blob
from apps.storage.errors import BlobDestroyedError, BlobMismatchError, BlobMissingError
from apps.storage.models import Blob
from apps.storage.parquet_tables import TableWriter, open_clips_writer, open_events_writer
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licence_expressions import UnknownLicenceError
from datasets_catalog.licences import Use
from datasets_catalog.manifest import RootBuilder
from datasets_catalog.outbound import find_outbound_licence

PEOPLE = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("people_sha256", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class FrozenDraft:
    """What a freeze made of a draft: tables kept as blobs, the root over their rows."""

    root: str
    clips_table: Blob
    events_table: Blob
    # Who is in which clip, as keyed digests: for comparing with later releases, never served.
    people_table: Blob
    clips: int
    events: int
    seconds: float
    size: int
    licence: str
    statistics: dict[str, Any]


def freeze_rows(
    dataset: Dataset,
    *,
    use: Use,
    at: datetime,
    progress: Progress = ignore_progress,
    afresh: bool = False,
) -> FrozenDraft:
    """Write both tables of the draft as it is now. Changes nothing that anybody sees.

    Rows of clips that did not change since an earlier release are taken over from its tables,
    unless everything is to be computed `afresh`; the outcome is the same.
    """
    base = None if afresh else find_base(dataset)
    rows = DraftRows(dataset, at=at, since=None if base is None else base.draft_serial)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=settings.WORK_ROOT)))
        batches = rows.batches()
        if base is not None:
            batches = merge_rows(_take_over_rows(base, rows, stack), batches)
        counted = _RowCounter(progress)
        clips_path, events_path = folder / "clips.parquet", folder / "events.parquet"
        with open_clips_writer(clips_path) as clips, open_events_writer(events_path) as events:
            for batch in batches:
                counted.write(batch, clips, events)
            counted.close(clips, events)
        clips_table, events_table = (
            _keep_table(dataset, clips_path),
            _keep_table(dataset, events_path),
        )
        people_table = _keep_table(dataset, _write_people_table(folder, rows.people))
    statistics = counted.statistics
    return FrozenDraft(
        root=counted.root.root().hex(),
        clips_table=clips_table,
        events_table=events_table,
        people_table=people_table,
        clips=statistics.clips,
        events=statistics.events,
        seconds=statistics.seconds,
        size=statistics.size,
        licence=_find_licence_of_whole(dataset, use),
        statistics={
            "contributors": len(rows.contributors),
            **statistics.as_json(),
        },
    )


def find_base(dataset: Dataset) -> Release | None:
    """The newest release whose rows can be taken over: its tables are there and whole."""
    frozen = Release.objects.filter(
        dataset=dataset, rows_version=ROWS_VERSION, clips_table__isnull=False
    )
    newest = frozen.select_related("clips_table", "events_table").order_by("-draft_serial").first()
    return newest if newest is not None and all(map(_is_whole, _require_tables(newest))) else None


def _is_whole(table: Blob) -> bool:
    try:
        verify_blob(table)
    except (BlobDestroyedError, BlobMismatchError, BlobMissingError):
        return False
    return True


def _require_tables(release: Release) -> tuple[Blob, Blob]:
    clips, events = release.clips_table, release.events_table
    assert clips is not None, "a frozen release has its tables"
    assert events is not None, "a frozen release has its tables"
    return clips, events


def _take_over_rows(base: Release, rows: DraftRows, stack: ExitStack) -> Iterator[Batches]:
    clips, events = (stack.enter_context(open_local_copy(table)) for table in _require_tables(base))
    return drop_clips(read_released_rows(clips, events), rows.find_outdated())


class _RowCounter:
    """The root and the numbers of what is written, taken from the row groups as they come."""

    def __init__(self, progress: Progress) -> None:
        self.statistics = Statistics()
        self.root = RootBuilder()
        self._progress = progress

    def write(self, batch: Batches, clips: TableWriter, events: TableWriter) -> None:
        self._count(clips.write(batch.clips), events.write(batch.events))

    def close(self, clips: TableWriter, events: TableWriter) -> None:
        self._count(clips.close(), events.close())

    def _count(self, clips: list[pa.RecordBatch], events: list[pa.RecordBatch]) -> None:
        for group in clips:
            self.statistics.add_clips(group)
            self.root.extend(map(bytes.fromhex, group["leaf"].to_pylist()))
            self._progress(self.statistics.clips, 0, "Freezing rows")
        for group in events:
            self.statistics.add_events(group)


def _keep_table(dataset: Dataset, table: Path) -> Blob:
    with table.open("rb") as stream:
        return put_blob(dataset.uid, stream)


def _write_people_table(folder: Path, people: Mapping[str, str]) -> Path:
    """Write one row for each clip with people in it, in order of their ids."""
    rows = sorted(people.items())
    columns = [[clip_id for clip_id, _ in rows], [digest for _, digest in rows]]
    path = folder / "people.parquet"
    pq.write_table(pa.table(columns, schema=PEOPLE), path, compression="zstd", store_schema=False)
    return path


def _find_licence_of_whole(dataset: Dataset, use: Use) -> str:
    """The SPDX expression of the whole; empty while its licences are in conflict.

    Of an adaptation that can go out under several, the one that the dataset aims at. What the
    licences allow together does not depend on how many clips each has.
    """
    stated = ((clip.expression, clip.modified) for clip in list_licensed_clips(dataset))
    kinds = [
        ClipLicence("", "", expression, 0.0, modified)
        for expression, modified in sorted(set(stated))
        if expression
    ]
    known = load_licences(dataset.organisation)
    try:
        found = find_outbound_licence(kinds, use, dataset.wanted_licence or None, licences=known)
    except UnknownLicenceError:
        # The gate `rights.outbound_licence` names the aim that nobody knows.
        return ""
    return found.licence or ""


def hold_blobs(release: Release) -> None:
    """Note which blobs the release holds, in one statement however many there are."""
    blob, clip, holding = (
        Blob._meta.db_table,
        Clip._meta.db_table,
        release.holdings.model._meta.db_table,
    )
    release.holdings.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {holding} (release_id, blob_id)"  # noqa: S608  (no text of a user's)
            f" SELECT DISTINCT CAST(%s AS bigint), {clip}.blob_id FROM {clip}"
            f" JOIN {blob} ON {blob}.id = {clip}.blob_id"
            f" WHERE {clip}.dataset_id = %s AND {clip}.state = %s",
            [release.pk, release.dataset_id, Clip.State.ACTIVE],
        )
