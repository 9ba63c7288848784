"""How a part of a release leaves: a tar written as it goes, in ranges too."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from apps.deliveries.parts import Part
from apps.doors.blob_responses import LONG_TRANSFER
from apps.doors.ranges import RangeUnsatisfiableError, Span, choose_span
from apps.doors.refusals import answer_busy
from apps.doors.transfer_limits import COME_BACK, give_place, take_place

MEDIA_TYPE = "application/x-tar"


class _Pieces:
    """The bytes of a span; closing it, also before the first byte, lets go of the part."""

    def __init__(self, part: Part, span: Span, *, placed: bool) -> None:
        self._part = part
        self._placed = placed
        self._pieces = part.content(span.start, span.length)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._part.close()
        if self._placed:
            self._placed = False
            give_place()


def serve_part(request: HttpRequest, part: Part) -> HttpResponseBase:
    """The answer to a GET or HEAD for the part's tar; takes the part over and closes it."""
    etag = f'"{part.etag}"'
    response = _answer_without_bytes(request, part, etag)
    if response is not None:
        part.close()
    else:
        span = choose_span(request, part.size, etag)
        whole = span or Span(0, part.size)
        long = whole.length > LONG_TRANSFER
        if long and not take_place():
            part.close()
            return answer_busy(COME_BACK)
        pieces = _Pieces(part, whole, placed=long)
        response = StreamingHttpResponse(pieces, status=206 if span else 200)
        response.headers["Content-Length"] = str(whole.length)
        if span:
            response.headers["Content-Range"] = span.header(part.size)
    return _add_headers(response, part, etag)


def _answer_without_bytes(request: HttpRequest, part: Part, etag: str) -> HttpResponseBase | None:
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    if request.method == "HEAD":
        return HttpResponse(headers={"Content-Length": str(part.size)})
    try:
        choose_span(request, part.size, etag)
    except RangeUnsatisfiableError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{part.size}"})
    return None


def _add_headers(response: HttpResponseBase, part: Part, etag: str) -> HttpResponseBase:
    headers = response.headers
    headers["ETag"] = etag
    headers["Accept-Ranges"] = "bytes"
    headers["Content-Type"] = MEDIA_TYPE
    name = content_disposition_header(as_attachment=True, filename=part.file_name)
    headers["Content-Disposition"] = name or "attachment"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cache-Control"] = "private, no-store"
    # A proxy that gathers the whole before sending would need room for all of it.
    headers["X-Accel-Buffering"] = "no"
    return response
