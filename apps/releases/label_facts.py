"""What the gates want to know about the labels of each clip of a draft."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from apps.datasets.models import Clip, Dataset, Event, WeakLabel
from datasets_catalog.labels import Event as EventValue
from datasets_catalog.labels import (
    Extent,
    Presence,
    Status,
    count_overlaps,
    find_event_problems,
    find_repetitions,
)

CHUNK = 5000


@dataclass(slots=True)
class LabelFacts:
    """Of one clip: what is wrong with its labels, and what of them is worth knowing."""

    problems: list[str] = field(default_factory=list)
    overlaps: int = 0
    advised_against: int = 0
    weak: int = 0


class _Term(NamedTuple):
    """A label with its term, in the order of the queries; None without a term."""

    label: str
    id: int | None
    vocabulary_id: int | None
    is_abstract: bool | None
    is_blacklisted: bool | None


_TERM = ("label", "term_id", "term__vocabulary_id", "term__abstract", "term__blacklisted")
_CLIP = ("clip__duration", "clip__sample_rate", "clip__channels")
_EVENT = ("uid", "onset", "offset", "f_low", "f_high", "channel", "confidence")
_WHO = ("annotator", "presence")


def load_label_facts(dataset: Dataset) -> Mapping[int, LabelFacts]:
    """By clip id, of the labels that nobody rejected; a clip without labels has empty facts."""
    found: defaultdict[int, LabelFacts] = defaultdict(LabelFacts)
    for clip_id, rows in groupby(_read_event_rows(dataset), key=lambda row: row[0]):
        facts, events, extent = found[clip_id], [], Extent(0.0, 0, 0)
        for _, duration, rate, channels, *rest in rows:
            extent = Extent(duration, rate, channels)
            term = _Term(*rest[: len(_TERM)])
            _note_term(facts, dataset, term)
            events.append(_build_event(term.label, *rest[len(_TERM) :]))
        for event in events:
            facts.problems += [problem.message for problem in find_event_problems(event, extent)]
        facts.problems += [problem.message for problem in find_repetitions(events)]
        facts.overlaps = count_overlaps(events)
    for clip_id, *rest in _read_weak_rows(dataset):
        found[clip_id].weak += 1
        _note_term(found[clip_id], dataset, _Term(*rest))
    return found


def _read_event_rows(dataset: Dataset) -> Iterator[tuple[Any, ...]]:
    rows = Event.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
    rows = rows.exclude(status=Status.REJECTED).order_by("clip_id", "onset", "pk")
    return rows.values_list("clip_id", *_CLIP, *_TERM, *_WHO, *_EVENT).iterator(CHUNK)


def _read_weak_rows(dataset: Dataset) -> Iterator[tuple[Any, ...]]:
    rows = WeakLabel.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
    rows = rows.exclude(status=Status.REJECTED).order_by("clip_id", "label", "pk")
    return rows.values_list("clip_id", *_TERM).iterator(CHUNK)


def _build_event(label: str, annotator: str, presence: str, uid: Any, *rest: Any) -> EventValue:
    onset, offset, low, high, channel, confidence = rest
    return EventValue(
        event_id=str(uid),
        label=label,
        onset=onset,
        offset=offset,
        f_low=low,
        f_high=high,
        channel=channel,
        confidence=confidence,
        annotator=annotator or None,
        presence=Presence(presence),
    )


def _note_term(facts: LabelFacts, dataset: Dataset, term: _Term) -> None:
    facts.advised_against += bool(term.is_blacklisted)
    if dataset.vocabulary_id is None:
        if term.id is not None:
            facts.problems.append(
                f"{term.label} is a term of a vocabulary that the dataset does not use."
            )
    elif term.id is None:
        facts.problems.append(f"{term.label} is no term of {dataset.vocabulary}.")
    elif term.vocabulary_id != dataset.vocabulary_id:
        facts.problems.append(
            f"{term.label} is a term of another vocabulary than {dataset.vocabulary}."
        )
    elif term.is_abstract:
        facts.problems.append(
            f"{term.label} only orders other terms of {dataset.vocabulary}: use one below it."
        )
