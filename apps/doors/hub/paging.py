"""Long lists by key, with the next page in the `Link` header."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse
from django.utils.http import urlencode

from datasets_catalog.errors import InvalidError

MOST = 1000


def read_limit(request: HttpRequest, default: int) -> int:
    """How many the client wants of one page, at most `MOST`."""
    text = request.GET.get("limit", str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 9:  # noqa: PLR2004 - digits enough
        raise InvalidError("limit is a whole number.")
    return max(1, min(int(text), MOST))


def build_page(
    request: HttpRequest, rows: Sequence[object], *, next_cursor: str | None
) -> JsonResponse:
    response = JsonResponse(list(rows), safe=False)
    if next_cursor is not None:
        query = {**request.GET.dict(), "cursor": next_cursor}
        address = request.build_absolute_uri(f"{request.path}?{urlencode(query)}")
        response.headers["Link"] = f'<{address}>; rel="next"'
    return response
