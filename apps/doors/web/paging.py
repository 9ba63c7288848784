"""Pages of long lists by key: a page costs the same wherever it is."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

from datasets_catalog.errors import InvalidError

PAGE_ROWS = 50

Row = TypeVar("Row")
ModelRow = TypeVar("ModelRow", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page; `total` is None where counting would cost more than it tells."""

    rows: Sequence[Row]
    next_url: str = ""
    first_url: str = ""
    total: int | None = None


def page_of(
    request: HttpRequest,
    rows: QuerySet[ModelRow, ModelRow],
    *,
    by: str,
    total: int | None = None,
    limit: int = PAGE_ROWS,
) -> Page[ModelRow]:
    """The page that `?after=` asks for, ordered by the field `by` ("-" before it: descending).

    One query. Ties are broken by the primary key.
    """
    name, descending = by.removeprefix("-"), by.startswith("-")
    sign = "-" if descending else ""
    ordered = rows.order_by(f"{sign}{name}", f"{sign}pk")
    after = request.GET.get("after", "")
    if after:
        ordered = ordered.filter(_beyond(name, _decoded(after), descending=descending))
    found = list(ordered[: limit + 1])
    shown = found[:limit]
    further = len(found) > limit
    return Page(
        rows=shown,
        next_url=_url(request, _encoded(shown[-1], name)) if further else "",
        first_url=_url(request, "") if after else "",
        total=total,
    )


def _beyond(name: str, key: list[Any], *, descending: bool) -> Q:
    value, pk = key
    side = "lt" if descending else "gt"
    return Q(**{f"{name}__{side}": value}) | Q(**{name: value, f"pk__{side}": pk})


def _encoded(row: Model, name: str) -> str:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part)
    return base64.urlsafe_b64encode(json.dumps([value, row.pk], default=str).encode()).decode()


def _decoded(text: str) -> list[Any]:
    try:
        key = json.loads(base64.urlsafe_b64decode(text.encode()))
    except (ValueError, binascii.Error) as problem:
        raise InvalidError("This page link is damaged: go back to the first page.") from problem
    if not isinstance(key, list) or len(key) != 2:  # noqa: PLR2004 - a value and the row's id
        raise InvalidError("This page link is damaged: go back to the first page.")
    return key


def _url(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = after
    return f"?{query.urlencode()}"
