"""What this room holds of clips: the bytes themselves, and bytes on their way into the store."""

from __future__ import annotations

from collections.abc import Iterator

from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    find_nothing,
    list_blob_holdings,
    list_passing_files,
    register_holder,
)
from apps.storage.places import find_blob_place


def _find_objects(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_blob_holdings(trace.blob_ids)


def _find_staged(trace: ClipTrace) -> Iterator[Holding]:
    folder = find_blob_place().staging.folder
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        yield Holding(Medium.DISK, str(path), is_certain=False)


def _find_spilled(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("duckdb/*")


def _find_version_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("version-*")


def _find_cached_by_dvc(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("dvc")


register_holder(
    Holder(
        name="objects",
        what="the bytes of a clip in every form that it had, each once for its dataset",
        held=Held.BYTES,
        departure=Departure.DESTROYED,
        way="`destroy_blob` removes the bytes and keeps the row that says so",
        find=_find_objects,
        columns=("storage.Blob.oid", "storage.Blob.sha256"),
        folders=("blobs/*/files/md5/*/*",),
        modules=("apps.storage.blobs", "apps.storage.places"),
    )
)
register_holder(
    Holder(
        name="staging",
        what="bytes that are hashed before they get their name",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="their writer removes them; what a killed one left, `sweep_staging` when it is called",
        find=_find_staged,
        folders=("blobs/tmp/*", "work/staging/*"),
        modules=("apps.storage.staging",),
    )
)
register_holder(
    Holder(
        name="borrowed copies",
        what="a remote store's object while it is read, in the system's folder of temporary files",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="it goes when its reader closes it; it has no name to be found by",
        find=find_nothing,
    )
)
register_holder(
    Holder(
        name="spilled queries",
        what="rows of tables that did not fit into memory while they were asked",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="they go with the connection that wrote them",
        find=_find_spilled,
        folders=("work/duckdb/**",),
        modules=("apps.storage.table_queries", "apps.storage.parquet_tables"),
    )
)
register_holder(
    Holder(
        name="versions under way",
        what="listings of a version while it is written",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="the folder goes when the version is written",
        find=_find_version_work,
        folders=("work/version-*/**",),
        modules=(
            "apps.storage.listing_shards",
            "apps.storage.manifests",
            "apps.storage.version_writing",
        ),
    )
)
register_holder(
    Holder(
        name="repositories read",
        what="DVC's notes on repositories that are imported from",
        held=Held.HASH,
        departure=Departure.EXPIRES,
        way="DVC keeps them; nothing is lost by emptying the folder",
        find=_find_cached_by_dvc,
        folders=("work/dvc/**",),
        modules=("apps.storage.dvc_sources",),
    )
)
