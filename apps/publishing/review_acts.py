"""What reviewers did, for the review report: second opinions, what was taken back, heard, redacted.

All from rows that never change; `until` is the moment of publication, or none for what is not out.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from apps.datasets.models import Dataset
from apps.privacy.models import (
    Confirmation,
    Finding,
    Headcount,
    Hearing,
    Redaction,
    Revocation,
    Sample,
)
from apps.privacy.sampling import hearings_of

Row = dict[str, Any]
# Of what a detector or a listener quotes, so much stays: enough to find it again, too little to
# learn it.
QUOTED = 6


def shortened(text: str) -> str:
    """The beginning of what may be somebody's name, at most a third of it, and its length."""
    kept = text[: min(QUOTED, len(text) // 3)]
    return f"{kept}… ({len(text)} characters)" if text else ""


def moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds")


def confirmations(dataset: Dataset, until: datetime | None) -> Iterator[Row]:
    """What second reviewers said of clearances that let an identifiable person stay."""
    rows = Confirmation.objects.filter(finding__clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(confirmed_at__lte=until)
    related = ("finding__clip", "confirmed_by", "decided_by")
    for row in rows.select_related(*related).order_by("pk"):
        yield {
            **_of(row.finding),
            "agreed": row.agree,
            "reason": row.reason,
            "by": row.confirmed_by.username,
            "at": moment(row.confirmed_at),
            "decided_by": row.decided_by.username,
        }


def taken_back(dataset: Dataset, until: datetime | None) -> Iterator[Row]:
    """Decisions that are not in force any more, as they were, and why."""
    rows = Revocation.objects.filter(finding__clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(revoked_at__lte=until)
    related = ("finding__clip", "decided_by", "revoked_by")
    for row in rows.select_related(*related).order_by("pk"):
        yield {
            **_of(row.finding),
            "verdict": row.verdict,
            "identifiable": row.identifiable,
            "reason": row.reason,
            "decided_by": row.decided_by.username,
            "decided_at": moment(row.decided_at),
            "cause": row.cause,
            "why": row.why,
            "by": row.revoked_by.username,
            "at": moment(row.revoked_at),
        }


def samples(dataset: Dataset, until: datetime | None) -> Iterator[Row]:
    """Every sample that was drawn, and who heard which of its contents when.

    `bound` is the share of unflagged contents it was drawn to stay under.
    """
    rows, heard = Sample.objects.filter(dataset=dataset), hearings_of(dataset)
    if until is not None:
        rows, heard = rows.filter(drawn_at__lte=until), heard.filter(heard_at__lte=until)
    by_sample: dict[int, list[Hearing]] = {}
    for hearing in heard.select_related("sample_clip__clip", "heard_by"):
        by_sample.setdefault(hearing.sample_clip.sample_id, []).append(hearing)
    for row in rows.select_related("drawn_by").order_by("number"):
        of_it = by_sample.get(row.pk, [])
        yield {
            "uid": str(row.uid),
            "number": row.number,
            "seed": row.seed,
            "bound": row.bound,
            "population": row.population,
            "size": row.size,
            "drawn_by": row.drawn_by.username,
            "drawn_at": moment(row.drawn_at),
            "heard": len(of_it),
            "missed": sum(hearing.missed for hearing in of_it),
            "hearings": [_hearing(hearing) for hearing in of_it],
        }


def _hearing(row: Hearing) -> Row:
    return {
        "clip": row.sample_clip.clip.path,
        "clip_id": str(row.sample_clip.clip.uid),
        "position": row.sample_clip.position,
        "content_sha256": row.content_sha256,
        "missed": row.missed,
        "note": shortened(row.note),
        "by": row.heard_by.username,
        "at": moment(row.heard_at),
    }


def headcounts(dataset: Dataset, until: datetime | None) -> Iterator[Row]:
    """How many people reviewers heard in which bytes, oldest first: the last of them counts."""
    rows = Headcount.objects.filter(dataset=dataset)
    if until is not None:
        rows = rows.filter(counted_at__lte=until)
    for row in rows.select_related("clip", "counted_by").order_by("pk"):
        yield {
            "clip": str(row.clip.uid),
            "content": row.content_sha256,
            "people_heard": row.people_heard,
            "people_recorded": row.people_recorded,
            "somebody_unknown": row.somebody_unknown,
            "reason": row.reason,
            "by": row.counted_by.username,
            "at": moment(row.counted_at),
        }


def redactions(
    dataset: Dataset, released: AbstractSet[str], until: datetime | None
) -> Iterator[Row]:
    """Which transform made which bytes of which; `released` are SHA-256 of released bytes."""
    rows = Redaction.objects.filter(clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(made_at__lte=until)
    for row in rows.select_related("finding", "clip", "before", "after", "made_by").order_by("pk"):
        yield {
            "clip": row.after_path,
            "clip_id": str(row.clip.uid),
            "kind": row.finding.kind,
            "sha256_before": row.before.sha256,
            "sha256_after": row.after.sha256,
            "method": row.method,
            "version": row.version,
            "parameters": row.parameters,
            "intervals": row.intervals,
            "changes": row.changes,
            "released": row.after.sha256 in released,
            "by": row.made_by.username,
            "at": moment(row.made_at),
        }


def _of(finding: Finding) -> Row:
    return {
        "clip": finding.clip.path,
        "clip_id": str(finding.clip.uid),
        "kind": finding.kind,
        "onset": finding.onset,
        "offset": finding.offset,
    }
