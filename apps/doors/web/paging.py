"""Pages of long lists: the parameters `after` and `sort`, and the links to further pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.doors.keyset_pages import KeyDamagedError, load_rows_after
from datasets_catalog.errors import InvalidError

PAGE_ROWS = 50

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
    sign = "-" if by.startswith("-") else ""
    after = request.GET.get("after", "")
    try:
        shown, following = load_rows_after(rows, (by, f"{sign}pk"), after, limit)
    except KeyDamagedError as problem:
        raise build_link_error() from problem
    return Page(
        rows=shown,
        next_url=build_page_url(request, following) if following else "",
        first_url=build_page_url(request, "") if after else "",
        total=total,
    )


def choose_sort(request: HttpRequest, allowed: Sequence[str], default: str) -> str:
    """The order that `?sort=` asks for, if it is one of these."""
    asked = request.GET.get("sort", "")
    return asked if asked.removeprefix("-") in allowed else default


def build_page_url(request: HttpRequest, after: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    if after:
        query["after"] = after
    return f"?{query.urlencode()}"


def build_link_error() -> PageLinkError:
    return PageLinkError("This page link is damaged: go back to the first page.")
