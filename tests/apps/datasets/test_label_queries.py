"""Labels of the draft as a release would have them."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.db.models import Q, QuerySet

from apps.datasets.label_queries import (
    match_found_empty,
    match_labels,
    select_standing_events,
    select_standing_weak_labels,
)
from apps.datasets.models import Clip, Dataset
from datasets_catalog.labels import Presence, Status
from tests.apps.datasets.rows import add_clip, add_event, add_weak_label, find_empty
from tests.cast import Cast
from tests.factories.drafts import make_dataset

pytestmark = pytest.mark.django_db


def paths(dataset: Dataset, condition: Q) -> list[str]:
    rows = Clip.objects.filter(condition, dataset=dataset).order_by("path")
    return list(rows.values_list("path", flat=True))


@pytest.mark.parametrize("add", [add_event, add_weak_label])
@pytest.mark.parametrize(
    ("status", "presence", "is_found"),
    [
        (Status.SUGGESTED, Presence.YES, True),
        (Status.VERIFIED, Presence.YES, True),
        (Status.SUGGESTED, Presence.UNSURE, True),
        (Status.SUGGESTED, Presence.NO, False),
        (Status.REJECTED, Presence.YES, False),
    ],
)
def test_a_clip_is_found_by_what_is_said_to_be_in_it(
    tones: Dataset,
    add: Callable[..., object],
    status: Status,
    presence: Presence,
    *,
    is_found: bool,
) -> None:
    add(add_clip(tones, "a.wav"), "Bark", status=status, presence=presence)
    add_clip(tones, "b.wav")
    found = ["a.wav"] if is_found else []
    assert paths(tones, match_labels(tones, ["Bark", "Dog"])) == found
    assert paths(tones, match_labels(tones, ["Dog"])) == []
    assert paths(tones, match_labels(tones, [])) == []


def test_labels_of_another_dataset_find_nothing_here(cast: Cast, tones: Dataset) -> None:
    add_event(add_clip(make_dataset(cast, "other")), "Bark")
    add_clip(tones)
    assert paths(tones, match_labels(tones, ["Bark"])) == []


@pytest.mark.parametrize(
    ("add", "standing"),
    [(add_event, select_standing_events), (add_weak_label, select_standing_weak_labels)],
)
def test_labels_stand_in_active_clips_until_they_are_rejected(
    cast: Cast,
    tones: Dataset,
    add: Callable[..., object],
    standing: Callable[[Dataset], QuerySet[Any]],
) -> None:
    clips = {
        state: add_clip(tones, f"{state}.wav", state=state)
        for state in ("active", "excluded", "removed")
    }
    for clip in clips.values():
        add(clip, "Bark")
    add(clips["active"], "Rejected", status=Status.REJECTED)
    add(clips["active"], "Absent", presence=Presence.NO)
    add(add_clip(make_dataset(cast, "other")), "Bark")
    assert sorted(row.label for row in standing(tones)) == ["Absent", "Bark"]
    assert {row.clip_id for row in standing(tones)} == {clips["active"].pk}


@pytest.mark.parametrize(
    ("labels", "is_empty"),
    [
        ([], True),
        ([(Status.REJECTED, Presence.YES)], True),
        ([(Status.SUGGESTED, Presence.NO)], True),
        ([(Status.SUGGESTED, Presence.UNSURE)], False),
        ([(Status.VERIFIED, Presence.YES)], False),
        ([(Status.REJECTED, Presence.YES), (Status.SUGGESTED, Presence.YES)], False),
    ],
)
def test_a_clip_is_empty_if_somebody_said_so_and_nobody_hears_anything_in_it(
    tones: Dataset, labels: Collection[tuple[Status, Presence]], *, is_empty: bool
) -> None:
    clip = add_clip(tones, "a.wav")
    find_empty(clip)
    for status, presence in labels:
        add_event(clip, status=status, presence=presence)
    add_clip(tones, "never-annotated.wav")
    assert paths(tones, match_found_empty(tones)) == (["a.wav"] if is_empty else [])
