"""Saying how many people are heard in a clip, and where somebody is whom no detector reported."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.doors.web.review_filters import Filters
from apps.doors.web.views.frame import signed_in, told, typed
from apps.doors.web.views.review.deciding import with_finding
from apps.privacy.actions import count_people, point_out
from apps.privacy.queue import clip_for
from datasets_catalog.errors import InvalidError


@require_POST
def count(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    clip = clip_for(user, uid)
    with told(request, "Counted: it stands beside the case."):
        count_people(
            actor=user,
            clip=clip,
            people_heard=_whole(typed(request, "people_heard")),
            somebody_unknown=bool(typed(request, "somebody_unknown")),
            reason=typed(request, "reason"),
            content=typed(request, "content"),
        )
    return redirect(Filters.of(request.GET).url("case", uid))


@require_POST
def point(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = signed_in(request)
    clip = clip_for(user, uid)
    here = Filters.of(request.GET).url("case", uid)
    with told(request, "It is a finding now, and waits for a decision."):
        made = point_out(
            actor=user,
            clip=clip,
            onset=_seconds(typed(request, "onset")),
            offset=_seconds(typed(request, "offset")),
            reason=typed(request, "reason"),
            content=typed(request, "content"),
        )
        here = with_finding(here, made.uid)
    return redirect(here)


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidError("Give the number of people in digits, 0 for nobody.")
    return int(text[:9])


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidError(f"{text[:20]!r} is no time: give seconds, such as 1.5.") from None
