"""Finding datasets, and the first page of each."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from apps.access.answers import Action
from apps.access.authorize import authorize
from apps.accounts.access import organisations_where
from apps.accounts.models import Organisation
from apps.datasets.access import visible_datasets
from apps.datasets.actions import create_dataset
from apps.doors.commands import commands_for
from apps.doors.croissant import for_head
from apps.doors.web.components import Crumb
from apps.doors.web.figures import draft_figures, facet_counts, newest_releases
from apps.doors.web.forms import DatasetForm, DatasetSettingsForm
from apps.doors.web.paging import page_of
from apps.doors.web.views.frame import HtmxRequest, asked, dataset_frame, draft_frame, signed_in
from apps.doors.web.views.lowerings import save_settings, waiting_lowering
from apps.releases.models import Release
from apps.releases.usage import usage_of
from datasets_catalog.errors import DeniedError, EarmarkError, Kind
from datasets_catalog.purposes import TERMS
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical

CARDS = 24


def listing(request: HtmxRequest) -> HttpResponse:
    rows = visible_datasets(request.user)
    words = asked(request, "q")
    for word in words.split():
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(title__icontains=word)
            | Q(description__icontains=word)
            | Q(organisation__name__icontains=word)
        )
    facets = facet_counts(rows)
    vertical = request.GET.get("vertical", "")
    if vertical in set(Vertical):
        rows = rows.filter(vertical=vertical)
    page = page_of(request, rows, by="name", limit=CARDS)
    context = {
        "page": page,
        "cards": newest_releases(page.rows),
        "words": words,
        "vertical": vertical,
        "facets": facets,
        "crumbs": [Crumb("Datasets")],
        "may_create": organisations_where(request.user, Permission.DATASET_CREATE).exists(),
    }
    template = "datasets/list.html"
    if request.htmx:
        template = "partials/_dataset_cards.html"
    return render(request, f"web/{template}", context)


def overview(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    frame = dataset_frame(request, organisation, name)
    newest = newest_releases([frame.dataset])[0].release
    figures = draft_figures(frame.dataset) if frame.sees_draft else None
    taking = authorize(request.user, newest, Action.DOWNLOAD) if newest else None
    context = frame.context(
        "overview",
        **waiting_lowering(request, frame),
        newest=newest,
        figures=figures,
        commands=commands_for(request.user, newest) if newest else [],
        croissant=for_head(newest, taking) if newest else "",
        taking=taking,
        purposes=_permitted(newest) if newest else [],
    )
    return render(request, "web/datasets/overview.html", context)


def _permitted(release: Release) -> list[str]:
    usage = usage_of(release, on=timezone.now().date())
    return [TERMS[purpose].title for purpose in usage.permitted]


def create(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    ids = organisations_where(user, Permission.DATASET_CREATE)
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


def settings(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    user = signed_in(request)
    frame = draft_frame(request, organisation, name)
    initial = DatasetSettingsForm.of(frame.dataset)
    vertical = Vertical(frame.dataset.vertical)
    form = DatasetSettingsForm(request.POST or None, initial=initial, vertical=vertical)
    if request.method == "POST" and form.is_valid():
        try:
            save_settings(user, frame.dataset, form.changes(), form.cleaned_data["reason"])
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
