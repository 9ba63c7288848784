"""Which cases somebody goes through, and what comes after the one they are at."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Clip, Dataset
from apps.doors.web.queue_places import Places
from apps.review.queue import list_visible_cases

WHOSE = (("", "To anybody"), ("mine", "To me"), ("nobody", "To nobody"))
AWAITING = (
    ("", "A decision"),
    ("second", "A second reviewer"),
    ("changes", "The steward"),
    ("people", "A count of people"),
)
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filters:
    """What the addresses of the workbench carry along: the next case is of the same kind."""

    dataset: str = ""
    kind: str = ""
    whose: str = ""
    awaiting: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> Filters:
        """What no database takes is cut away; what is not known counts as not asked."""
        values = {
            name: query.get(name, "").replace("\0", "").strip()[:LONGEST] for name in cls.names()
        }
        for name, known in (("whose", WHOSE), ("awaiting", AWAITING)):
            if values[name] not in {value for value, _ in known}:
                values[name] = ""
        return cls(**values)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return ("dataset", "kind", "whose", "awaiting")

    @property
    def query(self) -> str:
        return urlencode(
            {name: getattr(self, name) for name in self.names() if getattr(self, name)}
        )

    @property
    def suffix(self) -> str:
        return f"?{self.query}" if self.query else ""

    def url(self, name: str, *rest: object) -> str:
        return reverse(f"web:{name}", args=rest) + self.suffix

    def dataset_for(self, user: User) -> Dataset | None:
        """The dataset asked for, if any. Raises `DatasetUnknownError`."""
        return fetch_dataset(user, self.dataset) if self.dataset else None

    @property
    def any(self) -> bool:
        return bool(self.query)

    def cases(self, user: User) -> QuerySet[Clip]:
        return list_visible_cases(
            user,
            dataset=self.dataset_for(user),
            kind=self.kind,
            mine=self.whose == "mine",
            unassigned=self.whose == "nobody",
            awaiting=self.awaiting,
        )


@dataclass(frozen=True, slots=True)
class AdjacentCases:
    """The cases before and after one in the queue, as addresses; empty where there is none."""

    previous: str
    next: str


def find_adjacent_cases(user: User, filters: Filters, clip: Clip) -> AdjacentCases:
    """What comes before and after the clip; of one that is not in the queue, its first case."""
    line = Places.of(filters.cases(user))
    place = line.of_clip(clip)
    onward = next(iter(line.after(place, 1)), None)
    back = line.before(place) if place is not None else None
    uids = dict(Clip.objects.filter(pk__in=[onward, back]).values_list("pk", "uid"))
    return AdjacentCases(
        previous=filters.url("case", uids[back]) if back in uids else "",
        next=filters.url("case", uids[onward]) if onward in uids else "",
    )
