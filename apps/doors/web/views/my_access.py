"""What I may take, what I asked for, what I should know; and what my organisation may take."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.access.access import held_for, requests_of, requests_to_answer
from apps.access.agreements import agreement_for, agreements_of, give_seat, seats_of, take_seat
from apps.access.models import AccessRequest, Entitlement
from apps.access.notices import mark_read, notices_for
from apps.access.terms import accept_terms
from apps.doors.web.access_forms import AcceptForm, AnswerForm, SeatForm
from apps.doors.web.components import Crumb
from apps.doors.web.views.frame import signed_in, told, typed
from apps.doors.web.views.organisations import organisation_frame
from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import TERMS, Purpose
from datasets_catalog.roles import Permission

SHOWN = 50


def mine(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    context = {
        "crumbs": [Crumb("Access")],
        "notices": notices_for(user).filter(read_at=None)[:SHOWN],
        "queue": [
            (row, AnswerForm(initial={"purposes": row.purposes}, prefix=str(row.uid)), _titles(row))
            for row in requests_to_answer(user)[:SHOWN]
        ],
        "held": [(row, state_of(row), _titles(row)) for row in held_for(user)[:SHOWN]],
        "requests": [(row, _titles(row)) for row in requests_of(user)[:SHOWN]],
    }
    return render(request, "web/account/access.html", context)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    mark_read(actor=signed_in(request))
    return redirect("web:my_access")


def agreements(request: HttpRequest, organisation: str) -> HttpResponse:
    """What an organisation may take, and who of it has a seat; for its members."""
    user = signed_in(request)
    frame = organisation_frame(request, organisation)
    rows = agreements_of(user, frame.organisation)[:SHOWN]
    may_give = Permission.SEAT_GIVE in frame.may
    listed = [
        {
            "row": row,
            "state": state_of(row),
            "purposes": _titles(row),
            "seats": seats_of(row) if row.seats else [],
            "form": SeatForm(auto_id=f"{row.uid}_%s") if may_give and row.seats else None,
            "accept": _acceptance(row) if Permission.ORGANISATION_MANAGE in frame.may else None,
        }
        for row in rows
    ]
    context = frame.context("agreements", Crumb("Agreements"), listed=listed, may_give=may_give)
    return render(request, "web/organisations/agreements.html", context)


@require_POST
def seat(request: HttpRequest, organisation: str, uid: UUID) -> HttpResponse:
    """Give a seat, take one back, or accept terms in the organisation's name."""
    user = signed_in(request)
    frame = organisation_frame(request, organisation)
    row = agreement_for(user, uid)
    username = typed(request, "username")
    if "accept" in request.POST:
        with told(request, f"{frame.organisation} accepted the terms."):
            version = typed(request, "version")
            if not version.isdecimal():
                raise InvalidError("Say which version of the terms you accept.")
            accept_terms(
                actor=user,
                dataset=row.dataset,
                version=int(version),
                organisation=frame.organisation,
            )
    elif "drop" in request.POST:
        with told(request, f"{username} has no seat any more."):
            take_seat(actor=user, agreement=row, username=username)
    else:
        with told(request, f"{username} has a seat."):
            give_seat(actor=user, agreement=row, username=username)
    return redirect(frame.url("agreements"))


def state_of(row: Entitlement) -> str:
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


def _acceptance(row: Entitlement) -> AcceptForm | None:
    if state_of(row) != "terms":
        return None
    return AcceptForm(
        initial={"version": row.dataset.terms_version}, auto_id=f"{row.uid}_accept_%s"
    )


def _titles(row: Entitlement | AccessRequest) -> list[Any]:
    return [TERMS[Purpose(each)].title for each in row.purposes]
