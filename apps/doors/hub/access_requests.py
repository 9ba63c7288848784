"""Requests for access over the Hub's own routes; `apps/access` says who may answer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.access.access import list_visible_requests
from apps.access.actions import (
    grant_access,
    grant_request,
    refuse_request,
    take_back_grant,
)
from apps.access.grants import list_cleared_uses
from apps.access.models import AccessRequest
from apps.accounts.access import Principal, find_holder, require_permission
from apps.accounts.models import User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from apps.doors.hub.paging import build_page, load_page
from apps.doors.hub.refusals import answer_as_hub, build_refusal
from apps.doors.hub.request_bodies import read_json, read_text
from apps.doors.hub.shapes import format_moment
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import require_known_dataset
from datasets_catalog.errors import InvalidError, NotFoundError
from datasets_catalog.roles import Permission

_STATES = {
    "pending": AccessRequest.State.PENDING,
    "accepted": AccessRequest.State.GRANTED,
    "rejected": AccessRequest.State.REFUSED,
}
_WORDS = {state: word for word, state in _STATES.items()}
LISTED = 100


@answer_as_hub
def list_requests(
    request: HttpRequest, principal: Principal, dataset: str, status: str
) -> HttpResponseBase:
    """Requests in one state, newest first."""
    row = fetch_dataset(principal, dataset)
    require_permission(principal, Permission.ACCESS_GRANT, row.organisation)
    rows = list_visible_requests(principal, row).filter(state=_STATES[status])
    found, following = load_page(request, rows, ("-pk",), LISTED)
    described = [_describe_request(each) for each in found]
    return build_page(request, described, next_cursor=following)


def _describe_request(row: AccessRequest) -> Json:
    fields = {str(each.get("label") or each.get("name")): each.get("value") for each in row.answers}
    if row.purposes:
        fields["purposes"] = ", ".join(row.purposes)
    if row.message:
        fields["message"] = row.message
    return {
        "requestId": row.uid.hex,
        "user": {
            "user": row.user.username,
            "fullname": row.user.get_full_name() or row.user.username,
            "email": row.user.email,
        },
        "status": _WORDS[AccessRequest.State(row.state)],
        "timestamp": format_moment(row.asked_at),
        "fields": fields,
    }


@answer_as_hub
def answer_request(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Accept or refuse a request; `pending` takes back what was accepted."""
    user, row = require_known_dataset(principal, dataset)
    if request.method != "POST":
        return build_refusal(405, "Answer requests by POST.")
    require_permission(user, Permission.ACCESS_GRANT, row.organisation)
    body = read_json(request)
    asked = _find_request(user, row, body)
    match body.get("status"):
        case "accepted":
            grant_request(
                actor=user, request=asked, purposes=asked.purposes or sorted(list_cleared_uses(row))
            )
        case "rejected":
            reason = read_text(body, "rejectionReason", default="", most=4000)
            refuse_request(actor=user, request=asked, answer=reason or "No reason was given.")
        case "pending":
            take_back_grant(actor=user, request=asked)
        case _:
            raise InvalidError("status is accepted, rejected or pending.")
    return JsonResponse({})


def _find_request(user: User, row: Dataset, body: Json) -> AccessRequest:
    """By its id, or the person's newest."""
    rows = list_visible_requests(user, row).order_by("-pk")
    if named := body.get("requestId"):
        try:
            found = rows.filter(uid=UUID(str(named))).first()
        except ValueError:
            found = None
    else:
        found = rows.filter(user__username=read_text(body, "user")).first()
    if found is None:
        raise NotFoundError("There is no such request for access.")
    return found


@answer_as_hub
def let_person_in(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Let a person in without a request."""
    user, row = require_known_dataset(principal, dataset)
    if request.method != "POST":
        return build_refusal(405, "Let people in by POST.")
    require_permission(user, Permission.ACCESS_GRANT, row.organisation)
    holder = find_holder(username=read_text(read_json(request), "user"))
    # The protocol has no word for purposes: the grant names what the releases are cleared for now.
    grant_access(actor=user, dataset=row, holder=holder, purposes=sorted(list_cleared_uses(row)))
    return JsonResponse({})
