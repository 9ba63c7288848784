"""By what a clip can be found again: every form that its bytes had here, and every path."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
from django.db.models import Q

from apps.consent.models import PeopleStatement
from apps.datasets.models import Clip, EarlierWork
from apps.releases.models import Release, ReleasePerson
from apps.review.models import Redaction
from apps.storage.blobs import open_local_copy
from apps.storage.errors import BlobDestroyedError, BlobMissingError
from apps.storage.holders import ClipTrace
from apps.storage.models import Blob
from apps.storage.table_queries import read_page_of_clips


def build_clip_trace(clip: Clip) -> ClipTrace:
    """Collect the bytes and paths that the clip has or had: in the draft, in review, in releases.

    Releases whose table is destroyed or missing are passed over: what they held is found by what
    the draft and the records of review say.
    """
    store = clip.dataset.uid
    ids = {clip.blob_id, clip.original_id}
    paths = {clip.path}
    for row in Redaction.objects.filter(clip=clip):
        ids |= {row.before_id, row.after_id}
        paths |= {row.before_path, row.after_path}
    paths |= set(
        ReleasePerson.objects.filter(clip_uid=clip.uid).values_list("path", flat=True).distinct()
    )
    oids = set()
    for path, oid in _list_released_forms(clip):
        paths.add(path)
        oids.add(oid)
    known = Q(pk__in=[pk for pk in ids if pk is not None]) | Q(oid__in=oids)
    blobs = Blob.objects.filter(known | Q(sha256__in=_list_noted_contents(clip)), store=store)
    return ClipTrace(
        store=store,
        clip_uid=clip.uid,
        blobs=tuple(blobs.order_by("pk")),
        paths=tuple(sorted(paths)),
    )


def _list_noted_contents(clip: Clip) -> set[str]:
    """SHA-256 of bytes that the clip had when somebody worked on it or said who is in it."""
    return {
        *EarlierWork.objects.filter(clip=clip).values_list("content_sha256", flat=True),
        *PeopleStatement.objects.filter(clip=clip).values_list("content_sha256", flat=True),
    }


def _list_released_forms(clip: Clip) -> Iterator[tuple[str, str]]:
    """Path and md5 of the clip in each release that has a table."""
    releases = Release.objects.filter(dataset=clip.dataset, clips_table__isnull=False)
    for release in releases.select_related("clips_table").order_by("pk"):
        assert release.clips_table is not None
        try:
            with open_local_copy(release.clips_table) as table:
                rows = read_page_of_clips(table, where={"clip_id": str(clip.uid)}, limit=1)
        except (BlobDestroyedError, BlobMissingError, duckdb.Error):
            continue
        for row in rows:
            yield str(row["path"]), str(row["md5"])
