"""What the detectors and the reviewers say of one dataset."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.doors.web.components import Crumb
from apps.doors.web.paging import page_of
from apps.doors.web.views.frame import draft_frame, signed_in, told
from apps.doors.web.views.jobs import shown
from apps.jobs.access import jobs_for
from apps.privacy.access import findings_for, open_ones
from apps.privacy.actions import start_scan
from datasets_catalog.roles import Permission


def page(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
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
