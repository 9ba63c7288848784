"""The record of a review on pages: emergency stops, documents, questions, the report."""

import json
from pathlib import PurePosixPath
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.datasets.models import Clip
from apps.doors.serving import Offer, serve_blob
from apps.doors.web.components import Crumb
from apps.doors.web.record_forms import DocumentForm, StopForm
from apps.doors.web.views.frame import (
    DatasetFrame,
    dataset_frame,
    draft_frame,
    signed_in,
    told,
    typed,
)
from apps.publishing.access import publications_for
from apps.publishing.review_report import report_for
from apps.publishing.review_report_figures import content_lines, headcount_lines
from apps.publishing.review_report_pdf import as_pdf
from apps.releases.access import release_for
from apps.releases.models import ChecklistAnswer, Release
from apps.releases.people import (
    ANSWERABLE,
    PDF,
    answer_question,
    attach_document,
    checklist_of,
    document_for,
    documents_for,
    retire_document,
)
from apps.releases.stops import confirm_stop, lift_stop, stop, stop_for, stops_for
from datasets_catalog.errors import EarmarkError, Kind, NotFoundError
from datasets_catalog.roles import Permission

SHOWN_STOPS = 100
SHOWN_FINDINGS = 300


def stops(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """What is closed, and the form that closes."""
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    releases = list(Release.objects.filter(dataset=frame.dataset).exclude(root=""))
    form = StopForm(request.POST or None, releases=releases)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["release"]
        path = form.cleaned_data["clip"]
        clip = get_object_or_404(Clip, dataset=frame.dataset, path=path) if path else None
        release = next((row for row in releases if row.version == chosen and clip is None), None)
        with told(request, "Closed at every door. Another person has to confirm it."):
            stop(
                actor=user,
                dataset=frame.dataset,
                reason=form.cleaned_data["reason"],
                release=release,
                clip=clip,
            )
        return redirect(frame.url("stops"))
    rows = list(stops_for(user, frame.dataset).prefetch_related("closes__release")[:SHOWN_STOPS])
    context = frame.context(
        "privacy",
        Crumb("Privacy", frame.url("privacy")),
        Crumb("Emergency stops"),
        form=form,
        in_force=[row for row in rows if row.lifted_at is None],
        lifted=[row for row in rows if row.lifted_at is not None],
        outside=publications_for(user, frame.dataset).exclude(commit_oid=""),
        user_id=user.pk,
    )
    return render(request, "web/datasets/stops.html", context, status=422 if form.errors else 200)


@require_POST
def stop_step(
    request: HttpRequest, organisation: str, name: str, uid: UUID, verb: str
) -> HttpResponse:
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    row = stop_for(user, frame.dataset, uid)
    if verb == "confirm":
        with told(request, "Confirmed. It stays closed until somebody lifts it."):
            confirm_stop(actor=user, stop=row)
    elif verb == "lift":
        with told(request, f"{row.subject} is open again."):
            lift_stop(actor=user, stop=row, reason=typed(request, "reason"))
    else:
        raise NotFoundError(f"A stop knows no step {verb!r}.")
    return redirect(frame.url("stops"))


def documents(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Ethics approvals and assessments, and the form that attaches one."""
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        content = values.pop("file").read()
        try:
            attach_document(actor=user, dataset=frame.dataset, content=content, **values)
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error("file", problem.message)
        else:
            return redirect(frame.url("documents"))
    rows = list(documents_for(user, frame.dataset))
    context = frame.context(
        "privacy",
        Crumb("Privacy", frame.url("privacy")),
        Crumb("Documents"),
        form=form,
        documents=[row for row in rows if row.retired_at is None],
        retired=[row for row in rows if row.retired_at is not None],
    )
    return render(
        request, "web/datasets/documents.html", context, status=422 if form.errors else 200
    )


def document(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponseBase:
    frame = draft_frame(request, organisation, name)
    row = document_for(request.user, frame.dataset, uid)
    suffix = ".pdf" if row.media_type == PDF else ".txt"
    file_name = str(PurePosixPath(f"{row.kind}-{row.uid}{suffix}"))
    return serve_blob(request, row.blob, Offer(name=file_name, media_type=row.media_type))


@require_POST
def retire(request: HttpRequest, organisation: str, name: str, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    row = document_for(user, frame.dataset, uid)
    with told(request, f"{row.title} no longer holds; it stays on record."):
        retire_document(actor=user, document=row, reason=typed(request, "reason"))
    return redirect(frame.url("documents"))


def checklist(request: HttpRequest, organisation: str, name: str, version: str) -> HttpResponse:
    """The questions for people, and an answer to one of them."""
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    release = release_for(user, frame.dataset, version)
    if request.method == "POST":
        with told(request, "The answer is on record for this root."):
            answer_question(
                actor=user,
                release=release,
                question=typed(request, "question"),
                answer=typed(request, "answer"),
                note=typed(request, "note"),
            )
        return redirect(frame.url("checklist", release.version))
    may = Permission.FINDING_DECIDE in frame.may and release.frozen_by_id != user.pk
    context = frame.context(
        "releases",
        *_trail(frame, release, "Questions for people"),
        release=release,
        questions=checklist_of(release),
        answers=ChecklistAnswer.Answer.choices,
        may_answer=may and release.state in ANSWERABLE,
        made_it=release.frozen_by_id == user.pk,
        answerable=release.state in ANSWERABLE,
    )
    return render(request, "web/releases/checklist.html", context)


def report(request: HttpRequest, organisation: str, name: str, version: str) -> HttpResponse:
    """The record of the review as a page; `?form=json` and `?form=pdf` as a file."""
    frame = dataset_frame(request, organisation, name)
    release = release_for(request.user, frame.dataset, version)
    found = report_for(request.user, release)
    stem = f"{frame.dataset.name}-{release.version}-review"
    match request.GET.get("form"):
        case "json":
            text = json.dumps(found, indent=1, ensure_ascii=False).encode()
            return _file(text, "application/json", f"{stem}.json")
        case "pdf":
            return _file(as_pdf(found), PDF, f"{stem}.pdf")
    findings = found.get("findings", [])
    context = frame.context(
        "releases",
        *_trail(frame, release, "Review"),
        release=release,
        report=found,
        findings=findings[:SHOWN_FINDINGS],
        more=max(0, len(findings) - SHOWN_FINDINGS),
        whole=found["extent"] == "whole",
        held=content_lines(found),
        headcounts=headcount_lines(found),
    )
    return render(request, "web/releases/report.html", context)


def _trail(frame: DatasetFrame, release: Release, last: str) -> list[Crumb]:
    return [
        Crumb("Releases", frame.url("releases")),
        Crumb(release.tag, frame.url("release", release.version)),
        Crumb(last),
    ]


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)
