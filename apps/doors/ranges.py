"""Which bytes of a file a request asks for (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.http import HttpRequest

# More digits than any file's size has are nonsense, and costly to read.
_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start`."""

    start: int
    length: int

    def header(self, size: int) -> str:
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


class RangeUnsatisfiableError(Exception):
    """No byte of the file lies in the range."""


def choose_span(request: HttpRequest, size: int, etag: str) -> Span | None:
    """The one range to send, None for the whole file; raises RangeUnsatisfiableError.

    Several ranges, malformed ones and an `If-Range` of another state mean the whole file.
    """
    if request.method != "GET":
        return None
    found = _ONE_RANGE.fullmatch(request.headers.get("Range", ""))
    if found is None or not any(found.groups()):
        return None
    if request.headers.get("If-Range", etag) != etag:
        return None
    return _parse_span(found[1], found[2], size)


def _parse_span(first: str, last: str, size: int) -> Span | None:
    if not first:
        length = min(int(last), size)
        if not length:
            raise RangeUnsatisfiableError
        return Span(size - length, length)
    start = int(first)
    end = min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeUnsatisfiableError
    return Span(start, end - start + 1)
