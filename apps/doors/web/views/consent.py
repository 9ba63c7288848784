"""How far consent reaches in a dataset, and the people it comes from."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from apps.accounts.access import require
from apps.consent.forms import reached
from apps.consent.ledger import consents_for, consents_given, contributors_for, datasets_about
from apps.consent.models import Consent, Participation
from apps.datasets.models import Clip, Dataset
from apps.doors.web.components import Bar, Crumb
from apps.doors.web.consent_forms import MajorityForm, MinorForm
from apps.doors.web.figures import consent_figures
from apps.doors.web.paging import page_of
from apps.doors.web.views.frame import asked, draft_frame
from apps.doors.web.views.organisations import organisation_frame
from apps.releases.outlook import consent_outlook
from datasets_catalog.consent import PeopleAsked, Plan
from datasets_catalog.ledger import Ledger, Refusal
from datasets_catalog.people import ClipPeople
from datasets_catalog.purposes import TERMS, Answer, Purpose
from datasets_catalog.roles import Permission

SHOWN_CLIPS = 50


def of_dataset(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """Coverage purpose by purpose; with `?purpose=` also for these together, clip by clip."""
    frame = draft_frame(request, organisation, name)
    figures = consent_figures(frame.dataset)
    chosen = [purpose for purpose in Purpose if purpose in request.GET.getlist("purpose")]
    found = consent_outlook(frame.dataset, purposes=chosen, at=timezone.now()) if chosen else None
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


def contributors(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = organisation_frame(request, organisation)
    rows = contributors_for(request.user, frame.organisation)
    words = asked(request, "q")
    if words:
        rows = rows.filter(code__icontains=words)
    page = page_of(request, rows, by="code", total=rows.count())
    context = frame.context("contributors", Crumb("Contributors"), page=page, words=words)
    return render(request, "web/organisations/contributors.html", context)


def contributor(request: HttpRequest, organisation: str, code: str) -> HttpResponse:
    """One contributor: what holds today, every consent given, and the clips they are in.

    What holds differs between datasets: `?dataset=` chooses one of those that concern them.
    """
    frame = organisation_frame(request, organisation)
    require(request.user, Permission.CONSENT_VIEW, frame.organisation)
    row = get_object_or_404(contributors_for(request.user, frame.organisation), code=code)
    datasets = datasets_about(row)
    wanted = asked(request, "dataset")
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
        refusals=_refusals(chosen, code) if chosen else [],
        consents=[
            (consent, reached(consent.form), _answers(consent)) for consent in consents_given(row)
        ],
        minor_form=MinorForm(initial={"of_age_on": row.of_age_on}),
        majority_form=MajorityForm(auto_id="majority_%s"),
        of_age=row.is_minor and row.of_age_on and row.of_age_on <= timezone.now().date(),
        clips=clips.order_by("dataset", "path")[:SHOWN_CLIPS],
        clips_total=Participation.objects.filter(contributor=row).count(),
    )
    return render(request, "web/organisations/contributor.html", context)


def _refusals(dataset: Dataset, code: str) -> list[tuple[str, Purpose, Refusal | None]]:
    """Why somebody's part may not be used anywhere, purpose by purpose, as of now."""
    plan = Plan((), dataset=dataset.full_name)
    people = PeopleAsked(Ledger(consents_for(dataset, [code])), plan, timezone.now())
    found = people.refusals(code, ClipPeople("", "", (code,), 0.0))
    return [(TERMS[purpose].title, purpose, found.get(purpose)) for purpose in Purpose]


def _answers(consent: Consent) -> list[tuple[str, Answer]]:
    given = {each.purpose: Answer(each.answer) for each in consent.answers.all()}
    return [(TERMS[purpose].title, given[purpose]) for purpose in Purpose if purpose in given]
