"""What the form of a case says, done; and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.doors.web.review_filters import Filters
from apps.doors.web.review_words import VERDICTS
from apps.doors.web.templatetags.web_components import kind_words
from apps.doors.web.views.frame import signed_in, told, typed
from apps.privacy.access import open_ones
from apps.privacy.actions import (
    UNDO_WITHIN,
    confirm,
    decide,
    decide_many,
    undo,
    undo_batch,
)
from apps.privacy.models import Decision, Finding
from apps.privacy.queue import last_decision_of
from datasets_catalog.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Last:
    """The reviewer's last decision, while it can be taken back."""

    words: str
    undo_url: str


def last_of(user: User) -> Last | None:
    """One query."""
    row = last_decision_of(user)
    if row is None or timezone.now() - row.decided_at > UNDO_WITHIN:
        return None
    kind, path = kind_words(row.finding.kind), row.finding.clip.path
    what = f"{row.batch.count} times {kind}" if row.batch else f"{kind} in {path}"
    return Last(
        words=f"{row.get_verdict_display()}: {what}.",
        undo_url=reverse("web:decision_undo", args=[row.pk]),
    )


def _own(user: User) -> QuerySet[Decision]:
    related = ("finding__clip__dataset__organisation", "batch")
    return Decision.objects.filter(decided_by=user).select_related(*related)


def record(request: HttpRequest, user: User, findings: Sequence[Finding]) -> None:
    """Do what the form says of one of the findings. Raises whatever the rules hold against it."""
    finding = next((row for row in findings if str(row.uid) == typed(request, "finding")), None)
    if finding is None:
        raise InvalidError("Choose the finding that you decide on.")
    value, reason = said(request)
    if value in {"agree", "disagree"}:
        _second(user, finding, agree=value == "agree", reason=reason)
        return
    if value not in VERDICTS:
        raise InvalidError("Choose what to do: clear, redact or exclude.")
    verdict, identifiable = VERDICTS[value]
    method = typed(request, "method") or "mute"
    if not typed(request, "alike"):
        decide(
            actor=user,
            finding=finding,
            verdict=verdict,
            reason=reason,
            method=method,
            identifiable=identifiable,
        )
        return
    alike = open_ones(Finding.objects.filter(clip=finding.clip, kind=finding.kind))
    decide_many(
        actor=user,
        findings=list(alike),
        verdict=verdict,
        reason=reason,
        method=method,
        identifiable=identifiable,
    )


def said(request: HttpRequest) -> tuple[str, str]:
    """What was chosen, and why: what was typed, else what was picked among the offered reasons."""
    value = typed(request, "verdict")
    return value, typed(request, "reason") or typed(request, f"offered_{value}")


def _second(user: User, finding: Finding, *, agree: bool, reason: str) -> None:
    decision = getattr(finding, "decision", None)
    if decision is None:
        raise InvalidError("Nobody has decided on this finding yet.")
    confirm(actor=user, decision=decision, agree=agree, reason=reason)


@require_POST
def take_back(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Undo a decision of one's own and look at its case again."""
    user = signed_in(request)
    row = get_object_or_404(_own(user), pk=decision_id)
    finding, uid = row.finding.uid, row.finding.clip.uid
    with told(request, "Taken back: the finding is open again."):
        if row.batch:
            undo_batch(actor=user, batch=row.batch)
        else:
            undo(actor=user, decision=row)
    filters = Filters.of(QueryDict(typed(request, "back")))
    return redirect(with_finding(filters.url("case", uid), finding))


def with_finding(address: str, finding: UUID) -> str:
    return f"{address}{'&' if '?' in address else '?'}finding={finding}"
