"""The sound of a case and its picture, window by window."""

from http import HTTPStatus
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.accounts.models import User
from apps.datasets.models import Clip
from apps.doors.web.page_sounds import (
    HOUR_SECONDS,
    cut_window,
    draw_window,
    load_peaks,
    measure_seconds_sent,
    serve_short_sound,
)
from apps.doors.web.review_windows import Window, parse_window
from apps.doors.web.views.page_frame import read_query, require_sign_in
from apps.review.original_sounds import fetch_unredacted_bytes
from apps.review.playback_records import note_playback
from apps.review.queue import fetch_review_clip
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError


def serve_sound_window(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A window of the clip as a small WAV; `take` names a redaction: how it was before that.

    What is sent counts as played. A page that fetches a window `ahead` of time says so, and asks
    again with `shown` when somebody comes to it; nothing counts that was not sent before.
    """
    blob, span, clip = _read_window_request(request, uid)
    user = require_sign_in(request)
    ahead = f"ahead:{user.pk}:{blob.sha256}:{span.start:.3f}:{span.end:.3f}"
    if read_query(request, "shown"):
        if not cache.delete(ahead):
            return HttpResponse(status=409)
        _note_playback(user, clip, blob, (span.start, span.end))
        return HttpResponse(status=204)
    content = cut_window(blob, span.start, span.end)
    response = serve_short_sound(
        request, content, f"{blob.sha256[:32]}-{span.start:.3f}-{span.end:.3f}"
    )
    if read_query(request, "ahead") and response.status_code == HTTPStatus.OK:
        cache.set(ahead, 1, HOUR_SECONDS)
    elif request.method == "GET":
        _note_playback(user, clip, blob, measure_seconds_sent(response, span.start, span.end))
    return response


def _note_playback(user: User, clip: Clip, blob: Blob, stretch: tuple[float, float]) -> None:
    onset, offset = stretch
    if offset > onset:
        note_playback(
            actor=user, dataset=clip.dataset, content=blob.sha256, onset=onset, offset=offset
        )


def serve_spectrogram(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The picture of the same window."""
    blob, span, _ = _read_window_request(request, uid)
    response = HttpResponse(draw_window(blob, span.start, span.end), content_type="image/webp")
    kept = "no-store" if read_query(request, "take") else "max-age=3600"
    response["Cache-Control"] = f"private, {kept}"
    return response


def serve_outline(request: HttpRequest, uid: UUID) -> JsonResponse:
    """How loud the whole clip is along its time: enough to find one's way, too little to hear."""
    clip = fetch_review_clip(require_sign_in(request), uid)
    response = JsonResponse(load_peaks(clip.blob), safe=False)
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _read_window_request(request: HttpRequest, uid: UUID) -> tuple[Blob, Window, Clip]:
    user = require_sign_in(request)
    clip = fetch_review_clip(user, uid)
    span = parse_window(clip, read_query(request, "start"), read_query(request, "end"))
    take = read_query(request, "take")
    if not take:
        return clip.blob, span, clip
    if not take.isdecimal() or len(take) > len(str(1 << 62)):
        raise NotFoundError("There is no such redaction of this clip.")
    blob = fetch_unredacted_bytes(
        actor=user, clip=clip, redaction=int(take), onset=span.start, end=span.end
    )
    return blob, span, clip
