"""How bytes leave: one function, three back ends.

`sendfile`: this process, from a local file by the kernel where the server can. `accel`: nginx,
told by a header which file. `redirect`: the object store, by an address signed for minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import IO, Any, ClassVar

from django.conf import settings
from django.core.files.storage import storages
from django.db import connections
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.encoding import filepath_to_uri
from django.utils.http import content_disposition_header

from apps.doors.ranges import RangeUnsatisfiableError, Span, choose_span
from apps.doors.refusals import answer_busy
from apps.doors.transfer_limits import COME_BACK, give_place, take_place
from apps.storage.blobs import find_local_path, open_span
from apps.storage.models import Blob

# Seconds. Named by their hash the bytes never change, but what people may have does: a stop, a
# withdrawal and a consent that ended reach every cache within this time.
PUBLIC_AGE = 300
SIGNED_SECONDS = 300
# A transfer of more bytes than this gives its database connection back before it begins.
LONG_TRANSFER = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Offer:
    """How a blob is given out.

    `name` is the file name a browser saves under. `public`: everyone may have it, so shared
    caches may keep it. `personal`: the address is one reader's, so none may, whatever it opens.
    `may_redirect`: the client does not send its credentials along to another host. `etag` stands
    in for the sha256 where a protocol names content otherwise.
    """

    name: str
    media_type: str = "application/octet-stream"
    public: bool = False
    personal: bool = False
    may_redirect: bool = True
    inline: bool = False
    etag: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Window:
    """The next `length` bytes of an open file.

    gunicorn takes `fileno` and sends by the kernel; any other server reads no more than the
    length. `seek` works because `socket.sendfile` falls back on it; `seekable` denies it, or
    Django would work out a Content-Length of its own.
    """

    def __init__(self, file: IO[bytes], length: int, *, place: bool = False) -> None:
        self._file = file
        self._left = length
        self._place = place

    def fileno(self) -> int:
        return self._file.fileno()

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1) -> bytes:
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        content = self._file.read(wanted) if wanted else b""
        self._left -= len(content)
        return content

    def close(self) -> None:
        self._file.close()
        if self._place:
            self._place = False
            give_place()


class WindowResponse(FileResponse):
    """A FileResponse that hands larger pieces to servers without sendfile."""

    block_size: ClassVar[int] = 64 * 1024  # type: ignore[misc]  # the stubs miss the attribute


def serve_blob(request: HttpRequest, blob: Blob, offer: Offer) -> HttpResponseBase:
    """The answer to a GET or HEAD for the blob; who may have it was decided before.

    Raises BlobDestroyedError and BlobMissingError, by GET alone: the Hub's client reads why from
    the answer to its GET, and takes a refused HEAD for a broken line.
    """
    etag = _build_etag(blob, offer)
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return _add_headers(unchanged, blob, offer)
    try:
        span = choose_span(request, blob.size, etag)
    except RangeUnsatisfiableError:
        refused = HttpResponse(status=416, headers={"Content-Range": f"bytes */{blob.size}"})
        return _add_headers(refused, blob, offer)
    if request.method == "HEAD":
        headers = {"Content-Length": str(blob.size), "Accept-Ranges": "bytes"}
        return _add_headers(HttpResponse(headers=headers), blob, offer)
    response = _answer_with_bytes(blob, span, offer)
    return (
        response
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        else _add_headers(response, blob, offer)
    )


def has_whole_blob(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether an answer of `serve_blob` holds the whole blob, or sends its reader to it."""
    if request.method != "GET":
        return False
    if "X-Accel-Redirect" in response.headers:
        return request.headers.get("Range", "bytes=0-") == "bytes=0-"
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        span, _, size = response.headers["Content-Range"].removeprefix("bytes ").partition("/")
        return span == f"0-{int(size) - 1}"
    return response.status_code in {HTTPStatus.OK, HTTPStatus.FOUND}


def _answer_with_bytes(blob: Blob, span: Span | None, offer: Offer) -> HttpResponseBase:
    remote = find_local_path(blob) is None
    if remote and offer.may_redirect and settings.SERVE_BACKEND == "redirect":
        return _redirect_to_storage(blob, offer)
    if not remote and settings.SERVE_BACKEND == "accel":
        # nginx works out length and range itself.
        target = f"{settings.ACCEL_PREFIX}{filepath_to_uri(blob.key)}"
        return HttpResponse(headers={"X-Accel-Redirect": target})
    part = span or Span(0, blob.size)
    long = part.length > LONG_TRANSFER
    if long and not take_place():
        return answer_busy(COME_BACK)
    window = Window(_open_window(blob, part, placed=long), part.length, place=long)
    response = WindowResponse(window, status=206 if span else 200)
    response.headers["Content-Length"] = str(part.length)
    response.headers["Accept-Ranges"] = "bytes"
    if span:
        response.headers["Content-Range"] = span.header(blob.size)
    if long:
        _give_back_connections()
    return response


def _open_window(blob: Blob, part: Span, *, placed: bool) -> IO[bytes]:
    try:
        return open_span(blob, part.start, part.length)
    except Exception:
        if placed:
            give_place()
        raise


def _give_back_connections() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _redirect_to_storage(blob: Blob, offer: Offer) -> HttpResponseBase:
    storage: Any = storages["blobs"]  # an object store's `url` takes more than Django declares
    parameters = {
        "ResponseContentType": offer.media_type,
        "ResponseContentDisposition": _build_disposition(offer),
    }
    address = storage.url(blob.key, parameters=parameters, expire=SIGNED_SECONDS)
    headers = {"Location": address, "Content-Length": "0", "Cache-Control": "private, no-store"}
    return HttpResponse(status=302, headers=headers)


def _add_headers(response: HttpResponseBase, blob: Blob, offer: Offer) -> HttpResponseBase:
    headers = response.headers
    headers["ETag"] = _build_etag(blob, offer)
    headers["Content-Type"] = offer.media_type
    headers["Content-Disposition"] = _build_disposition(offer)
    headers["X-Content-Type-Options"] = "nosniff"
    # Whatever the bytes are, a browser runs nothing of them.
    headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    headers.setdefault(
        "Cache-Control",
        f"public, max-age={PUBLIC_AGE}, must-revalidate" if offer.public else "private, no-store",
    )
    for name, value in offer.headers.items():
        headers[name] = value
    return response


def _build_etag(blob: Blob, offer: Offer) -> str:
    return f'"{offer.etag or blob.sha256}"'


def _build_disposition(offer: Offer) -> str:
    value = content_disposition_header(as_attachment=not offer.inline, filename=offer.name)
    return value or "attachment"
