"""The draft's labels as a release would have them: what was rejected is no label of anything.

Somebody says that a sound is in a clip with an event or a weak label whose presence is `yes` or
`unsure`; `no` says that it is absent, so that no clip is found by it.
"""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from apps.datasets.models import Clip, Dataset, EmptyAnnotation, Event, WeakLabel
from datasets_catalog.labels import Presence, Status


def select_standing_events(dataset: Dataset) -> QuerySet[Event]:
    """Events of the draft's active clips that nobody rejected."""
    rows = Event.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
    return rows.exclude(status=Status.REJECTED)


def select_standing_weak_labels(dataset: Dataset) -> QuerySet[WeakLabel]:
    """Weak labels of the draft's active clips that nobody rejected."""
    rows = WeakLabel.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
    return rows.exclude(status=Status.REJECTED)


def match_labels(dataset: Dataset, words: Collection[str]) -> Q:
    """Clips that an event or weak label of one of these names is said to be in."""
    return _match_clips(dataset, Q(label__in=words))


def match_found_empty(dataset: Dataset) -> Q:
    """Clips that somebody annotated as empty and nobody says anything is in."""
    empty = EmptyAnnotation.objects.filter(clip__dataset=dataset)
    return Q(pk__in=empty.values("clip")) & ~_match_clips(dataset, Q())


def _match_clips(dataset: Dataset, condition: Q) -> Q:
    said = Q(clip__dataset=dataset) & ~Q(status=Status.REJECTED) & ~Q(presence=Presence.NO)
    events = Event.objects.filter(said & condition)
    weak = WeakLabel.objects.filter(said & condition)
    return Q(pk__in=events.values("clip")) | Q(pk__in=weak.values("clip"))
