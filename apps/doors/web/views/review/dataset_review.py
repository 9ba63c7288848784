"""What the detectors and the reviewers say of one dataset."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.doors.web.components import Crumb
from apps.doors.web.paging import load_page
from apps.doors.web.views.jobs import build_job_context
from apps.doors.web.views.page_frame import flash_outcome, load_draft_frame, require_sign_in
from apps.jobs.access import list_visible_jobs
from apps.review.access import filter_open_findings, list_visible_findings
from apps.review.actions import start_scan
from datasets_catalog.roles import Permission


def show_dataset_review(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_draft_frame(request, organisation, name)
    may_view = Permission.FINDING_VIEW in frame.may
    user = require_sign_in(request)
    rows = list_visible_findings(user, frame.dataset)
    jobs = list_visible_jobs(user).filter(kind="privacy.scan", subject=frame.dataset.full_name)
    context = frame.context(
        "privacy",
        Crumb("Privacy"),
        may_view=may_view,
        page=load_page(request, rows, by="-id") if may_view else None,
        open_count=filter_open_findings(rows).count() if may_view else 0,
        verdicts=rows.order_by().values_list("decision__verdict").annotate(Count("pk")),
        jobs=[build_job_context(job, user) for job in jobs.filter(finished_at=None)[:5]],
    )
    return render(request, "web/datasets/privacy.html", context)


@require_POST
def start_dataset_scan(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    with flash_outcome(request, "The detectors are on their way through the draft."):
        start_scan(actor=user, dataset=frame.dataset)
    return redirect(frame.url("privacy"))
