"""How far consent reaches in a dataset, and the people it comes from."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.consent.forms import list_current_reaches
from apps.consent.ledger import (
    list_consents_given,
    list_datasets_about,
    list_visible_contributors,
    load_consents,
)
from apps.consent.models import Consent, Participation
from apps.datasets.models import Clip, Dataset
from apps.doors.web.components import Bar, Crumb
from apps.doors.web.consent_forms import MajorityForm, MinorForm
from apps.doors.web.page_figures import compute_consent_figures
from apps.doors.web.paging import load_page
from apps.doors.web.views.organisations import load_organisation_frame
from apps.doors.web.views.page_frame import load_draft_frame, read_query
from apps.releases.forecasts import forecast_consent
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan
from datasets_catalog.ledger import Ledger, Refusal
from datasets_catalog.purposes import TERMS, Answer, Purpose
from datasets_catalog.roles import Permission

SHOWN_CLIPS = 50


def show_coverage(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Coverage purpose by purpose; with `?purpose=` also for these together, clip by clip."""
    frame = load_draft_frame(request, organisation, name)
    figures = compute_consent_figures(frame.dataset)
    chosen = [purpose for purpose in Purpose if purpose in request.GET.getlist("purpose")]
    found = forecast_consent(frame.dataset, purposes=chosen, at=timezone.now()) if chosen else None
    may_name = Permission.CONSENT_VIEW in frame.may
    bars = [
        Bar(one.title, f"{one.covered:,} of {one.needing:,}", one.share, bad=not one.covered)
        for one in figures.purposes
    ]
    context = frame.context(
        "consent",
        Crumb("Consent"),
        figures=figures,
        bars=bars,
        choices=[(purpose, TERMS[purpose].title, purpose in chosen) for purpose in Purpose],
        found=found,
        uncovered=found.uncovered[:SHOWN_CLIPS] if found and may_name else [],
    )
    return render(request, "web/datasets/consent.html", context)


def list_contributors(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    rows = list_visible_contributors(request.user, frame.organisation)
    words = read_query(request, "q")
    if words:
        rows = rows.filter(code__icontains=words)
    page = load_page(request, rows, by="code", total=rows.count())
    context = frame.context("contributors", Crumb("Contributors"), page=page, words=words)
    return render(request, "web/organisations/contributors.html", context)


def show_contributor(request: HttpRequest, organisation: str, code: str) -> HttpResponse:
    """One contributor: what holds today, every consent given, and the clips they are in.

    What holds differs between datasets: `?dataset=` chooses one of those that concern them.
    """
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.CONSENT_VIEW, frame.organisation)
    row = get_object_or_404(list_visible_contributors(request.user, frame.organisation), code=code)
    datasets = list_datasets_about(row)
    wanted = read_query(request, "dataset")
    chosen = next((each for each in datasets if each.name == wanted), None)
    chosen = chosen or next(iter(datasets), None)
    clips = Clip.objects.filter(participations__contributor=row).select_related(
        "dataset__organisation"
    )
    context = frame.context(
        "contributors",
        Crumb("Contributors", frame.url("contributors")),
        Crumb(code),
        contributor=row,
        datasets=datasets,
        chosen=chosen,
        refusals=_list_refusals(chosen, code) if chosen else [],
        consents=[
            (consent, list_current_reaches(consent.form), _list_answers(consent))
            for consent in list_consents_given(row)
        ],
        minor_form=MinorForm(initial={"of_age_on": row.of_age_on}),
        majority_form=MajorityForm(auto_id="majority_%s"),
        of_age=row.is_minor and row.of_age_on and row.of_age_on <= timezone.now().date(),
        clips=clips.order_by("dataset", "path")[:SHOWN_CLIPS],
        clips_total=Participation.objects.filter(contributor=row).count(),
    )
    return render(request, "web/organisations/contributor.html", context)


def _list_refusals(dataset: Dataset, code: str) -> list[tuple[str, Purpose, Refusal | None]]:
    """Why somebody's part may not be used anywhere, purpose by purpose, as of now."""
    plan = Plan((), dataset=dataset.full_name)
    people = PeopleCoverage(Ledger(load_consents(dataset, [code])), plan, timezone.now())
    found = people.refusals(code, ClipPeople("", "", (code,), 0.0))
    return [(TERMS[purpose].title, purpose, found.get(purpose)) for purpose in Purpose]


def _list_answers(consent: Consent) -> list[tuple[str, Answer]]:
    given = {each.purpose: Answer(each.answer) for each in consent.answers.all()}
    return [(TERMS[purpose].title, given[purpose]) for purpose in Purpose if purpose in given]
