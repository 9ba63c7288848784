"""What is known of the people in the clips of a draft beside their record: heard, counted, decided.

All of it is of contents: the same bytes under another name are known by it, whichever clip they
were in when it was said.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet

from apps.datasets.models import Dataset
from apps.detection.models import Finding, Scan
from apps.review.access import filter_current_content
from apps.review.held_back import select_binding_counts
from apps.review.models import Decision, Headcount, Redaction
from apps.storage.models import Blob
from datasets_catalog.clip_people import ClipPeople, count_needed_reviewers


@dataclass(slots=True)
class _ContentVoices:
    """In one content: how sure anybody was of a voice, and which detectors heard one."""

    peak: float = 0.0
    detectors: set[str] = field(default_factory=set)

    def add(self, detector: str, score: float) -> None:
        self.peak = max(self.peak, score)
        self.detectors.add(detector)


@dataclass(slots=True)
class _ContentCount:
    """The latest count of one content, and who said one after the other that it is nobody."""

    people: int = 0
    unknown: bool = False
    nobody_by: set[int] = field(default_factory=set)

    def take(self, people: int, by: int, *, unknown: bool) -> None:
        self.people, self.unknown = people, unknown
        if people:
            self.nobody_by.clear()
        else:
            self.nobody_by.add(by)

    def exceeds(self, recorded: int) -> bool:
        return self.unknown or self.people > recorded


@dataclass(slots=True)
class _ClipClearances:
    """What was decided on the voices that were reported in one clip, as its bytes are now."""

    detectors: set[str] = field(default_factory=set)
    deciders: set[int] = field(default_factory=set)
    stands: bool = False

    def take(self, detector: str, verdict: str | None, decider: int, *, identifiable: bool) -> None:
        if verdict == Decision.Verdict.CLEAR and not identifiable:
            self.detectors.add(detector)
            self.deciders.add(decider)
        else:
            self.stands = True


class PeopleHeard:
    """What was heard and said of every content of a dataset; some six queries for any number."""

    def __init__(self, dataset: Dataset) -> None:
        self._heard = _load_voices(dataset)
        self._cleared = _load_clearances(dataset)
        self._counted = _load_counts(dataset)
        self._identifiable = find_identifiable_contents(dataset)
        # What each content that a redaction made was before.
        redactions = Redaction.objects.filter(clip__dataset=dataset).order_by("pk")
        self._redacted = dict(redactions.values_list("after__sha256", "before__sha256"))

    def complete(self, recorded: ClipPeople, *, clip: int, contents: tuple[str, str]) -> ClipPeople:
        """Add what is known to what is recorded of a clip.

        `contents` are the SHA-256 of its bytes and of its texts.
        """
        content, texts = contents
        counted = self._counted.get(content)
        agreeing = self._count_agreeing(clip, content, counted)
        heard = self._heard.get(content)
        needed = count_needed_reviewers(heard.peak) if heard else 0
        return replace(
            recorded,
            identifiable=content in self._identifiable or texts in self._identifiable,
            speech_heard=heard is not None,
            nobody_identifiable=heard is not None and agreeing >= needed,
            agreement_due=0 < agreeing < needed,
            people_heard=counted.people if counted else None,
            somebody_unknown=counted.unknown if counted else False,
            count_due=counted is None and self._is_due(content, len(recorded.contributors)),
        )

    def _count_agreeing(self, clip: int, content: str, counted: _ContentCount | None) -> int:
        """How many reviewers said that nobody can be recognised in what was heard."""
        heard = self._heard.get(content)
        if heard is None or (counted is not None and counted.people):
            return 0
        said = counted.nobody_by if counted else set[int]()
        cleared = self._cleared.get(clip)
        if cleared is None or cleared.stands or not heard.detectors <= cleared.detectors:
            return len(said)
        # Each of several who decided spoke of a part: together they are one.
        return len(said) + bool(cleared.deciders - said)

    def _is_due(self, content: str, recorded: int) -> bool:
        """Whether somebody who is not recorded was heard in what a redaction made this of."""
        seen: set[str] = set()
        while content in self._redacted and content not in seen:
            seen.add(content)
            content = self._redacted[content]
            counted = self._counted.get(content)
            if counted is not None:
                return counted.exceeds(recorded)
        return False


def find_identifiable_contents(dataset: Dataset) -> set[str]:
    """Contents of which a decision in force says that a person can be recognised, in any clip."""
    rows = Decision.objects.filter(
        finding__clip__dataset=dataset, verdict=Decision.Verdict.CLEAR, identifiable=True
    )
    return set(rows.values_list("content_sha256", flat=True).distinct())


def list_counts(dataset: Dataset, contents: Iterable[str]) -> QuerySet[Headcount]:
    """What was counted in these contents, oldest first; the last of a content counts."""
    return select_binding_counts(dataset, list(contents)).select_related("counted_by")


def _load_voices(dataset: Dataset) -> dict[str, _ContentVoices]:
    found: dict[str, _ContentVoices] = defaultdict(_ContentVoices)
    rows = Scan.objects.filter(dataset=dataset, heard__isnull=False)
    for content, detector, score in rows.values_list("content_sha256", "detector", "heard"):
        found[content].add(detector, score or 0.0)
    return dict(found)


def _load_clearances(dataset: Dataset) -> dict[int, _ClipClearances]:
    found: dict[int, _ClipClearances] = defaultdict(_ClipClearances)
    rows: QuerySet[Finding, tuple[Any, ...]] = filter_current_content(
        Finding.objects.filter(clip__dataset=dataset, onset__isnull=False)
    ).values_list(
        "clip_id",
        "scan__detector",
        "decision__verdict",
        "decision__decided_by_id",
        "decision__identifiable",
    )
    for clip, detector, verdict, decider, identifiable in rows.iterator(chunk_size=5000):
        found[clip].take(detector, verdict, decider, identifiable=bool(identifiable))
    return dict(found)


def _load_counts(dataset: Dataset) -> dict[str, _ContentCount]:
    found: dict[str, _ContentCount] = defaultdict(_ContentCount)
    rows = select_binding_counts(dataset, Blob.objects.filter(store=dataset.uid).values("sha256"))
    columns = rows.values_list(
        "content_sha256", "people_heard", "counted_by_id", "somebody_unknown"
    )
    for content, people, by, unknown in columns:
        found[content].take(people, by, unknown=unknown)
    return dict(found)
