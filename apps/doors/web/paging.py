"""Pages of long lists by key: a page costs the same wherever it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest

from datasets_catalog.errors import InvalidError

PAGE_ROWS = 50
LARGEST = 1 << 63

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


class PageLinkError(InvalidError):
    """The link to a further page was changed or belongs to another list."""

    code = "page.link_invalid"


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page; `total` is None where counting would cost more than it tells."""

    rows: Sequence[Row]
    next_url: str = ""
    first_url: str = ""
    total: int | None = None


def load_page(
    request: HttpRequest,
    rows: QuerySet[ModelRow, ModelRow],
    *,
    by: str,
    total: int | None = None,
    limit: int = PAGE_ROWS,
) -> Page[ModelRow]:
    """The page that `?after=` asks for, ordered by the field `by` ("-" before it: descending).

    One query. Ties are broken by the primary key. `by` names a field that is never null.
    """
    name, descending = by.removeprefix("-"), by.startswith("-")
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{name}", f"{sign}pk")
    after = request.GET.get("after", "")
    if after:
        value, pk = _decode_key(rows.model, name, after)
        side = "lt" if descending else "gt"
        ordered = ordered.filter(
            Q(**{f"{name}__{side}": value}) | Q(**{name: value, f"pk__{side}": pk})
        )
    found = list(ordered[: limit + 1])
    shown = found[:limit]
    further = len(found) > limit
    return Page(
        rows=shown,
        next_url=build_page_url(request, _encode_key(shown[-1], name)) if further else "",
        first_url=build_page_url(request, "") if after else "",
        total=total,
    )


def choose_sort(request: HttpRequest, allowed: Sequence[str], default: str) -> str:
    """The order that `?sort=` asks for, if it is one of these."""
    asked = request.GET.get("sort", "")
    return asked if asked.removeprefix("-") in allowed else default


def _encode_key(row: Model, name: str) -> str:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part)
    return base64.urlsafe_b64encode(json.dumps([value, row.pk], default=str).encode()).decode()


def _decode_key(model: type[Model], name: str, text: str) -> tuple[Any, int]:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(text.encode()))
        typed, number = _find_field(model, name).to_python(value), int(pk)
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as problem:
        raise _build_link_error() from problem
    except ValidationError as problem:
        raise _build_link_error() from problem
    if typed is None or (isinstance(typed, str) and "\0" in typed) or abs(number) >= LARGEST:
        raise _build_link_error()
    return typed, number


def _find_field(model: type[Model], name: str) -> Field[Any, Any]:
    *through, last = name.split("__")
    for step in through:
        related = model._meta.get_field(step).related_model
        assert isinstance(related, type)
        model = related
    field = model._meta.get_field(last)
    assert isinstance(field, Field)
    return field


def build_page_url(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = after
    return f"?{query.urlencode()}"


def _build_link_error() -> PageLinkError:
    return PageLinkError("This page link is damaged: go back to the first page.")
