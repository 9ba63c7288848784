"""Turning a draft into tables and a root."""

import pickle
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection

from apps.datasets.models import Clip, Dataset
from apps.ingest.intake import Progress, silent
from apps.licensing.licences import licences_of
from apps.releases.models import Release
from apps.releases.rows import DraftRows
from apps.storage.blobs import put
from apps.storage.models import Blob
from apps.storage.tables import ClipRow, EventRow, write_clips, write_events
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licences import Use
from datasets_catalog.outbound import outbound


@dataclass(frozen=True, slots=True)
class Frozen:
    """What a freeze made of a draft: tables kept as blobs, the root over their rows."""

    root: str
    clips_table: Blob
    events_table: Blob
    clips: int
    events: int
    seconds: float
    size: int
    licence: str
    statistics: dict[str, Any]


def freeze_rows(dataset: Dataset, *, use: Use, at: datetime, progress: Progress = silent) -> Frozen:
    """Write both tables of the draft as it is now. Changes nothing that anybody sees."""
    rows = DraftRows(dataset, at=at)
    licensed: list[ClipLicence] = []
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
        clips_path, events_path = Path(folder) / "clips.parquet", Path(folder) / "events.parquet"
        with tempfile.TemporaryFile(dir=folder) as spool:

            def clip_rows() -> Iterator[ClipRow]:
                for clips, events in rows.chunks():
                    pickle.dump(events, spool, pickle.HIGHEST_PROTOCOL)
                    licensed.extend(_licensed(clips))
                    progress(rows.statistics.clips, 0, "Freezing rows")
                    yield from clips

            write_clips(clips_path, clip_rows())
            write_events(events_path, _spooled(spool))
        with clips_path.open("rb") as stream:
            clips_table = put(dataset.uid, stream)
        with events_path.open("rb") as stream:
            events_table = put(dataset.uid, stream)
    counted = rows.statistics
    return Frozen(
        root=rows.root,
        clips_table=clips_table,
        events_table=events_table,
        clips=counted.clips,
        events=counted.events,
        seconds=counted.seconds,
        size=counted.size,
        licence=_outbound_licence(dataset, use, licensed),
        statistics=counted.as_json(),
    )


def _spooled(spool: IO[bytes]) -> Iterator[EventRow]:
    """The events that were put aside while the clips passed by; our own bytes of a moment ago."""
    end = spool.tell()
    spool.seek(0)
    while spool.tell() < end:
        yield from pickle.load(spool)  # noqa: S301


def _licensed(rows: list[ClipRow]) -> Iterator[ClipLicence]:
    for row in rows:
        if row["licence"]:
            yield ClipLicence(
                row["clip_id"], row["path"], row["licence"], row["duration"], row["redacted"]
            )


def _outbound_licence(dataset: Dataset, use: Use, clips: list[ClipLicence]) -> str:
    """The SPDX expression of the whole; empty while its licences are in conflict."""
    found = outbound(clips, use, licences=licences_of(dataset.organisation))
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
