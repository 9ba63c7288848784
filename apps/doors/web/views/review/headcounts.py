"""Saying how many people are heard in a clip, and where somebody is whom no detector reported."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.doors.web.review_filters import Filters
from apps.doors.web.views.page_frame import flash_outcome, read_field, require_sign_in
from apps.doors.web.views.review.decisions import build_finding_url
from apps.review.actions import count_people, point_out_voice
from apps.review.queue import fetch_review_clip
from datasets_catalog.errors import InvalidError


@require_POST
def count_clip_people(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    with flash_outcome(request, "Counted: it stands beside the case."):
        count_people(
            actor=user,
            clip=clip,
            people_heard=_parse_count(read_field(request, "people_heard")),
            somebody_unknown=bool(read_field(request, "somebody_unknown")),
            reason=read_field(request, "reason"),
            content=read_field(request, "content"),
        )
    return redirect(Filters.of(request.GET).url("case", uid))


@require_POST
def point_somebody_out(request: HttpRequest, uid: UUID) -> HttpResponse:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    here = Filters.of(request.GET).url("case", uid)
    with flash_outcome(request, "It is a finding now, and waits for a decision."):
        made = point_out_voice(
            actor=user,
            clip=clip,
            onset=_parse_seconds(read_field(request, "onset")),
            offset=_parse_seconds(read_field(request, "offset")),
            reason=read_field(request, "reason"),
            content=read_field(request, "content"),
        )
        here = build_finding_url(here, made.uid)
    return redirect(here)


def _parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidError("Give the number of people in digits, 0 for nobody.")
    return int(text[:9])


def _parse_seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidError(f"{text[:20]!r} is no time: give seconds, such as 1.5.") from None
