"""Bringing in clips, labels and consents by a form."""

import shutil
from pathlib import Path
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from apps.doors.web.arrivals import find_arrivals_root, keep_file, keep_file_by_name, make_arrival
from apps.doors.web.components import Crumb
from apps.doors.web.page_forms import ClipImportForm, ConsentImportForm, LabelImportForm
from apps.doors.web.views.jobs import build_job_context
from apps.doors.web.views.organisations import load_organisation_frame
from apps.doors.web.views.page_frame import load_draft_frame, require_sign_in
from apps.ingest.actions import import_consents
from apps.ingest.paths import PathInvalidError
from apps.jobs.access import fetch_job, list_visible_jobs
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from datasets_catalog.errors import ConflictError, EarmarkError, Kind
from datasets_catalog.roles import Permission

CLIPS = "ingest.import_clips"
LABELS = "ingest.import_labels"
SHOWN_JOBS = 10


class ArrivalGoneError(ConflictError):
    """The files of an import were cleared away; they have to be sent again."""

    code = "import.files_gone"


def import_clip_archive(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    require_permission(user, Permission.CLIP_INGEST, frame.dataset.organisation)
    form = ClipImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        folder = make_arrival()
        table = form.cleaned_data["metadata"]
        job = _start_import(
            user,
            frame.dataset,
            CLIPS,
            source=str(keep_file(form.cleaned_data["archive"], folder, "clips")),
            metadata=str(keep_file(table, folder, "metadata")) if table else None,
            dry_run=form.cleaned_data["dry_run"],
        )
        return redirect("web:job", job.uid)
    jobs = list_visible_jobs(user).filter(
        subject=frame.dataset.full_name, kind__startswith="ingest."
    )
    context = frame.context(
        "clips",
        Crumb("Imports"),
        form=form,
        label_form=LabelImportForm(),
        jobs=[build_job_context(job, user) for job in jobs[:SHOWN_JOBS]],
    )
    return render(request, "web/datasets/imports.html", context, status=422 if form.errors else 200)


def import_label_file(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    require_permission(user, Permission.EVENT_EDIT, frame.dataset.organisation)
    form = LabelImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            source = keep_file_by_name(values["table"], make_arrival())
        except PathInvalidError as problem:
            form.add_error("table", problem.message)
        else:
            job = _start_import(
                user,
                frame.dataset,
                LABELS,
                source=str(source),
                format=values["format"],
                replace=values["replace"],
            )
            return redirect("web:job", job.uid)
    context = frame.context("labels", Crumb("Import labels"), form=form)
    return render(
        request, "web/datasets/label_import.html", context, status=422 if form.errors else 200
    )


@require_POST
def repeat_import(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The same import for good, after its dry run showed what would happen."""
    user = require_sign_in(request)
    job = fetch_job(user, str(uid))
    arguments = dict(job.arguments)
    source = Path(arguments.get("source", ""))
    if job.kind != CLIPS or find_arrivals_root() not in source.parents or not source.exists():
        raise ArrivalGoneError("The files of this import are no longer kept: send them again.")
    dataset = fetch_dataset(user, job.subject)
    require_permission(user, Permission.CLIP_INGEST, dataset.organisation)
    arguments.pop("dataset", None)
    following = _start_import(user, dataset, CLIPS, **arguments | {"dry_run": False})
    return redirect("web:job", following.uid)


def import_consent_table(request: HttpRequest, organisation: str) -> HttpResponse:
    """Read in the answer itself: a table of consents is small, and its report is wanted at once."""
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    require_permission(user, Permission.CONSENT_RECORD, frame.organisation)
    own = Dataset.objects.filter(organisation=frame.organisation).select_related("organisation")
    form = ConsentImportForm(request.POST or None, request.FILES or None, datasets=own)
    report = None
    if request.method == "POST" and form.is_valid():
        folder = make_arrival()
        try:
            report = import_consents(
                actor=user,
                organisation=frame.organisation,
                table=keep_file(form.cleaned_data["table"], folder, "consents"),
                datasets=form.cleaned_data["datasets"],
                dry_run=form.cleaned_data["dry_run"],
            ).as_json()
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error("table", problem.message)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    trail = (Crumb("Contributors", frame.url("contributors")), Crumb("Import consents"))
    context = frame.context("contributors", *trail, form=form, report=report)
    return render(
        request,
        "web/organisations/consent_import.html",
        context,
        status=422 if form.errors else 200,
    )


def _start_import(user: User, dataset: Dataset, kind: str, **arguments: object) -> Job:
    return start_job(
        actor=user,
        kind_name=kind,
        subject=dataset.full_name,
        organisation=dataset.organisation,
        arguments={"dataset": dataset.pk, **arguments},
    )
