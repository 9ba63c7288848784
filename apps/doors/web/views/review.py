"""The queue of findings, and the decision on one."""

from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.access import can, organisations_where
from apps.doors.web.components import Crumb
from apps.doors.web.forms import DecisionForm
from apps.doors.web.listening import short_sound, window
from apps.doors.web.paging import page_of
from apps.doors.web.views.clips import finding_region
from apps.doors.web.views.frame import asked, dataset_url, draft_frame, signed_in, told
from apps.doors.web.views.jobs import shown
from apps.jobs.access import jobs_for
from apps.privacy.access import finding_for, findings_for, open_ones
from apps.privacy.actions import decide, start_scan
from apps.privacy.models import Finding
from datasets_catalog.errors import DeniedError, EarmarkError, Kind, NotFoundError
from datasets_catalog.roles import Permission

# Seconds before and after a finding that its reviewer hears with it.
AROUND = 3.0
# Seconds of a long finding that are sent at once.
LONGEST = 120.0


def queue(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if not organisations_where(user, Permission.FINDING_VIEW):
        raise DeniedError(
            "You review in no organisation. Its owner can make you a privacy reviewer."
        )
    rows = open_ones(findings_for(user))
    kinds = list(rows.order_by().values_list("kind").annotate(count=Count("pk")).order_by("kind"))
    kind = asked(request, "kind")
    dataset = asked(request, "dataset")
    if kind:
        rows = rows.filter(kind=kind)
    if "/" in dataset:
        organisation, _, name = dataset.partition("/")
        rows = rows.filter(clip__dataset__organisation__name=organisation, clip__dataset__name=name)
    context = {
        "page": page_of(request, rows, by="id"),
        "kinds": kinds,
        "kind": kind,
        "dataset": dataset,
        "total": sum(count for _, count in kinds),
        "crumbs": [Crumb("Review")],
    }
    return render(request, "web/review/queue.html", context)


def finding(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    row = finding_for(user, str(uid))
    decided = getattr(row, "decision", None)
    form = DecisionForm(request.POST or None)
    may_decide = can(user, Permission.FINDING_DECIDE, row.clip.dataset.organisation)
    if request.method == "POST" and form.is_valid():
        try:
            decide(actor=user, finding=row, **form.cleaned_data)
        except EarmarkError as problem:
            if problem.kind == Kind.NOT_FOUND:
                raise
            form.add_error(None, problem.message)
        else:
            return _to_next(request, row)
    context = {
        "finding": row,
        "decided": decided,
        "form": form,
        "may_decide": may_decide and decided is None,
        "heard": _heard(row),
        "regions": _regions(row),
        "clip_url": dataset_url(row.clip.dataset, "clip", row.clip.uid),
        "crumbs": [Crumb("Review", reverse("web:review")), Crumb(row.clip.path)],
    }
    return render(request, "web/review/finding.html", context, status=422 if form.errors else 200)


def sound(request: HttpRequest, uid: UUID) -> HttpResponseBase:
    """What of the clip has to be heard for this finding, and no more."""
    row = finding_for(signed_in(request), str(uid))
    span = _heard(row)
    if span is None:
        raise NotFoundError("This finding is not in the sound.")
    start, length = span
    content = window(row.clip.blob, start, start + length)
    return short_sound(request, content, f"{row.content_sha256}-{row.pk}")


def of_dataset(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = draft_frame(request, organisation, name)
    may_view = Permission.FINDING_VIEW in frame.may
    user = signed_in(request)
    rows = findings_for(user, frame.dataset)
    jobs = jobs_for(user).filter(kind="privacy.scan", subject=frame.dataset.full_name)
    context = frame.context(
        "privacy",
        Crumb("Privacy"),
        may_view=may_view,
        page=page_of(request, rows, by="-id") if may_view else None,
        open_count=open_ones(rows).count() if may_view else 0,
        verdicts=rows.order_by().values_list("decision__verdict").annotate(Count("pk")),
        jobs=[shown(job, user) for job in jobs.filter(finished_at=None)[:5]],
    )
    return render(request, "web/datasets/privacy.html", context)


@require_POST
def scan(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    with told(request, "The detectors are on their way through the draft."):
        start_scan(actor=user, dataset=frame.dataset)
    return redirect(frame.url("privacy"))


def _to_next(request: HttpRequest, row: Finding) -> HttpResponse:
    """The next open finding of the same dataset, or the queue when there is none."""
    rows = open_ones(findings_for(signed_in(request), row.clip.dataset))
    following = rows.filter(pk__gt=row.pk).first() or rows.first()
    if following is None:
        return redirect("web:review")
    return redirect("web:finding", following.uid)


def _heard(row: Finding) -> tuple[float, float] | None:
    """Start and length, in seconds, of what its reviewer hears; None for what is not sound."""
    if row.onset is None or row.offset is None:
        return None
    start = max(0.0, row.onset - AROUND)
    end = min(row.clip.duration, row.offset + AROUND, start + LONGEST)
    return (start, end - start) if end > start else None


def _regions(row: Finding) -> list[object]:
    return [finding_region(row)] if _heard(row) else []
