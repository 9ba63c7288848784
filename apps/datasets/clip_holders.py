"""What this room holds of clips: their rows, and whose work they were."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from apps.audit.models import AuditEvent
from apps.datasets.models import Clip, EarlierWork
from apps.jobs.models import Job
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    declare_clip_free,
    list_row_holdings,
    list_rows_naming,
    register_holder,
)


def _find_clips(trace: ClipTrace) -> Iterator[Holding]:
    same = Q(blob__in=trace.blob_ids) | Q(original__in=trace.blob_ids) | Q(uid=trace.clip_uid)
    yield from list_row_holdings(Clip.objects.filter(same))


def _find_earlier_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_row_holdings(EarlierWork.objects.filter(clip__uid=trace.clip_uid))


def _find_audit_events(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_rows_naming(AuditEvent.objects.all(), ["detail"], _list_words(trace))


def _find_jobs(trace: ClipTrace) -> Iterator[Holding]:
    columns = ["arguments", "result", "error", "message"]
    yield from list_rows_naming(Job.objects.all(), columns, _list_words(trace))


def _list_words(trace: ClipTrace) -> tuple[str, ...]:
    return (*trace.paths, *trace.sha256s, str(trace.clip_uid))


register_holder(
    Holder(
        name="clips",
        what="the clip's row, with its labels, and rows of other clips that have the same bytes",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="`remove_clips` takes it out of the draft; the row stays, for the record",
        find=_find_clips,
        columns=(
            "datasets.Clip.path",
            "datasets.Clip.blob",
            "datasets.Clip.original",
            "datasets.Clip.fields",
            "datasets.Clip.cells_sha256",
        ),
    )
)
register_holder(
    Holder(
        name="earlier work",
        what="whose work a clip was while it had certain bytes",
        held=Held.HASH,
        departure=Departure.STAYS,
        way="append-only: what was somebody's work stays theirs",
        find=_find_earlier_work,
        columns=("datasets.EarlierWork.content_sha256",),
    )
)
register_holder(
    Holder(
        name="audit events",
        what="events that name a clip by its path or its bytes by their hash",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="append-only and chained: the record of what was done",
        find=_find_audit_events,
        columns=("audit.AuditEvent.detail",),
    )
)
register_holder(
    Holder(
        name="jobs",
        what="what long work was asked, and what it answered, with paths in sentences",
        held=Held.PATH,
        departure=Departure.STAYS,
        way="rows of jobs are kept",
        find=_find_jobs,
        columns=("jobs.Job.arguments", "jobs.Job.result", "jobs.Job.error"),
    )
)
declare_clip_free("it names datasets", "accounts.Token.datasets")
declare_clip_free(
    "it counts for the schedule of regular work",
    "apps.jobs.schedule",
)
declare_clip_free(
    "it is of a dataset or its vocabulary as a whole",
    "datasets.Vocabulary.sha256",
    "datasets.Dataset.request_fields",
    "datasets.Dataset.embargoes",
    "datasets.Dataset.sheet",
    "datasets.Dataset.quasi_identifiers",
    "datasets.Dataset.split_policy",
    "datasets.Dataset.consent_key",
    "datasets.Lowering.before",
    "datasets.Lowering.becomes",
)
