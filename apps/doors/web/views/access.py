"""May I have this dataset, and who asked for it."""

from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.access.access import request_for, requests_for
from apps.access.actions import cancel_request, grant_request, refuse_request, request_access
from apps.access.answers import Action, Code
from apps.access.authorize import authorize
from apps.access.models import AccessRequest
from apps.audit.models import AuditEvent
from apps.doors.commands import commands_for
from apps.doors.web.components import Crumb
from apps.doors.web.figures import newest_releases
from apps.doors.web.forms import AccessRequestForm
from apps.doors.web.paging import page_of
from apps.doors.web.views.frame import (
    dataset_frame,
    dataset_url,
    draft_frame,
    signed_in,
    told,
    typed,
)
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.roles import Permission

SHOWN_REQUESTS = 50
ASKABLE = {Code.REQUEST_NEEDED, Code.EXPIRED, Code.REVOKED}


def of_dataset(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = dataset_frame(request, organisation, name)
    form = AccessRequestForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            request_access(actor=signed_in(request), dataset=frame.dataset, **form.cleaned_data)
        except EarmarkError as problem:
            if problem.kind in {Kind.DENIED, Kind.NOT_FOUND}:
                raise
            form.add_error(None, problem.message)
        else:
            return redirect(frame.url("access"))
    newest = newest_releases([frame.dataset])[0].release
    answer = authorize(request.user, newest, Action.DOWNLOAD) if newest else None
    may_grant = Permission.ACCESS_GRANT in frame.may
    context = frame.context(
        "access",
        Crumb("Access"),
        newest=newest,
        answer=answer,
        pending=answer is not None and answer.code == Code.REQUEST_PENDING,
        may_ask=answer is not None and answer.code in ASKABLE,
        form=form,
        commands=commands_for(request.user, newest) if newest and answer and answer.allowed else [],
        requests=requests_for(request.user, frame.dataset)[:SHOWN_REQUESTS] if may_grant else [],
    )
    return render(request, "web/datasets/access.html", context, status=422 if form.errors else 200)


@require_POST
def cancel(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = signed_in(request)
    frame = dataset_frame(request, organisation, name)
    row = AccessRequest.objects.pending().filter(user=user, dataset=frame.dataset).first()
    if row is not None:
        with told(request, "The request is taken back."):
            cancel_request(actor=user, request=row)
    return redirect(frame.url("access"))


@require_POST
def answer(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    row = request_for(user, uid)
    words = typed(request, "answer")
    if "yes" in request.POST:
        with told(request, f"{row.user} was let in."):
            grant_request(actor=user, request=row, answer=words)
    else:
        with told(request, f"{row.user} was refused."):
            refuse_request(actor=user, request=row, answer=words)
    return redirect(dataset_url(row.dataset, "access"))


def activity(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """What the log says about a dataset, newest first, for those who work on it."""
    frame = draft_frame(request, organisation, name)
    name = frame.dataset.full_name
    # Releases are written down as the dataset's name and the version.
    rows = AuditEvent.objects.filter(
        Q(subject=name) | Q(subject__startswith=f"{name} "),
        organisation=frame.dataset.organisation.name,
    )
    page = page_of(request, rows, by="-sequence")
    context = frame.context("activity", Crumb("Activity"), page=page)
    return render(request, "web/datasets/activity.html", context)
