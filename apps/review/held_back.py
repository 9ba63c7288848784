"""What review says of bytes, wherever in the organisation they are: held back, and counted in.

A decision in force that excludes a clip, or that has something taken out of it, holds back the
bytes it was made on, in whichever clip they were or are. A redaction makes new bytes; those from
before stay held back. A reviewer lets bytes go again by clearing the finding that they came back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.consent.models import PeopleStatement
from apps.datasets.models import Clip, Dataset
from apps.review.models import Decision, Headcount
from apps.storage.models import Blob
from datasets_catalog.finding_kinds import FindingKind

# SHA-256 of bytes: listed, or as a query with one column.
Contents = Collection[str] | QuerySet[Any, Any]


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The verdict that holds a content (SHA-256 of bytes) back, and since when."""

    content: str
    verdict: Decision.Verdict
    since: datetime


# Where the bytes stand that an exclusion for texts holds back, and of which exclusions: those that
# the clip had then, and while nothing else has come in for it, those that it has, and came in with.
# Of decisions from before it was kept which these were: all that the clip ever had.
_IS_OUT, _OF_BEFORE = ~Q(finding__clip__state=Clip.State.ACTIVE), Q(bytes_sha256=None)
BYTES_EXCLUDED_WITH_TEXTS = {
    "bytes_sha256": Q(),
    "finding__clip__blob__sha256": _IS_OUT | _OF_BEFORE,
    "finding__clip__original__sha256": _IS_OUT | _OF_BEFORE,
    "finding__clip__earlier_work__content_sha256": _OF_BEFORE,
}


def select_exclusions_by_texts(dataset: Dataset) -> QuerySet[Decision]:
    """Exclusions in force that were decided on what is said of a clip, and not on its bytes."""
    of_bytes = Blob.objects.filter(store=dataset.uid, sha256=OuterRef("content_sha256"))
    return Decision.objects.filter(
        ~Exists(of_bytes), finding__clip__dataset=dataset, verdict=Decision.Verdict.EXCLUDE
    )


def match_taking_out() -> Q:
    """Decisions after which the same bytes are held back in other datasets, too.

    What other files carry beside their sound is looked for, and decided on, in each dataset.
    """
    redacted = Q(verdict=Decision.Verdict.REDACT, finding__onset__isnull=False)
    return Q(verdict=Decision.Verdict.EXCLUDE) | redacted


def list_held_back(dataset: Dataset, contents: Contents) -> list[HeldBack]:
    """Which of the contents review holds back for releases of the dataset."""
    excluding = Decision.Verdict.EXCLUDE
    own = Q(finding__clip__dataset=dataset, verdict__in=[excluding, Decision.Verdict.REDACT])
    elsewhere = match_taking_out() & Q(finding__clip__dataset__organisation=dataset.organisation_id)
    decided = Decision.objects.filter(own | elsewhere, content_sha256__in=contents)
    found = list(decided.values_list("content_sha256", "verdict", "decided_at"))
    by_texts = select_exclusions_by_texts(dataset)
    for path, which in BYTES_EXCLUDED_WITH_TEXTS.items():
        rows = by_texts.filter(which, **{f"{path}__in": contents})
        found += rows.values_list(path, "verdict", "decided_at")
    let_go = _let_go(dataset, {content for content, *_ in found})
    return [
        HeldBack(content, Decision.Verdict(verdict), since)
        for content, verdict, since in found
        if content not in let_go or let_go[content] < since
    ]


def select_binding_counts(dataset: Dataset, contents: Contents) -> QuerySet[Headcount]:
    """How many people were counted in these contents, oldest first; the last of each counts.

    Somebody who is heard in one dataset of the organisation is heard in the same bytes in another.
    That nobody can be recognised has to be said where it shall count: who says so did not bring
    the clip in there.
    """
    elsewhere = Q(dataset__organisation=dataset.organisation_id, people_heard__gt=0)
    rows = Headcount.objects.filter(Q(dataset=dataset) | elsewhere, content_sha256__in=contents)
    return rows.order_by("pk")


def map_people_on_record(dataset: Dataset, contents: Contents) -> dict[str, set[str]]:
    """Who was said to be in each content since a reviewer last confirmed who is not; codes.

    Taking somebody out of a row takes nobody out of the sound.
    """
    confirmed = _find_clearances(dataset, FindingKind.PEOPLE_CHANGED, contents)
    rows = PeopleStatement.objects.filter(clip__dataset=dataset, content_sha256__in=contents)
    found: dict[str, set[str]] = defaultdict(set)
    for content, before, after, at in rows.values_list(
        "content_sha256", "before", "after", "said_at"
    ):
        if content not in confirmed or confirmed[content] < at:
            found[content] |= {*before, *after}
    return {content: codes for content, codes in found.items() if codes}


def _let_go(dataset: Dataset, contents: Iterable[str]) -> dict[str, datetime]:
    """When the latest reviewer said of a content that came back that it may stay."""
    return _find_clearances(dataset, FindingKind.RETURNED, list(contents))


def _find_clearances(
    dataset: Dataset, kind: FindingKind, contents: Contents
) -> dict[str, datetime]:
    """When a finding of this kind was last cleared of each content, by as many as it takes."""
    rows = Decision.objects.filter(
        Q(identifiable=False) | Q(confirmation__isnull=False),
        finding__clip__dataset=dataset,
        finding__kind=kind,
        verdict=Decision.Verdict.CLEAR,
        content_sha256__in=contents,
    )
    return dict(rows.order_by("decided_at").values_list("content_sha256", "decided_at"))
