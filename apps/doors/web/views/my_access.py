"""What I may take, what I asked for, what I should know; and what my organisation may take."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.access.access import list_held_entitlements, list_own_requests, list_requests_to_answer
from apps.access.access_terms import accept_terms
from apps.access.agreements import (
    fetch_agreement,
    give_seat,
    list_seats,
    list_visible_agreements,
    take_seat,
)
from apps.access.models import AccessRequest, Entitlement
from apps.access.notices import list_own_notices, mark_read
from apps.doors.web.access_forms import AcceptForm, AnswerForm, SeatForm
from apps.doors.web.components import Crumb
from apps.doors.web.views.organisations import load_organisation_frame
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.roles import Permission

SHOWN = 50


def show_my_access(request: HttpRequest) -> HttpResponse:
    user = require_sign_in(request)
    context = {
        "crumbs": [Crumb("Access")],
        "notices": list_own_notices(user).filter(read_at=None)[:SHOWN],
        "queue": [
            (
                row,
                AnswerForm(initial={"purposes": row.purposes}, prefix=str(row.uid)),
                _list_purpose_titles(row),
            )
            for row in list_requests_to_answer(user)[:SHOWN]
        ],
        "held": [
            (row, find_entitlement_state(row), _list_purpose_titles(row))
            for row in list_held_entitlements(user)[:SHOWN]
        ],
        "requests": [(row, _list_purpose_titles(row)) for row in list_own_requests(user)[:SHOWN]],
    }
    return render(request, "web/account/access.html", context)


@require_POST
def mark_notices_read(request: HttpRequest) -> HttpResponse:
    mark_read(actor=require_sign_in(request))
    return redirect("web:my_access")


def list_agreements(request: HttpRequest, organisation: str) -> HttpResponse:
    """What an organisation may take, and who of it has a seat; for its members."""
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    rows = list_visible_agreements(user, frame.organisation)[:SHOWN]
    may_give = Permission.SEAT_GIVE in frame.may
    listed = [
        {
            "row": row,
            "state": find_entitlement_state(row),
            "purposes": _list_purpose_titles(row),
            "seats": list_seats(row) if row.seats else [],
            "form": SeatForm(auto_id=f"{row.uid}_%s") if may_give and row.seats else None,
            "accept": _build_accept_form(row)
            if Permission.ORGANISATION_MANAGE in frame.may
            else None,
        }
        for row in rows
    ]
    context = frame.context("agreements", Crumb("Agreements"), listed=listed, may_give=may_give)
    return render(request, "web/organisations/agreements.html", context)


@require_POST
def change_seat(request: HttpRequest, organisation: str, uid: UUID) -> HttpResponse:
    """Give a seat, take one back, or accept terms in the organisation's name."""
    user = require_sign_in(request)
    frame = load_organisation_frame(request, organisation)
    row = fetch_agreement(user, uid)
    username = read_field(request, "username")
    if "accept" in request.POST:
        with flash_outcome(request, f"{frame.organisation} accepted the terms."):
            version = read_field(request, "version")
            if not version.isdecimal():
                raise InvalidError("Say which version of the terms you accept.")
            accept_terms(
                actor=user,
                dataset=row.dataset,
                version=int(version),
                organisation=frame.organisation,
            )
    elif "drop" in request.POST:
        with flash_outcome(request, f"{username} has no seat any more."):
            take_seat(actor=user, agreement=row, username=username)
    else:
        with flash_outcome(request, f"{username} has a seat."):
            give_seat(actor=user, agreement=row, username=username)
    return redirect(frame.url("agreements"))


def find_entitlement_state(row: Entitlement) -> str:
    """What a page says of an entitlement: in force, ended, taken back, terms to accept."""
    now = timezone.now()
    if row.revoked_at is not None:
        return "revoked"
    if row.valid_until is not None and row.valid_until <= now:
        return "ended"
    if row.valid_from > now:
        return "coming"
    if row.terms < row.dataset.terms_required:
        return "terms"
    return "in_force"


def _build_accept_form(row: Entitlement) -> AcceptForm | None:
    if find_entitlement_state(row) != "terms":
        return None
    return AcceptForm(
        initial={"version": row.dataset.terms_version}, auto_id=f"{row.uid}_accept_%s"
    )


def _list_purpose_titles(row: Entitlement | AccessRequest) -> list[Any]:
    return [TERMS[Purpose(each)].title for each in row.purposes]
