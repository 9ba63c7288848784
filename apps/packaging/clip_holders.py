"""What this room holds of clips: shards with the sound in them, and what is said of a release."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.parquet as pq

from apps.packaging.models import ReleaseStatement, Snapshot, SnapshotFile
from apps.releases.clip_holders import list_releases_holding
from apps.storage.blobs import open_blob
from apps.storage.errors import BlobMissingError
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    declare_clip_free,
    find_nothing,
    list_blob_holdings,
    list_blobs_naming,
    list_passing_files,
    list_rows_naming,
    register_holder,
)
from apps.storage.models import Blob


def _find_shards(trace: ClipTrace) -> Iterator[Holding]:
    """Shards in which a row has the bytes; one that cannot be read may hold them."""
    rows = SnapshotFile.objects.filter(snapshot__release__dataset__uid=trace.store)
    shards = Blob.objects.alive().filter(pk__in=rows.exclude(key="").values("blob"))
    for blob in shards.order_by("pk"):
        try:
            with open_blob(blob) as stream:
                hashes = pq.ParquetFile(stream).read(["sha256"]).column("sha256").to_pylist()
        except BlobMissingError:
            yield Holding(Medium.STORE, blob.key, is_certain=False)
            continue
        if set(hashes) & set(trace.sha256s):
            yield Holding(Medium.STORE, blob.key)


def _find_snapshot_texts(trace: ClipTrace) -> Iterator[Holding]:
    """The card, Croissant and attribution of snapshots, and tables beside the shards."""
    rows = SnapshotFile.objects.filter(snapshot__release__in=list_releases_holding(trace), key="")
    tables = rows.filter(path__endswith=".parquet").values_list("blob", flat=True)
    yield from list_blob_holdings(tables)
    texts = rows.exclude(path__endswith=".parquet").values_list("blob", flat=True)
    yield from list_blobs_naming(texts, trace.paths)
    yield from list_rows_naming(Snapshot.objects.all(), ["card"], trace.paths)


def _find_statements(trace: ClipTrace) -> Iterator[Holding]:
    rows = ReleaseStatement.objects.filter(release__in=list_releases_holding(trace))
    words = (*trace.paths, *trace.sha256s, str(trace.clip_uid))
    yield from list_rows_naming(rows, ["facts"], words)
    yield from list_blobs_naming(rows.values_list("review", flat=True), words)


def _find_snapshot_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("snapshot-*")


register_holder(
    Holder(
        name="snapshot shards",
        what="Parquet files with the sound inside, as the Hub door serves them; later versions"
        " share them",
        held=Held.BYTES,
        departure=Departure.DESTROYED,
        way="`destroy_blob` of the whole shard, in which other clips are, too",
        find=_find_shards,
        columns=(
            "packaging.SnapshotFile.path",
            "packaging.SnapshotFile.blob",
            "packaging.SnapshotFile.git_oid",
            "packaging.SnapshotFile.key",
            "packaging.SnapshotFile.shard",
        ),
        modules=("apps.packaging.kept_snapshots", "apps.packaging.shards"),
    )
)
register_holder(
    Holder(
        name="snapshots under way",
        what="shards while they are written",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="the folder goes when they are kept; what a killed process left stays in `work/`",
        find=_find_snapshot_work,
        folders=("work/snapshot-*/**",),
    )
)
register_holder(
    Holder(
        name="texts of snapshots",
        what="card, Croissant, attribution and tables of the Hub door's files",
        held=Held.PATH,
        departure=Departure.DESTROYED,
        way="`destroy_blob`, for every clip of the release at once",
        find=_find_snapshot_texts,
        columns=("packaging.Snapshot.card",),
    )
)
register_holder(
    Holder(
        name="statements",
        what="the facts of a release as it was approved, and what review did to its contents",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="append-only: what a release said of itself",
        find=_find_statements,
        columns=("packaging.ReleaseStatement.facts", "packaging.ReleaseStatement.review"),
        modules=("apps.packaging.review_report",),
    )
)
register_holder(
    Holder(
        name="descriptions in the cache",
        what="Croissant of a release, under a hash of what it is made of",
        held=Held.HASH,
        departure=Departure.EXPIRES,
        way="forgotten by the cache after its time; it names tables and no clip",
        find=find_nothing,
        modules=("apps.packaging.documents",),
    )
)
declare_clip_free("it is of a release as a whole", "packaging.ReleaseStatement.root")
