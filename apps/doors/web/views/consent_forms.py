"""Forms of consent: which there are, what each asks about; corrections; minors."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.accounts.access import require_permission
from apps.consent.ages import mark_of_age, record_minor
from apps.consent.consent_corrections import correct_consent
from apps.consent.forms import (
    WIDENERS,
    bind_form,
    fetch_form,
    list_current_reaches,
    list_organisation_forms,
    register_form,
    release_form,
)
from apps.consent.ledger import fetch_consent_row
from apps.consent.models import FormReach
from apps.datasets.models import Dataset
from apps.doors.web.components import Crumb
from apps.doors.web.consent_forms import (
    ConsentFormForm,
    CorrectionForm,
    MajorityForm,
    MinorForm,
    ReachForm,
    ReasonForm,
)
from apps.doors.web.views.organisations import OrganisationFrame, load_organisation_frame
from apps.doors.web.views.page_frame import require_sign_in
from datasets_catalog.errors import EarmarkError, InvalidError, Kind
from datasets_catalog.implications import parse_implications
from datasets_catalog.purposes import TERMS
from datasets_catalog.roles import Permission

BINDERS = frozenset({Permission.CONSENT_RECORD, *WIDENERS})


def list_forms(request: HttpRequest, organisation: str) -> HttpResponse:
    """Every form with what it asks about, and a new one to put on record."""
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.CONSENT_VIEW, frame.organisation)
    form = None
    if Permission.CONSENT_RECORD in frame.may:
        form = ConsentFormForm(request.POST or None, datasets=_list_own_datasets(frame))
    if request.method == "POST" and form and form.is_valid():
        try:
            row = register_form(
                actor=require_sign_in(request), organisation=frame.organisation, **form.cleaned_data
            )
        except EarmarkError as problem:
            _add_problem(form, problem)
        else:
            return redirect(frame.url("consent_form", row.uid))
    rows = [(row, list_current_reaches(row)) for row in list_organisation_forms(frame.organisation)]
    context = frame.context("consent_forms", Crumb("Consent forms"), rows=rows, form=form)
    status = 422 if form and form.errors else 200
    return render(request, "web/organisations/consent_forms.html", context, status=status)


def show_form(request: HttpRequest, organisation: str, uid: UUID) -> HttpResponse:
    """One form: its words, what it asks about, what its purposes contain."""
    frame = load_organisation_frame(request, organisation)
    row = fetch_form(request.user, frame.organisation, uid)
    form = (
        ReachForm(request.POST or None, datasets=_list_own_datasets(frame))
        if BINDERS & frame.may
        else None
    )
    if request.method == "POST" and form and form.is_valid():
        try:
            bind_form(actor=require_sign_in(request), form=row, **form.cleaned_data)
        except EarmarkError as problem:
            _add_problem(form, problem)
        else:
            return redirect(frame.url("consent_form", row.uid))
    contained = parse_implications(row.implications)
    context = frame.context(
        "consent_forms",
        Crumb("Consent forms", frame.url("consent_forms")),
        Crumb(str(row)),
        row=row,
        reaches=list_current_reaches(row),
        answers=row.consents.count(),
        contained=[
            (TERMS[purpose].title, [TERMS[each].title for each in sorted(held)])
            for purpose, held in contained.items()
        ],
        form=form,
    )
    status = 422 if form and form.errors else 200
    return render(request, "web/organisations/consent_form.html", context, status=status)


@require_POST
def end_reach(request: HttpRequest, organisation: str, uid: UUID, reach: int) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    form = fetch_form(request.user, frame.organisation, uid)
    row = get_object_or_404(FormReach, form=form, pk=reach)
    release_form(actor=require_sign_in(request), reach=row, reason=_read_reason(request))
    messages.success(request, f"{form} does not ask about {row} any more.")
    return redirect(frame.url("consent_form", uid))


def correct_consent_record(request: HttpRequest, organisation: str, uid: UUID) -> HttpResponse:
    """A record in the place of one that is wrong, which is shown as it stands."""
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.CONSENT_RECORD, frame.organisation)
    row = fetch_consent_row(request.user, frame.organisation, str(uid))
    form = CorrectionForm(request.POST or None, initial=CorrectionForm.build_initial(row))
    person = frame.url("contributor", row.contributor.code)
    if request.method == "POST" and form.is_valid():
        try:
            correct_consent(
                actor=require_sign_in(request),
                consent=row,
                entry=form.entry(row),
                reason=form.cleaned_data["reason"],
            )
        except EarmarkError as problem:
            _add_problem(form, problem)
        else:
            messages.success(request, "The record is corrected. The wrong one stays below it.")
            return redirect(person)
    context = frame.context(
        "contributors",
        Crumb("Contributors", frame.url("contributors")),
        Crumb(row.contributor.code, person),
        Crumb("Correct"),
        row=row,
        form=form,
    )
    status = 422 if form.errors else 200
    return render(request, "web/organisations/correction.html", context, status=status)


@require_POST
def record_contributor_minor(request: HttpRequest, organisation: str, code: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    form = MinorForm(request.POST)
    if not form.is_valid():
        raise InvalidError("Give a reason, and days such as 2031-05-17.", fields=form.errors)
    record_minor(
        actor=require_sign_in(request),
        organisation=frame.organisation,
        code=code,
        **form.cleaned_data,
    )
    return redirect(frame.url("contributor", code))


@require_POST
def mark_contributor_of_age(request: HttpRequest, organisation: str, code: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    form = MajorityForm(request.POST)
    if not form.is_valid():
        raise InvalidError("Give a reason, and a SHA-256.", fields=form.errors)
    mark_of_age(
        actor=require_sign_in(request),
        organisation=frame.organisation,
        code=code,
        **form.cleaned_data,
    )
    return redirect(frame.url("contributor", code))


def _read_reason(request: HttpRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


def _list_own_datasets(frame: OrganisationFrame) -> QuerySet[Dataset]:
    return Dataset.objects.filter(organisation=frame.organisation).select_related("organisation")


def _add_problem(form: forms.Form, problem: EarmarkError) -> None:
    if problem.kind is Kind.DENIED:
        raise problem
    form.add_error(None, problem.message)
