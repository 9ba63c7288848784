"""The sound of a case and its picture, window by window."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.doors.web.hearing import Window, asked_window
from apps.doors.web.listening import peaks, picture, short_sound, window
from apps.doors.web.views.frame import asked, signed_in
from apps.privacy.before import before_of
from apps.privacy.queue import clip_for
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError


def sound(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A window of the clip as a small WAV; `take` names a redaction: how it was before that."""
    blob, span = _asked(request, uid)
    content = window(blob, span.start, span.end)
    return short_sound(request, content, f"{blob.sha256[:32]}-{span.start:.3f}-{span.end:.3f}")


def spectrogram(request: HttpRequest, uid: UUID) -> HttpResponse:
    """The picture of the same window."""
    blob, span = _asked(request, uid)
    response = HttpResponse(picture(blob, span.start, span.end), content_type="image/webp")
    kept = "no-store" if asked(request, "take") else "max-age=3600"
    response["Cache-Control"] = f"private, {kept}"
    return response


def outline(request: HttpRequest, uid: UUID) -> JsonResponse:
    """How loud the whole clip is along its time: enough to find one's way, too little to hear."""
    clip = clip_for(signed_in(request), uid)
    response = JsonResponse(peaks(clip.blob), safe=False)
    response["Cache-Control"] = "private, max-age=3600"
    return response


def _asked(request: HttpRequest, uid: UUID) -> tuple[Blob, Window]:
    user = signed_in(request)
    clip = clip_for(user, uid)
    span = asked_window(clip, asked(request, "start"), asked(request, "end"))
    take = asked(request, "take")
    if not take:
        return clip.blob, span
    if not take.isdecimal() or len(take) > len(str(1 << 62)):
        raise NotFoundError("There is no such redaction of this clip.")
    blob = before_of(actor=user, clip=clip, redaction=int(take), onset=span.start, end=span.end)
    return blob, span
