"""What reviewers did to what a release holds: agreed, took back, heard, counted, redacted.

Only of the bytes and texts in the release: what was decided, heard or counted of others is no part
of its review. All from rows that never change; `until` is a moment, or none for now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.packaging.released_contents import ReleasedContents
from apps.review.models import (
    Confirmation,
    Headcount,
    Hearing,
    Redaction,
    Revocation,
    Sample,
    SampleClip,
)
from apps.review.sampling import list_hearings

Row = dict[str, Any]
# Of what a detector or a listener quotes, so much stays: enough to find it again, too little to
# learn it.
QUOTED_CHARACTERS = 6


def shorten_name(text: str) -> str:
    """The beginning of what may be somebody's name, at most a third of it, and its length."""
    kept = text[: min(QUOTED_CHARACTERS, len(text) // 3)]
    return f"{kept}… ({len(text)} characters)" if text else ""


def format_moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="seconds")


def list_confirmations(
    dataset: Dataset, contents: ReleasedContents, until: datetime | None
) -> Iterator[Row]:
    """What second reviewers said of clearances that let an identifiable person stay."""
    rows = Confirmation.objects.filter(finding__clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(confirmed_at__lte=until)
    related = ("finding__clip", "confirmed_by", "decided_by")
    for row in rows.select_related(*related).order_by("pk"):
        if not _is_held(row.finding, contents):
            continue
        yield {
            **_describe_finding(row.finding, contents),
            "agreed": row.agree,
            "reason": row.reason,
            "by": row.confirmed_by.username,
            "at": format_moment(row.confirmed_at),
            "decided_by": row.decided_by.username,
        }


def list_revocations(
    dataset: Dataset, contents: ReleasedContents, until: datetime | None
) -> Iterator[Row]:
    """Decisions that are not in force any more, as they were, and why."""
    rows = Revocation.objects.filter(finding__clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(revoked_at__lte=until)
    related = ("finding__clip", "decided_by", "revoked_by")
    for row in rows.select_related(*related).order_by("pk"):
        if not _is_held(row.finding, contents):
            continue
        yield {
            **_describe_finding(row.finding, contents),
            "verdict": row.verdict,
            "identifiable": row.identifiable,
            "reason": row.reason,
            "decided_by": row.decided_by.username,
            "decided_at": format_moment(row.decided_at),
            "cause": row.cause,
            "why": row.why,
            "by": row.revoked_by.username,
            "at": format_moment(row.revoked_at),
        }


def list_samples(
    dataset: Dataset, contents: ReleasedContents, until: datetime | None
) -> Iterator[Row]:
    """Every sample that drew released bytes, and who heard which of those when.

    `bound` is the share of unflagged contents it was drawn to stay under; `size` and `population`
    are those of the draw, `released` says how many of the drawn contents the release holds.
    """
    rows = Sample.objects.filter(dataset=dataset)
    heard = list_hearings(dataset)
    if until is not None:
        rows, heard = rows.filter(drawn_at__lte=until), heard.filter(heard_at__lte=until)
    by_sample: dict[int, list[Hearing]] = {}
    for hearing in heard.select_related("sample_clip__clip", "heard_by"):
        if hearing.content_sha256 in contents.sounds:
            by_sample.setdefault(hearing.sample_clip.sample_id, []).append(hearing)
    drawn = Counter(
        sample_id
        for sample_id, content in SampleClip.objects.filter(sample__dataset=dataset)
        .order_by()
        .values_list("sample_id", "content_sha256")
        .iterator()
        if content in contents.sounds
    )
    for row in rows.filter(pk__in=drawn).select_related("drawn_by").order_by("number"):
        of_it = by_sample.get(row.pk, [])
        yield {
            "uid": str(row.uid),
            "number": row.number,
            "seed": row.seed,
            "bound": row.bound,
            "population": row.population,
            "size": row.size,
            "released": drawn[row.pk],
            "drawn_by": row.drawn_by.username,
            "drawn_at": format_moment(row.drawn_at),
            "heard": len(of_it),
            "missed": sum(hearing.missed for hearing in of_it),
            "hearings": [_describe_hearing(hearing, contents) for hearing in of_it],
        }


def _describe_hearing(row: Hearing, contents: ReleasedContents) -> Row:
    clip = contents.find(str(row.sample_clip.clip.uid), row.content_sha256)
    return {
        "clip": clip.path,
        "clip_id": clip.clip_id,
        "position": row.sample_clip.position,
        "content_sha256": row.content_sha256,
        "missed": row.missed,
        "note": shorten_name(row.note),
        "by": row.heard_by.username,
        "at": format_moment(row.heard_at),
    }


def list_headcounts(
    dataset: Dataset, contents: ReleasedContents, until: datetime | None
) -> Iterator[Row]:
    """How many people reviewers heard in which bytes, oldest first: the last of them counts."""
    rows = Headcount.objects.filter(dataset=dataset)
    if until is not None:
        rows = rows.filter(counted_at__lte=until)
    for row in rows.select_related("clip", "counted_by").order_by("pk"):
        if row.content_sha256 not in contents.sounds:
            continue
        clip = contents.find(str(row.clip.uid), row.content_sha256)
        yield {
            "clip": clip.path,
            "clip_id": clip.clip_id,
            "content_sha256": row.content_sha256,
            "people_heard": row.people_heard,
            "people_recorded": row.people_recorded,
            "somebody_unknown": row.somebody_unknown,
            "reason": row.reason,
            "by": row.counted_by.username,
            "at": format_moment(row.counted_at),
        }


def list_redactions(
    dataset: Dataset, contents: ReleasedContents, until: datetime | None
) -> Iterator[Row]:
    """Which transform made which bytes of which, on the way to what the release holds.

    `released` says whether it made the released bytes themselves.
    """
    rows = Redaction.objects.filter(clip__dataset=dataset)
    if until is not None:
        rows = rows.filter(made_at__lte=until)
    related = ("finding", "clip", "before", "after", "made_by")
    wanted = {(uid, clip.sha256) for uid, clip in contents.clips.items()}
    released = frozenset(wanted)
    leading: list[Redaction] = []
    for row in rows.select_related(*related).order_by("-pk"):
        uid = str(row.clip.uid)
        if (uid, row.after.sha256) in wanted:
            # The last way to these bytes is the one that counts: an earlier one was taken back.
            wanted.discard((uid, row.after.sha256))
            wanted.add((uid, row.before.sha256))
            leading.append(row)
    for row in reversed(leading):
        is_released = (str(row.clip.uid), row.after.sha256) in released
        yield _build_redaction(row, is_released=is_released)


def _build_redaction(row: Redaction, *, is_released: bool) -> Row:
    return {
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
        "released": is_released,
        "by": row.made_by.username,
        "at": format_moment(row.made_at),
    }


def _is_held(finding: Finding, contents: ReleasedContents) -> bool:
    return contents.holds(str(finding.clip.uid), finding.content_sha256)


def _describe_finding(finding: Finding, contents: ReleasedContents) -> Row:
    clip = contents.clips[str(finding.clip.uid)]
    return {
        "clip": clip.path,
        "clip_id": clip.clip_id,
        "kind": finding.kind,
        "onset": finding.onset,
        "offset": finding.offset,
    }
