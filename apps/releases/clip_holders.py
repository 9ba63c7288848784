"""What this room holds of clips: which releases have them, and what their tables say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from apps.releases.models import (
    GateResult,
    Lapse,
    Release,
    ReleaseBlob,
    ReleasePerson,
    ReviewReport,
)
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    declare_clip_free,
    list_blob_holdings,
    list_blobs_naming,
    list_passing_files,
    list_row_holdings,
    list_rows_naming,
    register_holder,
)
from apps.storage.models import Blob
from apps.storage.version_reading import find_file, open_version
from datasets_catalog.errors import EarmarkError

ATTRIBUTION = "data/ATTRIBUTION.csv"


def list_releases_holding(trace: ClipTrace) -> QuerySet[Release]:
    """Every release whose contents are, or were, among the clip's bytes."""
    return Release.objects.filter(
        dataset__uid=trace.store,
        pk__in=ReleaseBlob.objects.filter(blob__in=trace.blob_ids).values("release"),
    ).order_by("pk")


def _find_holdings(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_row_holdings(ReleaseBlob.objects.filter(blob__in=trace.blob_ids))


def _find_tables(trace: ClipTrace) -> Iterator[Holding]:
    """Tables of releases that hold the bytes; frozen ones are, whether or not they went out."""
    for release in list_releases_holding(trace):
        yield from list_blob_holdings(
            (release.clips_table_id, release.events_table_id, release.people_table_id)
        )


def _find_listings(trace: ClipTrace) -> Iterator[Holding]:
    listings = Blob.objects.filter(
        store=trace.store, oid__endswith=".dir", held_by__release__in=list_releases_holding(trace)
    ).distinct()
    yield from list_blobs_naming(listings.values_list("pk", flat=True), _list_oids(trace))


def _find_attributions(trace: ClipTrace) -> Iterator[Holding]:
    found = set()
    for release in list_releases_holding(trace).exclude(dvc_commit=""):
        try:
            found.add(
                find_file(trace.store, open_version(trace.store, release.tag), ATTRIBUTION).pk
            )
        except EarmarkError:
            # A version that cannot be read is named by `fsck`.
            yield Holding(Medium.OUTSIDE, f"{release}: {ATTRIBUTION}", is_certain=False)
    yield from list_blobs_naming(found, trace.paths)


def _find_versions(trace: ClipTrace) -> Iterator[Holding]:
    path = Path(settings.GIT_ROOT) / f"{trace.store}.git"
    if path.is_dir() and list_releases_holding(trace).exclude(dvc_commit="").exists():
        yield Holding(Medium.DISK, str(path))


def _find_people(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_row_holdings(ReleasePerson.objects.filter(clip_uid=trace.clip_uid))
    yield from list_row_holdings(Lapse.objects.filter(clip_uid=trace.clip_uid))


def _find_verdicts(trace: ClipTrace) -> Iterator[Holding]:
    rows = GateResult.objects.filter(release__dataset__uid=trace.store)
    words = (*trace.paths, str(trace.clip_uid))
    yield from list_rows_naming(rows, ["failing", "numbers", "summary"], words)


def _find_statistics(trace: ClipTrace) -> Iterator[Holding]:
    rows = Release.objects.filter(dataset__uid=trace.store)
    yield from list_rows_naming(rows, ["statistics"], (*trace.paths, str(trace.clip_uid)))


def _find_reports(trace: ClipTrace) -> Iterator[Holding]:
    rows = ReviewReport.objects.filter(release__in=list_releases_holding(trace))
    words = (*trace.paths, *trace.sha256s, str(trace.clip_uid))
    yield from list_blobs_naming(rows.values_list("blob", flat=True), words)


def _find_freezing_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("tmp*")


def _list_oids(trace: ClipTrace) -> tuple[str, ...]:
    return tuple(blob.oid for blob in trace.blobs)


register_holder(
    Holder(
        name="release holdings",
        what="that a release holds a blob: what DVC's clients fetch by its listings",
        held=Held.BYTES,
        departure=Departure.DESTROYED,
        way="the blob is destroyed; the row stays, so that every release that held it is known",
        find=_find_holdings,
        columns=("releases.ReleaseBlob.blob",),
    )
)
register_holder(
    Holder(
        name="release tables",
        what="`clips.parquet` and `events.parquet` with the clip's row and labels, and digests of"
        " who is in it",
        held=Held.PATH,
        departure=Departure.DESTROYED,
        way="a table is destroyed whole: its release cannot be read or proved any more",
        find=_find_tables,
        columns=(
            "releases.Release.clips_table",
            "releases.Release.events_table",
            "releases.Release.people_table",
        ),
        modules=("apps.releases.versioning",),
    )
)
register_holder(
    Holder(
        name="freezes under way",
        what="tables of a release while they are written",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="the folder goes when they are kept; what a killed process left stays in `work/`",
        find=_find_freezing_work,
        folders=("work/tmp*/**",),
        modules=("apps.releases.freezing",),
    )
)
register_holder(
    Holder(
        name="listings",
        what="DVC's directories of a version: the clip's path and md5",
        held=Held.PATH,
        departure=Departure.DESTROYED,
        way="a listing is destroyed whole: with it go all files of its directory for DVC",
        find=_find_listings,
    )
)
register_holder(
    Holder(
        name="attributions",
        what="`ATTRIBUTION.csv` of a version: path, title, author and source",
        held=Held.PATH,
        departure=Departure.DESTROYED,
        way="`destroy_blob`, for every clip of the version at once",
        find=_find_attributions,
    )
)
register_holder(
    Holder(
        name="versions in git",
        what="commits with the hashes of listings, the card and Croissant",
        held=Held.HASH,
        departure=Departure.STAYS,
        way="commits are never written anew: clones would break, and they hold no clip",
        find=_find_versions,
        folders=("git/*.git/**", "git/*.lock"),
        modules=("apps.storage.git",),
    )
)
register_holder(
    Holder(
        name="people of releases",
        what="who is in which clip of a release, and what lapsed of it",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="append-only: by it a person's answer closes what went out",
        find=_find_people,
        columns=(
            "releases.ReleasePerson.clip_uid",
            "releases.ReleasePerson.path",
            "releases.Lapse.clip_uid",
            "releases.Lapse.path",
        ),
    )
)
register_holder(
    Holder(
        name="verdicts of gates",
        what="clips that failed a gate, by path",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="of a release that went out they are its record; of others they go with the draft",
        find=_find_verdicts,
        columns=("releases.GateResult.failing", "releases.GateResult.numbers"),
    )
)
register_holder(
    Holder(
        name="statistics",
        what="counts over a release, which may name single clips",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="they are of the release's root",
        find=_find_statistics,
        columns=("releases.Release.statistics",),
    )
)
register_holder(
    Holder(
        name="review reports",
        what="the record of a release's review as it stood at publication",
        held=Held.PATH,
        departure=Departure.DESTROYED,
        way="`destroy_blob`; the row stays",
        find=_find_reports,
        columns=("releases.ReviewReport.blob",),
    )
)
declare_clip_free(
    "it is of a release as a whole",
    "releases.Release.purposes",
    "releases.Release.territories",
    "releases.Release.cleared",
    "releases.Release.about",
    "releases.Release.root",
    "releases.GateResult.root",
    "releases.SignOff.root",
    "releases.ChecklistAnswer.root",
    "releases.DetectorInForce.parameters_sha256",
)
declare_clip_free(
    "it is a paper that the dataset rests on",
    "releases.Document.blob",
    "apps.releases.checklist_answers",
)
