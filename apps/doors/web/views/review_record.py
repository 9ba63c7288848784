"""The record of a review on pages: emergency stops, documents, questions, the report."""

import json
from pathlib import PurePosixPath
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.datasets.models import Clip
from apps.doors.blob_responses import Offer, serve_blob
from apps.doors.web.components import Crumb
from apps.doors.web.record_forms import DocumentForm, StopForm
from apps.doors.web.views.page_frame import (
    DatasetFrame,
    flash_outcome,
    load_dataset_frame,
    load_draft_frame,
    read_field,
    require_sign_in,
)
from apps.packaging.review_report import fetch_report
from apps.packaging.review_report_figures import (
    describe_heard_sample,
    list_content_lines,
    list_headcount_lines,
)
from apps.packaging.review_report_pdf import render_pdf
from apps.publishing.access import list_visible_publications
from apps.releases.access import fetch_release
from apps.releases.checklist_answers import (
    ANSWERABLE,
    PDF,
    answer_question,
    attach_document,
    fetch_document,
    list_visible_documents,
    load_checklist,
    retire_document,
)
from apps.releases.models import ChecklistAnswer, Release
from apps.releases.stops import confirm_stop, fetch_stop, lift_stop, list_visible_stops, place_stop
from datasets_catalog.errors import EarmarkError, Kind, NotFoundError
from datasets_catalog.roles import Permission

SHOWN_STOPS = 100
SHOWN_FINDINGS = 300


def list_stops(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """What is closed, and the form that closes."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    releases = list(Release.objects.filter(dataset=frame.dataset).exclude(root=""))
    form = StopForm(request.POST or None, releases=releases)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["release"]
        path = form.cleaned_data["clip"]
        clip = get_object_or_404(Clip, dataset=frame.dataset, path=path) if path else None
        release = next((row for row in releases if row.version == chosen and clip is None), None)
        with flash_outcome(request, "Closed at every door. Another person has to confirm it."):
            place_stop(
                actor=user,
                dataset=frame.dataset,
                reason=form.cleaned_data["reason"],
                release=release,
                clip=clip,
            )
        return redirect(frame.url("stops"))
    rows = list(
        list_visible_stops(user, frame.dataset).prefetch_related("closes__release")[:SHOWN_STOPS]
    )
    context = frame.context(
        "privacy",
        Crumb("Privacy", frame.url("privacy")),
        Crumb("Emergency stops"),
        form=form,
        in_force=[row for row in rows if row.lifted_at is None],
        lifted=[row for row in rows if row.lifted_at is not None],
        outside=list_visible_publications(user, frame.dataset).exclude(commit_oid=""),
        user_id=user.pk,
    )
    return render(request, "web/datasets/stops.html", context, status=422 if form.errors else 200)


@require_POST
def take_stop_step(
    request: HttpRequest, organisation: str, name: str, uid: UUID, verb: str
) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    row = fetch_stop(user, frame.dataset, uid)
    if verb == "confirm":
        with flash_outcome(request, "Confirmed. It stays closed until somebody lifts it."):
            confirm_stop(actor=user, stop=row)
    elif verb == "lift":
        with flash_outcome(request, f"{row.subject} is open again."):
            lift_stop(actor=user, stop=row, reason=read_field(request, "reason"))
    else:
        raise NotFoundError(f"A stop knows no step {verb!r}.")
    return redirect(frame.url("stops"))


def list_documents(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Ethics approvals and assessments, and the form that attaches one."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
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
    rows = list(list_visible_documents(user, frame.dataset))
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


def serve_document(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponseBase:
    frame = load_draft_frame(request, organisation, name)
    row = fetch_document(request.user, frame.dataset, uid)
    suffix = ".pdf" if row.media_type == PDF else ".txt"
    file_name = str(PurePosixPath(f"{row.kind}-{row.uid}{suffix}"))
    return serve_blob(request, row.blob, Offer(name=file_name, media_type=row.media_type))


@require_POST
def retire_dataset_document(
    request: HttpRequest, organisation: str, name: str, uid: UUID
) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    row = fetch_document(user, frame.dataset, uid)
    with flash_outcome(request, f"{row.title} no longer holds; it stays on record."):
        retire_document(actor=user, document=row, reason=read_field(request, "reason"))
    return redirect(frame.url("documents"))


def show_checklist(
    request: HttpRequest, organisation: str, name: str, version: str
) -> HttpResponse:
    """The questions for people, and an answer to one of them."""
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    release = fetch_release(user, frame.dataset, version)
    if request.method == "POST":
        with flash_outcome(request, "The answer is on record for this root."):
            answer_question(
                actor=user,
                release=release,
                question=read_field(request, "question"),
                answer=read_field(request, "answer"),
                note=read_field(request, "note"),
            )
        return redirect(frame.url("checklist", release.version))
    may = Permission.FINDING_DECIDE in frame.may and release.frozen_by_id != user.pk
    context = frame.context(
        "releases",
        *_build_trail(frame, release, "Questions for people"),
        release=release,
        questions=load_checklist(release),
        answers=ChecklistAnswer.Answer.choices,
        may_answer=may and release.state in ANSWERABLE,
        made_it=release.frozen_by_id == user.pk,
        answerable=release.state in ANSWERABLE,
    )
    return render(request, "web/releases/checklist.html", context)


def show_report(request: HttpRequest, organisation: str, name: str, version: str) -> HttpResponse:
    """The record of the review as a page; `?form=json` and `?form=pdf` as a file."""
    frame = load_dataset_frame(request, organisation, name)
    release = fetch_release(request.user, frame.dataset, version)
    found = fetch_report(request.user, release)
    stem = f"{frame.dataset.name}-{release.version}-review"
    match request.GET.get("form"):
        case "json":
            text = json.dumps(found, indent=1, ensure_ascii=False).encode()
            return _build_download(text, "application/json", f"{stem}.json")
        case "pdf":
            return _build_download(render_pdf(found), PDF, f"{stem}.pdf")
    findings = found.get("findings", [])
    context = frame.context(
        "releases",
        *_build_trail(frame, release, "Review"),
        release=release,
        report=found,
        findings=findings[:SHOWN_FINDINGS],
        more=max(0, len(findings) - SHOWN_FINDINGS),
        whole=found["extent"] == "whole",
        held=list_content_lines(found),
        heard=describe_heard_sample(found),
        headcounts=list_headcount_lines(found),
    )
    return render(request, "web/releases/report.html", context)


def _build_trail(frame: DatasetFrame, release: Release, last: str) -> list[Crumb]:
    return [
        Crumb("Releases", frame.url("releases")),
        Crumb(release.tag, frame.url("release", release.version)),
        Crumb(last),
    ]


def _build_download(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)
