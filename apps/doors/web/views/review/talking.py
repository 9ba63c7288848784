"""What people say to each other about a case, whose it is, and how long it took."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.doors.web.review_filters import Filters
from apps.doors.web.views.frame import signed_in, told, typed
from apps.privacy.actions import answer_changes, assign, note_time, request_changes
from apps.privacy.actions import comment as write_comment
from apps.privacy.queue import change_request_for, clip_for
from datasets_catalog.errors import InvalidError

# No visit to one clip counts for longer: whoever is away longer forgot to close the page.
LONGEST_VISIT = 1800.0


@require_POST
def comment(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    clip = clip_for(user, uid)
    with told(request, "Your comment stands beside the case."):
        write_comment(actor=user, clip=clip, text=typed(request, "text"))
    return _back(request, uid)


@require_POST
def assign_one(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    clip = clip_for(user, uid)
    mine = typed(request, "to") == "me"
    with told(request, "The case is yours." if mine else "The case is nobody's."):
        assign(actor=user, clips=[clip], reviewer=user if mine else None)
    return _back(request, uid)


@require_POST
def changes(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    clip = clip_for(user, uid)
    with told(request, "The stewards were asked."):
        request_changes(actor=user, clip=clip, text=typed(request, "text"))
    return _back(request, uid)


@require_POST
def answer(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    row = change_request_for(user, uid)
    with told(request, "Your answer stands beside the case."):
        answer_changes(actor=user, request=row, text=typed(request, "text"))
    return _back(request, row.clip.uid)


@require_POST
def time(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Seconds that somebody gave to the clip; the page sends them when it is left."""
    user = signed_in(request)
    try:
        seconds = float(typed(request, "seconds"))
    except ValueError:
        raise InvalidError("Send the seconds as a number.") from None
    if 0 < seconds <= LONGEST_VISIT:
        note_time(actor=user, clip=clip_for(user, uid), seconds=seconds)
    return HttpResponse(status=204)


def _back(request: HttpRequest, uid: UUID) -> HttpResponse:
    return redirect(Filters.of(request.GET).url("case", uid))
