"""What the form of a case says, done; and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.detection.models import Finding
from apps.doors.web.review_choices import VERDICTS
from apps.doors.web.review_filters import Filters
from apps.doors.web.templatetags.web_components import kind_words
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from apps.review.access import filter_open_findings
from apps.review.actions import (
    UNDO_WITHIN,
    confirm_clearance,
    decide_finding,
    decide_findings_alike,
    undo_batch,
    undo_decision,
)
from apps.review.models import Decision
from apps.review.queue import find_own_last_decision
from datasets_catalog.errors import InvalidError


@dataclass(frozen=True, slots=True)
class LastDecision:
    """The reviewer's last decision, while it can be taken back."""

    words: str
    undo_url: str


def find_last_decision(user: User) -> LastDecision | None:
    """One query."""
    row = find_own_last_decision(user)
    if row is None or timezone.now() - row.decided_at > UNDO_WITHIN:
        return None
    kind, path = kind_words(row.finding.kind), row.finding.clip.path
    what = f"{row.batch.count} times {kind}" if row.batch else f"{kind} in {path}"
    return LastDecision(
        words=f"{row.get_verdict_display()}: {what}.",
        undo_url=reverse("web:decision_undo", args=[row.pk]),
    )


def record_decision(request: HttpRequest, user: User, findings: Sequence[Finding]) -> None:
    """Do what the form says of one of the findings. Raises whatever the rules hold against it."""
    finding = next(
        (row for row in findings if str(row.uid) == read_field(request, "finding")), None
    )
    if finding is None:
        raise InvalidError("Choose the finding that you decide on.")
    value, reason = read_decision(request)
    if value in {"agree", "disagree"}:
        _confirm_decision(user, finding, agree=value == "agree", reason=reason)
        return
    if value not in VERDICTS:
        raise InvalidError("Choose what to do: clear, redact or exclude.")
    verdict, identifiable = VERDICTS[value]
    method = read_field(request, "method") or "mute"
    if not read_field(request, "alike"):
        decide_finding(
            actor=user,
            finding=finding,
            verdict=verdict,
            reason=reason,
            method=method,
            identifiable=identifiable,
        )
        return
    alike = filter_open_findings(Finding.objects.filter(clip=finding.clip, kind=finding.kind))
    decide_findings_alike(
        actor=user,
        findings=list(alike),
        verdict=verdict,
        reason=reason,
        method=method,
        identifiable=identifiable,
    )


def read_decision(request: HttpRequest) -> tuple[str, str]:
    """What was chosen, and why: what was typed, else what was picked among the offered reasons."""
    value = read_field(request, "verdict")
    return value, read_field(request, "reason") or read_field(request, f"offered_{value}")


def _confirm_decision(user: User, finding: Finding, *, agree: bool, reason: str) -> None:
    decision = getattr(finding, "decision", None)
    if decision is None:
        raise InvalidError("Nobody has decided on this finding yet.")
    confirm_clearance(actor=user, decision=decision, agree=agree, reason=reason)


@require_POST
def take_back_decision(request: HttpRequest, decision_id: int) -> HttpResponse:
    """Undo a decision of one's own and look at its case again."""
    user = require_sign_in(request)
    own = Decision.objects.filter(decided_by=user)
    related = own.select_related("finding__clip__dataset__organisation", "batch")
    row = get_object_or_404(related, pk=decision_id)
    finding, uid = row.finding.uid, row.finding.clip.uid
    with flash_outcome(request, "Taken back: the finding is open again."):
        if row.batch:
            undo_batch(actor=user, batch=row.batch)
        else:
            undo_decision(actor=user, decision=row)
    filters = Filters.of(QueryDict(read_field(request, "back")))
    return redirect(build_finding_url(filters.url("case", uid), finding))


def build_finding_url(address: str, finding: UUID) -> str:
    return f"{address}{'&' if '?' in address else '?'}finding={finding}"
