"""Finding datasets, and the first page of each."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.access.dataset_settings import save_settings
from apps.accounts.access import list_organisations_where
from apps.accounts.models import Organisation
from apps.datasets.access import list_visible_datasets
from apps.datasets.actions import create_dataset
from apps.doors.croissant_description import render_head_description
from apps.doors.download_commands import list_commands
from apps.doors.web.components import Crumb
from apps.doors.web.page_figures import compute_draft_figures, count_facets, find_newest_releases
from apps.doors.web.page_forms import DatasetForm, DatasetSettingsForm
from apps.doors.web.paging import load_page
from apps.doors.web.views.lowerings import describe_waiting_lowering
from apps.doors.web.views.page_frame import (
    HtmxRequest,
    load_dataset_frame,
    load_draft_frame,
    read_query,
    require_sign_in,
)
from apps.releases.models import Release
from apps.releases.release_usage import compute_usage
from datasets_catalog.errors import DeniedError, EarmarkError, Kind
from datasets_catalog.purposes import TERMS
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical

CARDS = 24


def list_datasets(request: HtmxRequest) -> HttpResponse:
    rows = list_visible_datasets(request.user)
    words = read_query(request, "q")
    for word in words.split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(organisation__name__icontains=word)
        )
    facets = count_facets(rows)
    vertical = request.GET.get("vertical", "")
    if vertical in set(Vertical):
        rows = rows.filter(vertical=vertical)
    page = load_page(request, rows, by="name", limit=CARDS)
    context = {
        "page": page,
        "cards": find_newest_releases(page.rows),
        "words": words,
        "vertical": vertical,
        "facets": facets,
        "crumbs": [Crumb("Datasets")],
        "may_create": list_organisations_where(request.user, Permission.DATASET_CREATE).exists(),
    }
    template = "datasets/list.html"
    if request.htmx:
        template = "partials/_dataset_cards.html"
    return render(request, f"web/{template}", context)


def show_dataset(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = load_dataset_frame(request, organisation, name)
    newest = find_newest_releases([frame.dataset])[0].release
    figures = compute_draft_figures(frame.dataset) if frame.sees_draft else None
    taking = authorize_action(request.user, newest, Action.DOWNLOAD) if newest else None
    context = frame.context(
        "overview",
        **describe_waiting_lowering(request, frame),
        newest=newest,
        figures=figures,
        commands=list_commands(request.user, newest) if newest else [],
        croissant=render_head_description(newest, taking) if newest else "",
        taking=taking,
        purposes=_list_permitted_purposes(newest) if newest else [],
    )
    return render(request, "web/datasets/overview.html", context)


def _list_permitted_purposes(release: Release) -> list[str]:
    usage = compute_usage(release, on=timezone.now().date())
    return [TERMS[purpose].title for purpose in usage.permitted]


def add_dataset(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    ids = list_organisations_where(user, Permission.DATASET_CREATE)
    organisations = Organisation.objects.filter(pk__in=ids)
    if not ids:
        raise DeniedError(
            "Datasets belong to an organisation, and you may create none in yours."
            " Ask an owner for the role steward, or create an organisation."
        )
    initial = {"organisation": request.GET.get("organisation", "")}
    form = DatasetForm(request.POST or None, organisations=organisations, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            row = create_dataset(actor=user, **values)
        except EarmarkError as problem:
            form.add_error(None, problem.message)
        else:
            return redirect("web:dataset_overview", row.organisation.name, row.name)
    crumbs = [Crumb("Datasets", "/datasets/"), Crumb("New dataset")]
    return render(
        request,
        "web/datasets/create.html",
        {"form": form, "crumbs": crumbs},
        status=422 if form.errors else 200,
    )


def edit_dataset_settings(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = require_sign_in(request)
    frame = load_draft_frame(request, organisation, name)
    initial = DatasetSettingsForm.of(frame.dataset)
    vertical = Vertical(frame.dataset.vertical)
    form = DatasetSettingsForm(request.POST or None, initial=initial, vertical=vertical)
    if request.method == "POST" and form.is_valid():
        try:
            save_settings(
                actor=user,
                dataset=frame.dataset,
                changes=form.changes(),
                reason=form.cleaned_data["reason"],
            )
        except EarmarkError as problem:
            if problem.kind == Kind.DENIED:
                raise
            form.add_error(None, problem.message)
        else:
            return redirect(frame.url("overview"))
    context = frame.context("overview", Crumb("Settings"), form=form)
    return render(
        request, "web/datasets/settings.html", context, status=422 if form.errors else 200
    )
