"""Pages of long lists by key: a page costs the same wherever it is, and never skips a row."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import QueryDict
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

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
    """One page of `rows` in `order` (together unique; "-" before all or none), and the next's URL.

    Costs one query that reads one row more than the page.
    """
    names, side = _split_order(order)
    limit = read_limit(request)
    ordered = rows.order_by(*order)
    after = read_cursor(request)
    if after is not None:
        ordered = ordered.filter(_filter_beyond(names, _parse_key(rows.model, names, after), side))
    found = list(ordered[: limit + 1])
    page = found[:limit]
    if len(found) <= limit:
        return page, None
    return page, build_next_url(request, [_read_value(page[-1], name) for name in names])


def build_page_answer(rows: Sequence[Any], following: str | None) -> Response:
    return Response({"next": following, "results": list(rows)})


def read_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= MAX_LIMIT):
        raise LimitInvalidError(f"The limit is a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def read_cursor(request: Request) -> list[Any] | None:
    """Return the key after which the page begins; None at the first page."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _build_cursor_error() from error
    if not isinstance(key, list):
        raise _build_cursor_error()
    return key


def build_next_url(request: Request, key: Sequence[Any]) -> str:
    """Return the request's own address with the cursor moved behind `key`."""
    cursor = base64.urlsafe_b64encode(json.dumps(list(key), default=str).encode()).decode()
    parts = urlsplit(request.build_absolute_uri())
    query = QueryDict(parts.query, mutable=True)
    query["cursor"] = cursor
    pairs = [(name, value) for name, values in query.lists() for value in values]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _split_order(order: Sequence[str]) -> tuple[list[str], str]:
    descending = order[0].startswith("-")
    return [name.removeprefix("-") for name in order], "lt" if descending else "gt"


def _filter_beyond(names: Sequence[str], key: Sequence[Any], side: str) -> Q:
    """Lexicographic comparison, spelled out because SQL's row values sort NULL elsewhere."""
    condition = Q()
    for depth, name in enumerate(names):
        level = Q(**dict(zip(names[:depth], key[:depth], strict=True)))
        condition |= level & Q(**{f"{name}__{side}": key[depth]})
    return condition


def _parse_key(model: type[Model], names: Sequence[str], key: Sequence[Any]) -> list[Any]:
    if len(key) != len(names) or not all(isinstance(part, str | int | float) for part in key):
        raise _build_cursor_error()
    try:
        values = [
            _find_field(model, name).to_python(value)
            for name, value in zip(names, key, strict=True)
        ]
    except (ValidationError, TypeError, ValueError, OverflowError) as error:
        raise _build_cursor_error() from error
    if any(value is None or (isinstance(value, str) and "\0" in value) for value in values):
        raise _build_cursor_error()
    return values


def _find_field(model: type[Model], name: str) -> "Field[Any, Any]":
    *through, last = name.split("__")
    for step in through:
        related = model._meta.get_field(step).related_model
        assert isinstance(related, type)
        model = related
    field = model._meta.get_field(last)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field


def _read_value(row: Model, name: str) -> Any:
    value: Any = row
    for step in name.split("__"):
        value = getattr(value, step)
    return value


def _build_cursor_error() -> CursorInvalidError:
    return CursorInvalidError("This cursor is damaged or of another list: start without one.")
