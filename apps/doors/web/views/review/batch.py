"""One decision on many findings whose evidence is alike: counted, given a reason, and confirmed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset, Recording
from apps.detection.models import Finding
from apps.doors.web import review_choices
from apps.doors.web.components import Crumb
from apps.doors.web.review_choices import VERDICTS
from apps.doors.web.review_filters import Filters
from apps.doors.web.review_windows import find_windows
from apps.doors.web.templatetags.web_components import kind_words
from apps.doors.web.views.page_frame import read_field, read_query, require_sign_in
from apps.doors.web.views.review.decisions import find_last_decision, read_decision
from apps.releases.foresight import foresee_closures
from apps.review.access import filter_findings_of_kind, filter_open_findings, list_visible_findings
from apps.review.actions import decide_findings_alike
from apps.review.playback_records import choose_batch_sample, find_span, find_unheard
from datasets_catalog.errors import ConflictError, EarmarkError, InvalidError, Kind, NotFoundError
from datasets_catalog.roles import Permission
from datasets_catalog.sampling import format_bound

# Of so many alike the page shows the first ones; all of them are decided on.
SHOWN = 30
# More than this is no longer "I looked at some and they are alike": take a recording at a time.
MOST = 1000
DOES = {
    "clear": "Clear",
    "identifiable": "Clear as identifiable",
    "exclude": "Exclude the clips of",
}


class AlikeChangedError(ConflictError):
    """Between the question and the answer, other findings came or went."""

    code = "review.alike_changed"


@dataclass(frozen=True, slots=True)
class AlikeFindings:
    """Open findings of one kind, in a dataset or in one recording of it."""

    dataset: Dataset
    kind: str
    recording: Recording | None

    @classmethod
    def from_request(cls, request: HttpRequest, user: User) -> "AlikeFindings":
        dataset = fetch_dataset(user, read_query(request, "dataset"))
        require_permission(user, Permission.FINDING_DECIDE, dataset.organisation)
        kind, name = read_query(request, "kind"), read_query(request, "recording")
        if not kind:
            raise NotFoundError("Say which kind of finding.")
        recording = get_object_or_404(Recording, dataset=dataset, name=name) if name else None
        return cls(dataset, kind, recording)

    def findings(self, user: User) -> QuerySet[Finding]:
        rows = filter_findings_of_kind(
            filter_open_findings(list_visible_findings(user, self.dataset)), self.kind
        )
        return rows.filter(clip__recording=self.recording) if self.recording else rows

    def url(self) -> str:
        query = {"dataset": self.dataset.full_name, "kind": self.kind}
        if self.recording:
            query["recording"] = self.recording.name
        return Filters().url("review_batch") + f"?{urlencode(query)}"


def decide_alike_findings(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    alike = AlikeFindings.from_request(request, user)
    if request.method != "POST":
        return _render_batch(request, user, alike)
    try:
        value, reason = _read_choice(request)
        if not read_field(request, "phrase"):
            return _render_batch(request, user, alike, confirming=(value, reason))
        count = _decide_all(request, user, alike, value, reason)
    except EarmarkError as problem:
        if problem.kind == Kind.NOT_FOUND:
            raise
        return _render_batch(request, user, alike, problem=problem.message)
    messages.success(request, f"{DOES[value]} {count} findings: recorded.")
    return redirect(Filters(dataset=alike.dataset.full_name).url("review"))


def _read_choice(request: HttpRequest) -> tuple[str, str]:
    value, reason = read_decision(request)
    if value not in DOES:
        raise InvalidError("Choose what to do with all of them.")
    if not reason:
        raise InvalidError("Give a reason: it stands with every one of these decisions.")
    return value, reason


def _decide_all(
    request: HttpRequest, user: User, alike: AlikeFindings, value: str, reason: str
) -> int:
    findings = list(alike.findings(user)[: MOST + 1])
    if read_field(request, "phrase") != str(len(findings)) or read_field(request, "newest") != str(
        max((row.pk for row in findings), default=0)
    ):
        raise AlikeChangedError(
            f"Nothing was decided: there are {len(findings)} now. Look at them and confirm again."
        )
    if len(findings) > MOST:
        raise InvalidError(f"At most {MOST} at once: take one recording at a time.")
    verdict, identifiable = VERDICTS[value]
    decide_findings_alike(
        actor=user, findings=findings, verdict=verdict, reason=reason, identifiable=identifiable
    )
    return len(findings)


def _render_batch(
    request: HttpRequest,
    user: User,
    alike: AlikeFindings,
    *,
    confirming: tuple[str, str] | None = None,
    problem: str = "",
) -> HttpResponse:
    rows = alike.findings(user)
    total = rows.count()
    sample = choose_batch_sample(list(rows[:MOST])) if total <= MOST else None
    unheard = {row.pk for row in find_unheard(user, sample.findings)} if sample else set()
    context: dict[str, Any] = {
        "kind": alike.kind,
        "dataset": alike.dataset,
        "recording": alike.recording,
        "wider_url": AlikeFindings(alike.dataset, alike.kind, None).url(),
        "total": total,
        "clips": rows.order_by().values("clip").distinct().count(),
        "sample": [_describe_finding(row, heard=row.pk not in unheard) for row in sample.findings]
        if sample
        else [],
        "unheard": len(unheard),
        "otherwise": format_bound(sample.bound) if sample else "",
        "shown": [_describe_finding(row) for row in rows.order_by("-score", "pk")[:SHOWN]],
        "mode": review_choices.build_batch_mode(user),
        "may_decide": True,
        "foresight": foresee_closures(list(rows[: MOST + 1])).sentences,
        "decide_url": alike.url(),
        "confirming": _build_confirmation(rows, confirming) if confirming else None,
        "filters": Filters(dataset=alike.dataset.full_name),
        "last": find_last_decision(user),
        "posted": request.POST,
        "problem": problem,
        "crumbs": [Crumb("Review", Filters().url("review")), Crumb(kind_words(alike.kind))],
    }
    return render(request, "web/review/batch.html", context, status=422 if problem else 200)


def _describe_finding(row: Finding, *, heard: bool | None = None) -> dict[str, Any]:
    windows = find_windows([row], row.clip.duration) if find_span(row) else []
    return {"finding": row, "windows": windows, "heard": heard}


def _build_confirmation(rows: QuerySet[Finding], said: tuple[str, str]) -> dict[str, Any]:
    value, reason = said
    newest = rows.order_by("-pk").values_list("pk", flat=True).first() or 0
    fields = [("verdict", value), ("reason", reason), ("newest", newest)]
    return {"words": DOES[value], "reason": reason, "fields": fields}
