"""What people say to each other about a case, whose it is, and how long it took."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.doors.web.review_filters import Filters
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from apps.review.actions import (
    add_comment,
    answer_changes,
    assign_clips,
    note_time,
    request_changes,
)
from apps.review.queue import fetch_change_request, fetch_review_clip
from datasets_catalog.errors import InvalidError

# No visit to one clip counts for longer: whoever is away longer forgot to close the page.
LONGEST_VISIT = 1800.0


@require_POST
def comment_on_case(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    with flash_outcome(request, "Your comment stands beside the case."):
        add_comment(actor=user, clip=clip, text=read_field(request, "text"))
    return _redirect_to_case(request, uid)


@require_POST
def assign_case(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    mine = read_field(request, "to") == "me"
    with flash_outcome(request, "The case is yours." if mine else "The case is nobody's."):
        assign_clips(actor=user, clips=[clip], reviewer=user if mine else None)
    return _redirect_to_case(request, uid)


@require_POST
def ask_for_changes(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    with flash_outcome(request, "The stewards were asked."):
        request_changes(actor=user, clip=clip, text=read_field(request, "text"))
    return _redirect_to_case(request, uid)


@require_POST
def answer_change_request(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    row = fetch_change_request(user, uid)
    with flash_outcome(request, "Your answer stands beside the case."):
        answer_changes(actor=user, request=row, text=read_field(request, "text"))
    return _redirect_to_case(request, row.clip.uid)


@require_POST
def note_visit(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Seconds that somebody gave to the clip; the page sends them when it is left."""
    user = require_sign_in(request)
    try:
        seconds = float(read_field(request, "seconds"))
    except ValueError:
        raise InvalidError("Send the seconds as a number.") from None
    if 0 < seconds <= LONGEST_VISIT:
        note_time(actor=user, clip=fetch_review_clip(user, uid), seconds=seconds)
    return HttpResponse(status=204)


def _redirect_to_case(request: HttpRequest, uid: UUID) -> HttpResponse:
    return redirect(Filters.of(request.GET).url("case", uid))
