"""Places in the queue of cases. Where somebody is survives that cases come and go around it."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.datasets.models import Clip
from apps.doors.keyset_pages import LARGEST, KeyDamagedError, decode_key, encode_key
from apps.doors.web.paging import PAGE_ROWS, Page, build_link_error, build_page_url
from apps.review.queue import ORDER

Place = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """A queue as it stands: where each case is in it.

    Ranking the cases of a recording together reads all of them anyway, so one query brings all
    places.
    """

    places: Sequence[Place]

    @classmethod
    def of(cls, rows: QuerySet[Clip]) -> "Places":
        names = [key.removeprefix("-") for key in ORDER]
        return cls([_build_place(values) for values in rows.values_list(*names)])

    def of_clip(self, clip: Clip) -> Place | None:
        return next((place for place in self.places if place[-1] == clip.pk), None)

    def after(self, place: Place | None, count: int) -> list[int]:
        """Ids of the next `count` cases; from the beginning where there is no place."""
        start = bisect_right(self.places, place) if place is not None else 0
        return [int(found[-1]) for found in self.places[start : start + count]]

    def before(self, place: Place) -> int | None:
        at = bisect_left(self.places, place) - 1
        return int(self.places[at][-1]) if at >= 0 else None


def load_case_page(
    request: HttpRequest, rows: QuerySet[Clip], *, limit: int = PAGE_ROWS
) -> Page[Clip]:
    """The cases that `?after=` asks for. Two queries."""
    places = Places.of(rows)
    after = request.GET.get("after", "")
    ids = places.after(_decode_place(after) if after else None, limit + 1)
    shown = ids[:limit]
    found = {clip.pk: clip for clip in rows.filter(pk__in=shown)}
    last = next((place for place in places.places if shown and place[-1] == shown[-1]), None)
    further = len(ids) > limit and last is not None
    return Page(
        rows=[found[pk] for pk in shown if pk in found],
        next_url=build_page_url(request, encode_key(last)) if further and last else "",
        first_url=build_page_url(request, "") if after else "",
        total=len(places.places),
    )


def _build_place(values: Sequence[float]) -> Place:
    """Values that sort upwards as `ORDER` says."""
    return tuple(
        -value if key.startswith("-") else value for key, value in zip(ORDER, values, strict=True)
    )


def _decode_place(text: str) -> Place:
    try:
        values = decode_key(text)
    except KeyDamagedError as problem:
        raise build_link_error() from problem
    numbers = all(type(value) in {int, float} and abs(value) < LARGEST for value in values)
    if not numbers or len(values) != len(ORDER):
        raise build_link_error()
    return tuple(values)
