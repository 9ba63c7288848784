"""What this room holds of clips: uploads and pushes whose clips are not in the draft yet."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from apps.ingest.models import Push, PushedFile, Upload, UploadPart, UploadRow
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
from apps.storage.places import find_blob_place


def _find_parts(trace: ClipTrace) -> Iterator[Holding]:
    """Parts of files with these bytes, and those whose row was never written."""
    uploads = Upload.objects.filter(dataset__uid=trace.store).order_by("pk")
    rows = UploadPart.objects.filter(upload__in=uploads)
    certain = rows.filter(sha256__in=trace.sha256s)
    yield from list_row_holdings(certain)
    keys, known = (set(each.values_list("key", flat=True)) for each in (certain, rows))
    for key in sorted(keys):
        yield Holding(Medium.STORE, key)
    for uid in uploads.values_list("uid", flat=True):
        for key in sorted(set(find_blob_place().keys(f"uploads/{uid}")) - known):
            yield Holding(Medium.STORE, key, is_certain=False)


def _find_xorbs(trace: ClipTrace) -> Iterator[Holding]:
    """Every xorb of the dataset: which files it was cut from is said by no row."""
    for key in sorted(find_blob_place().keys(f"xorbs/{trace.store}")):
        yield Holding(Medium.STORE, key, is_certain=False)


def _find_upload_rows(trace: ClipTrace) -> Iterator[Holding]:
    named = Q(path__in=trace.paths) | Q(sha256__in=trace.sha256s)
    yield from list_row_holdings(UploadRow.objects.filter(named, upload__dataset__uid=trace.store))


def _find_reports(trace: ClipTrace) -> Iterator[Holding]:
    words = (*trace.paths, *trace.sha256s)
    uploads = Upload.objects.filter(dataset__uid=trace.store)
    yield from list_rows_naming(uploads, ["report"], words)
    yield from list_rows_naming(Push.objects.filter(dataset__uid=trace.store), ["report"], words)


def _find_pushed_files(trace: ClipTrace) -> Iterator[Holding]:
    rows = PushedFile.objects.filter(dataset__uid=trace.store)
    sounds = rows.filter(Q(blob__in=trace.blob_ids) | Q(path__in=trace.paths))
    yield from list_row_holdings(sounds)
    yield from list_blob_holdings(sounds.values_list("blob", flat=True))
    # What decoding found tells sounds from tables and cards, which may name the clip.
    tables = rows.filter(probe={}).values_list("blob", flat=True)
    yield from list_blobs_naming(tables, (*trace.paths, *trace.sha256s))


def _find_arrivals_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("tmp*", "dvc-*")


register_holder(
    Holder(
        name="parts of uploads",
        what="pieces of a large file that is being sent",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="`remove_parts` when they are joined; else when the upload's time is over",
        find=_find_parts,
        columns=(
            "ingest.UploadPart.sha256",
            "ingest.UploadPart.part_sha256",
            "ingest.UploadPart.key",
        ),
        folders=("blobs/uploads/*/*",),
        modules=("apps.ingest.upload_bytes",),
    )
)
register_holder(
    Holder(
        name="xorbs",
        what="chunks of files that the Hub's clients push, packed",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="`sweep_xorbs` after two days, when somebody pushes again",
        find=_find_xorbs,
        columns=("ingest.Xorb.key",),
        folders=("blobs/xorbs/*/*",),
        modules=("apps.ingest.xet_store",),
    )
)
register_holder(
    Holder(
        name="pushed files",
        what="sounds that no row speaks of yet, tables, and the card of a pushed draft",
        held=Held.BYTES,
        departure=Departure.FORGOTTEN,
        way="the row goes with a push that deletes the file, or when it becomes a clip",
        find=_find_pushed_files,
        columns=(
            "ingest.PushedFile.path",
            "ingest.PushedFile.blob",
            "ingest.PushedFile.git_oid",
            "ingest.PushedFile.probe",
        ),
        modules=("apps.ingest.pushes",),
    )
)
register_holder(
    Holder(
        name="rows of uploads",
        what="rows of the clip table that wait for their upload to be finished",
        held=Held.PATH,
        departure=Departure.EXPIRES,
        way="they go with their upload",
        find=_find_upload_rows,
        columns=("ingest.UploadRow.path", "ingest.UploadRow.sha256", "ingest.UploadRow.cells"),
    )
)
register_holder(
    Holder(
        name="reports of uploads and pushes",
        what="what came in and what was refused, with paths",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="a push's is the record of who changed the draft; an upload's goes with the upload",
        find=_find_reports,
        columns=("ingest.Upload.report", "ingest.Push.report"),
    )
)
register_holder(
    Holder(
        name="imports under way",
        what="files of archives, repositories and folders while they are read, and their tables",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="the folder goes when the import ends; what a killed process left stays in `work/`",
        find=_find_arrivals_work,
        folders=("work/tmp*/**", "work/dvc-*/**"),
        modules=(
            "apps.ingest.actions",
            "apps.ingest.archives",
            "apps.ingest.dvc_repositories",
            "apps.ingest.intake",
            "apps.ingest.sources",
            "apps.ingest.table_files",
        ),
    )
)
declare_clip_free("it is the draft's commit as a whole", "ingest.Push.oid")
