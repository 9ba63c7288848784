"""Pages over REST: the parameters `limit` and `cursor`, and the envelope around the rows."""

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.db.models import Model, QuerySet
from django.http import QueryDict
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.doors.keyset_pages import (
    KeyDamagedError,
    decode_key,
    encode_key,
    load_rows_after,
)
from datasets_catalog.errors import InvalidError

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

M = TypeVar("M", bound=Model)


class CursorInvalidError(InvalidError):
    """The cursor is not one we gave out for this list."""

    code = "request.cursor_invalid"


class LimitInvalidError(InvalidError):
    """The page size asked for is not a number in range."""

    code = "request.limit_invalid"


class KeysetPagination(BasePagination):
    """The envelope `{"next": url or null, "results": […]}`, as the schema shows it."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {
                "next": {
                    "type": "string",
                    "format": "uri",
                    "nullable": True,
                    "description": "Address of the next page; null on the last.",
                },
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:
        return [
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where the page begins; taken from `next`.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows on a page.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MAX_LIMIT,
                    "default": DEFAULT_LIMIT,
                },
            },
        ]


def load_page(
    request: Request, rows: QuerySet[M, M], order: Sequence[str]
) -> tuple[list[M], str | None]:
    """One page of `rows` in `order` (as `load_rows_after` takes it), and the next one's URL."""
    after = request.query_params.get("cursor", "")
    try:
        page, following = load_rows_after(rows, order, after, read_limit(request))
    except KeyDamagedError as error:
        raise _build_cursor_error() from error
    return page, _build_url(request, following) if following else None


def build_page_answer(rows: Sequence[Any], following: str | None) -> Response:
    return Response({"next": following, "results": list(rows)})


def read_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MAX_LIMIT))
    if not is_number or not 1 <= int(text) <= MAX_LIMIT:
        raise LimitInvalidError(f"The limit is a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_cursor(request: Request) -> list[Any] | None:
    """Return the key after which the page begins; None at the first page."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        return decode_key(text)
    except KeyDamagedError as error:
        raise _build_cursor_error() from error


def build_next_url(request: Request, key: Sequence[Any]) -> str:
    """Return the request's own address with the cursor moved behind `key`."""
    return _build_url(request, encode_key(key))


def _build_url(request: Request, cursor: str) -> str:
    parts = urlsplit(request.build_absolute_uri())
    query = QueryDict(parts.query, mutable=True)
    query["cursor"] = cursor
    pairs = [(name, value) for name, values in query.lists() for value in values]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _build_cursor_error() -> CursorInvalidError:
    return CursorInvalidError("This cursor is damaged or of another list: start without one.")
