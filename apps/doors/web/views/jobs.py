"""Long work: what runs, how far it is, how it ended."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.models import User
from apps.doors.web.components import Crumb
from apps.doors.web.paging import load_page
from apps.doors.web.views.page_frame import HtmxRequest, flash_outcome, require_sign_in
from apps.jobs.access import fetch_job, list_visible_jobs
from apps.jobs.actions import cancel_job
from apps.jobs.models import Job
from apps.jobs.registry import UnknownJobError, find_job_kind


def list_jobs(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    rows = list_visible_jobs(user).select_related("created_by")
    state = request.GET.get("state", "")
    if state in Job.State.values:
        rows = rows.filter(state=state)
    page = load_page(request, rows, by="-id", limit=20)
    context = {
        "page": page,
        "shown": [build_job_context(job, user) for job in page.rows],
        "states": Job.State.choices,
        "state": state,
        "crumbs": [Crumb("Jobs")],
    }
    return render(request, "web/jobs/list.html", context)


def show_job(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    job = fetch_job(user, str(uid))
    crumbs = [Crumb("Jobs", reverse("web:jobs")), Crumb(find_job_title(job))]
    context = {
        "one": build_job_context(job, user, reload_when_over=True),
        "job": job,
        "report": job.result,
        "crumbs": crumbs,
    }
    return render(request, "web/jobs/page.html", context)


def show_job_progress(request: HtmxRequest, uid: UUID) -> HttpResponse:
    """The fragment that polls; when the job has ended the page is loaded anew with its result."""
    user = require_sign_in(request)
    job = fetch_job(user, str(uid))
    if not request.htmx:
        return redirect("web:job", uid)
    response = render(request, "web/components/job.html", build_job_context(job, user))
    if job.is_over and "reload" in request.GET:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def request_cancellation(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    job = fetch_job(user, str(uid))
    with flash_outcome(request, "The job stops at its next step."):
        cancel_job(actor=user, job=job)
    return redirect("web:job", uid)


def find_job_title(job: Job) -> str:
    try:
        return find_job_kind(job.kind).title
    except UnknownJobError:
        return job.kind


def build_job_context(job: Job, user: User, *, reload_when_over: bool = False) -> dict[str, Any]:
    """What `web/components/job.html` is given."""
    uid = job.uid
    progress_url = reverse("web:job_progress", args=[uid])
    return {
        "job": job,
        "job_title": find_job_title(job),
        "job_url": reverse("web:job", args=[uid]),
        "progress_url": f"{progress_url}?reload" if reload_when_over else progress_url,
        "cancel_url": reverse("web:job_cancel", args=[uid]),
        "may_cancel": job.created_by_id == user.pk,
    }
