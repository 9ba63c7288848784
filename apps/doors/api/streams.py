"""Bodies as streams: bytes go from the socket to the disk and never lie in memory whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

from django.http import UnreadablePostError
from rest_framework.exceptions import APIException
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from apps.doors.api.problems import BodyTooLargeError
from apps.ingest.members import ByteStream

CHUNK = 1024 * 1024


class LengthRequiredError(APIException):
    """Neither a length nor chunks: where the body ends cannot be known."""

    status_code = 411
    default_detail = "Say how long the body is (Content-Length), or send it in chunks."
    default_code = "length_required"


class StreamParser(BaseParser):
    """Names the media type in the schema; views read the stream themselves."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        return {}


class Chunks:
    """The server's own stream, with Django's error for a connection that ends early."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._stream.read(size)
        except OSError as error:
            raise UnreadablePostError(*error.args) from error


def read_declared_size(request: Request) -> int | None:
    """Bytes of the body as declared; None where it comes in chunks."""
    text = request.META.get("CONTENT_LENGTH") or ""
    return int(text) if text.isascii() and text.isdigit() else None


def open_body(request: Request) -> ByteStream:
    """Give the body, to be read once; raises LengthRequiredError.

    Django reads nothing without a length, so chunks are taken from the server itself where it
    promises (`wsgi.input_terminated`) to say when they end.
    """
    stream: ByteStream
    if read_declared_size(request) is not None:
        stream = cast("ByteStream", request)
    elif request.META.get("wsgi.input_terminated"):
        stream = Chunks(request.META["wsgi.input"])
    else:
        raise LengthRequiredError
    return stream


def spool_body(request: Request, target: Path, *, limit: int) -> Path:
    """Write a body of at most `limit` bytes to a file; raises BodyTooLargeError."""
    stream = open_body(request)
    left = limit
    with target.open("wb") as file:
        while chunk := stream.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise BodyTooLargeError(f"The body has more than {limit} bytes: send less at once.")
            file.write(chunk)
    return target
