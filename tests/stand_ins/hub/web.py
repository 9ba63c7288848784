"""Requests, responses and the refusal that carries the Hub's error headers."""

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - an answer of the protocol, not a fault of the server
    """An answer other than success; `code` travels as `X-Error-Code`."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        *,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.body = body or {}
        self.headers = headers or {}

    def answer(self) -> "Response":
        headers = {"X-Error-Message": self.message, **self.headers}
        if self.code:
            headers["X-Error-Code"] = self.code
        return respond({"error": self.message, **self.body}, status=self.status, headers=headers)


@dataclass
class Request:
    method: str
    target: str
    headers: Message
    stream: IO[bytes]
    received: int

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path = parts.path
        self.query = parse_qs(parts.query, keep_blank_values=True)

    @property
    def base(self) -> str:
        return f"http://{self.headers.get('Host')}"

    def flag(self, name: str) -> bool:
        return self.query.get(name, ["false"])[0].lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        return int(self.query.get(name, [str(default)])[0])

    def read(self) -> bytes:
        self.stream.seek(0)
        return self.stream.read()

    def json(self) -> Json:
        try:
            value: Json = json.loads(self.read() or b"{}")
        except ValueError as error:
            raise Refusal(400, f"The body is not JSON: {error}") from error
        return value


class Span(NamedTuple):
    """A part of a file, served without reading it whole."""

    path: Path
    start: int
    length: int


@dataclass
class Response:
    status: int = 200
    body: bytes | Span = b""
    headers: dict[str, str] = field(default_factory=dict)
    media_type: str = "application/json; charset=utf-8"

    @property
    def length(self) -> int:
        return self.body.length if isinstance(self.body, Span) else len(self.body)


def respond(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(status, json.dumps(value).encode(), dict(headers or {}))


def paged(items: list[Any], request: Request, *, size: int, headers: Mapping[str, str]) -> Response:
    """One page of `items`, with a `Link` to the next one."""
    start = request.number("cursor", 0)
    size = min(size, request.number("limit", size))
    answer = respond(items[start : start + size], headers=headers)
    if start + size < len(items):
        kept = [(k, v) for k, vs in request.query.items() if k != "cursor" for v in vs]
        query = "&".join(f"{k}={v}" for k, v in [*kept, ("cursor", str(start + size))])
        answer.headers["Link"] = f'<{request.base}{request.path}?{query}>; rel="next"'
    return answer


def serve_file(request: Request, path: Path, headers: dict[str, str]) -> Response:
    """Serve the file or the asked range of it, as RFC 9110 §14 has it for a single range."""
    size = path.stat().st_size
    headers = {"Accept-Ranges": "bytes", **headers}
    asked = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range") or "")
    octets = "application/octet-stream"
    if asked is None or request.method == "HEAD" or not size:
        return Response(200, Span(path, 0, size), headers, octets)
    if asked[1]:
        first = int(asked[1])
        last = min(int(asked[2]), size - 1) if asked[2] else size - 1
    else:
        first, last = max(0, size - int(asked[2])), size - 1
    if first >= size:
        return Response(416, b"", {**headers, "Content-Range": f"bytes */{size}"}, octets)
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(206, Span(path, first, last - first + 1), headers, octets)


def receive(headers: Message, source: IO[bytes]) -> tuple[IO[bytes], int]:
    """Read the whole body, chunked or not, in memory while small, else in a temporary file."""
    kept: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1 << 22)  # noqa: SIM115 - the request owns it
    received = 0
    if (headers.get("Transfer-Encoding") or "").lower() == "chunked":
        while length := int(source.readline().split(b";")[0], 16):
            received += _copy(source, kept, length)
            source.readline()
        while source.readline().strip():
            pass
    else:
        received = _copy(source, kept, int(headers.get("Content-Length") or 0))
    kept.seek(0)
    return kept, received


def _copy(source: IO[bytes], sink: IO[bytes], length: int) -> int:
    left = length
    while left:
        block = source.read(min(left, 1 << 20))
        if not block:
            raise ConnectionResetError("The body ended early.")
        sink.write(block)
        left -= len(block)
    return length


Handler = Callable[..., Response]


class Route(NamedTuple):
    methods: frozenset[str]
    pattern: re.Pattern[str]
    handler: Handler


def route(methods: str, pattern: str, handler: Handler) -> Route:
    """`pattern` is a regular expression over the raw (still quoted) path."""
    return Route(frozenset(methods.split()), re.compile(pattern), handler)
