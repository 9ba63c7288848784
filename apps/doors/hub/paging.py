"""Long lists by key, with the next page in the `Link` header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.http import urlencode

from apps.doors.keyset_pages import KeyDamagedError, load_rows_after
from datasets_catalog.errors import InvalidError

MOST = 1000

M = TypeVar("M", bound=Model)


def read_limit(request: HttpRequest, default: int) -> int:
    """How many the client wants of one page, at most `MOST`."""
    text = request.GET.get("limit", str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - digits enough
        raise InvalidError("limit is a whole number.")
    return max(1, min(int(text), MOST))


def load_page(
    request: HttpRequest, rows: QuerySet[M, M], order: Sequence[str], default: int
) -> tuple[list[M], str | None]:
    """One page of rows in `order` (as `load_rows_after` takes it), and the cursor of the next.

    `default` is how many are on a page where the client does not say.
    """
    after = request.GET.get("cursor", "")
    try:
        page, following = load_rows_after(rows, order, after, read_limit(request, default))
    except KeyDamagedError as problem:
        raise InvalidError(
            "This cursor is damaged or of another list: start without one."
        ) from problem
    return page, following or None


def build_page(
    request: HttpRequest, rows: Sequence[object], *, next_cursor: str | None
) -> JsonResponse:
    response = JsonResponse(list(rows), safe=False)
    if next_cursor is not None:
        query = {**request.GET.dict(), "cursor": next_cursor}
        address = request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response
