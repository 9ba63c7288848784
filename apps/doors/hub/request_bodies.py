"""What comes in the body of a request: JSON, lines of JSON, or bytes as a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, UnreadablePostError

from apps.doors.hub.tree import Json
from datasets_catalog.errors import InvalidError

JSON_BYTES = 8 * 1024 * 1024
LINE_BYTES = 16 * 1024 * 1024
LINES_BYTES = 256 * 1024 * 1024


class BodyBrokenError(InvalidError):
    """The body ended before it was whole."""

    code = "hub.body_broken"


class Body:
    """The body as a stream that is read once; no more than `Content-Length` is ever asked for."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    def read(self, size: int = -1, /) -> bytes:
        try:
            return self._request.read(size)
        except UnreadablePostError as problem:
            raise BodyBrokenError("The connection ended before the body did.") from problem


def read_json(request: HttpRequest) -> Json:
    """The body as one object of JSON; empty where there is none."""
    stream = Body(request)
    content = b""
    while chunk := stream.read(JSON_BYTES + 1 - len(content)):
        content += chunk
        if len(content) > JSON_BYTES:
            raise InvalidError(f"The body has more than {JSON_BYTES} bytes.")
    return _parse_object(content) if content.strip() else {}


def read_json_lines(request: HttpRequest) -> Iterator[Json]:
    """The objects of a body with one on each line; no more than one line lies in memory."""
    total = 0
    while True:
        try:
            line = request.readline(LINE_BYTES + 1)
        except UnreadablePostError as problem:
            raise BodyBrokenError("The connection ended before the commit did.") from problem
        if not line:
            return
        total += len(line)
        if len(line) > LINE_BYTES or total > LINES_BYTES:
            raise InvalidError("The commit is too large: send large files by LFS or Xet.")
        if line.strip():
            yield _parse_object(line)


def _parse_object(content: bytes) -> Json:
    try:
        found: Any = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise InvalidError("The body is not valid JSON.") from problem
    if not isinstance(found, dict):
        raise InvalidError("The body is a JSON object.")
    return found


def read_text(body: Json, name: str, *, default: str | None = None, most: int = 4096) -> str:
    """A text of the body; raises InvalidError where there is none, or it is longer than `most`."""
    value = body.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or len(value) > most:
        raise InvalidError(f"{name} is a text of at most {most} characters.")
    return value


def read_objects(body: Json, name: str, *, most: int) -> list[Json]:
    """A list of objects of the body; raises InvalidError."""
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidError(f"{name} is a list of objects.")
    if len(rows) > most:
        raise InvalidError(f"{name} has at most {most} entries in one request.")
    return rows


def read_size(body: Json, name: str = "size") -> int:
    """A number of bytes; raises InvalidError."""
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 62:
        raise InvalidError(f"{name} is a number of bytes.")
    return value
