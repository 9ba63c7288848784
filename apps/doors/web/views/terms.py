"""An organisation's own terms: which there are, and recording one."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.access import require_permission
from apps.doors.web.components import Crumb
from apps.doors.web.rights_forms import OwnTermsForm
from apps.doors.web.views.organisations import OrganisationFrame, load_organisation_frame
from apps.doors.web.views.page_frame import require_sign_in
from apps.licensing.actions import record_terms
from apps.licensing.models import Terms
from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.roles import Permission

# Stewards record their own terms; rights reviewers judge others'.
RECORDERS = frozenset({Permission.DATASET_EDIT, Permission.RIGHTS_REVIEW})


def list_own_terms(request: HttpRequest, organisation: str) -> HttpResponse:
    frame = load_organisation_frame(request, organisation)
    require_permission(request.user, Permission.DATASET_VIEW, frame.organisation)
    form = OwnTermsForm(request.POST or None) if RECORDERS & frame.may else None
    if (
        request.method == "POST"
        and form
        and form.is_valid()
        and _record_terms(request, frame, form)
    ):
        messages.success(request, f"{form.cleaned_data['licence']} is on record.")
        return redirect(frame.url("own_terms"))
    rows = Terms.objects.filter(organisation=frame.organisation).order_by("licence")
    context = frame.context(
        "own_terms",
        Crumb("Terms"),
        form=form,
        rows=[(row, _describe_duties(row), _describe_limits(row)) for row in rows],
    )
    status = 422 if form and form.errors else 200
    return render(request, "web/organisations/terms.html", context, status=status)


def _record_terms(request: HttpRequest, frame: OrganisationFrame, form: OwnTermsForm) -> bool:
    try:
        record_terms(
            actor=require_sign_in(request), organisation=frame.organisation, **form.read_terms()
        )
    except EarmarkError as problem:
        if problem.kind is Kind.DENIED:
            raise
        form.add_error(None, problem.message)
        return False
    return True


def _describe_duties(row: Terms) -> list[str]:
    said = (
        (row.redistribution, "may be passed on"),
        (not row.redistribution, "may not be passed on"),
        (row.attribution, "names its authors"),
        (row.share_alike, "share alike"),
        (row.noncommercial, "no commercial use"),
        (row.no_derivatives, "no adaptations"),
        (row.ai_terms == "forbidden", "no training of models"),
        (row.ai_terms == "allowed", "training of models allowed"),
    )
    return [words for holds, words in said if holds]


def _describe_limits(row: Terms) -> list[str]:
    limits = []
    if row.field_of_use:
        titles = "; ".join(TERMS[Purpose(purpose)].title for purpose in row.field_of_use)
        limits.append(f"only for: {titles}")
    if row.territories:
        limits.append(f"only in {', '.join(row.territories)}")
    if row.expires_on:
        limits.append(f"until {row.expires_on.isoformat()}")
    return limits
