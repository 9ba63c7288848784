"""What this room holds of clips: the bytes before and after a redaction, and who heard what."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from apps.review.models import (
    Decision,
    Headcount,
    Hearing,
    Playback,
    Redaction,
    Revocation,
    Sample,
    SampleClip,
)
from apps.storage.holders import (
    ClipTrace,
    Departure,
    Held,
    Holder,
    Holding,
    Medium,
    list_blob_holdings,
    list_passing_files,
    list_row_holdings,
    register_holder,
)


def _find_redactions(trace: ClipTrace) -> Iterator[Holding]:
    touched = Q(before__in=trace.blob_ids) | Q(after__in=trace.blob_ids)
    rows = Redaction.objects.filter(touched | Q(clip__uid=trace.clip_uid))
    yield from list_row_holdings(rows)
    for pair in rows.values_list("before", "after"):
        yield from list_blob_holdings(pair)


def _find_redaction_work(trace: ClipTrace) -> Iterator[Holding]:
    yield from list_passing_files("tmp*")


def _find_acts(trace: ClipTrace) -> Iterator[Holding]:
    bound = Q(dataset__uid=trace.store, content_sha256__in=trace.sha256s)
    found = Q(finding__clip__uid=trace.clip_uid)
    yield from list_row_holdings(Playback.objects.filter(bound))
    yield from list_row_holdings(Hearing.objects.filter(bound))
    yield from list_row_holdings(Headcount.objects.filter(bound))
    yield from list_row_holdings(SampleClip.objects.filter(clip__uid=trace.clip_uid))
    yield from list_row_holdings(Decision.objects.filter(found))
    yield from list_row_holdings(Revocation.objects.filter(found))


def _find_frames(trace: ClipTrace) -> Iterator[Holding]:
    hashes = [bytes.fromhex(each) for each in trace.sha256s]
    rows = Sample.objects.filter(dataset__uid=trace.store).values_list("pk", "frame")
    for pk, frame in rows.iterator():
        parts = {bytes(frame)[at : at + 32] for at in range(0, len(frame), 32)}
        if parts & set(hashes):
            yield Holding(Medium.ROWS, f"{Sample._meta.db_table}: {pk}")


register_holder(
    Holder(
        name="redactions",
        what="the bytes before and after each redaction, the original among them",
        held=Held.BYTES,
        departure=Departure.DESTROYED,
        way="`destroy_blob` for each; the row stays, as the record of what was taken out",
        find=_find_redactions,
        columns=(
            "privacy.Redaction.before",
            "privacy.Redaction.after",
            "privacy.Redaction.before_path",
            "privacy.Redaction.after_path",
            "privacy.Redaction.parameters",
            "privacy.Redaction.intervals",
            "privacy.Redaction.changes",
            "privacy.Redaction.events",
        ),
    )
)
register_holder(
    Holder(
        name="redactions under way",
        what="a clip's redacted bytes while they are written",
        held=Held.BYTES,
        departure=Departure.EXPIRES,
        way="the folder goes when the bytes are kept; what a killed process left stays in `work/`",
        find=_find_redaction_work,
        folders=("work/tmp*/**",),
        modules=("apps.review.replacements", "apps.audio.containers.writing"),
    )
)
register_holder(
    Holder(
        name="acts of review",
        what="what people heard, counted, sampled and decided, each bound to bytes",
        held=Held.HASH,
        departure=Departure.STAYS,
        way="append-only: releases rest on it",
        find=_find_acts,
        columns=(
            "privacy.Playback.content_sha256",
            "privacy.Decision.content_sha256",
            "privacy.Decision.bytes_sha256",
            "privacy.Revocation.content_sha256",
            "privacy.Headcount.content_sha256",
            "privacy.SampleClip.content_sha256",
            "privacy.Hearing.content_sha256",
        ),
    )
)
register_holder(
    Holder(
        name="sample frames",
        what="the hashes of all contents from which a sample was drawn",
        held=Held.HASH,
        departure=Departure.STAYS,
        way="the frame proves the draw",
        find=_find_frames,
        columns=("privacy.Sample.frame",),
    )
)
