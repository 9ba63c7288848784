"""What makes an event valid, and the digest that pins a clip's events."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.labels import (
    END_TOLERANCE,
    Event,
    Extent,
    Presence,
    Source,
    Status,
    compute_verified_share,
    digest_labels,
    find_event_problems,
    select_released,
)

CLIP = Extent(duration=10.0, sample_rate=16_000, channels=2)
BARK = Event("e1", "Bark", 1.0, 2.5, f_low=300.0, f_high=8000.0, channel=1, confidence=0.9)


def fields(**changes: Any) -> list[str]:
    return [problem.field for problem in find_event_problems(replace(BARK, **changes), CLIP)]


def test_a_sound_event_has_no_problems() -> None:
    assert find_event_problems(BARK, CLIP) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"onset": -0.1}, "onset"),
        ({"onset": math.nan}, "onset"),
        ({"offset": math.inf}, "offset"),
        ({"onset": 3.0}, "offset"),
        ({"offset": 10.2}, "offset"),
        ({"onset": 10.01, "offset": 10.04}, "onset"),
        ({"label": "  "}, "label"),
        ({"label": "x" * 201}, "label"),
        ({"f_high": 8000.5}, "f_high"),
        ({"f_low": -1.0}, "f_low"),
        ({"f_low": math.nan}, "f_low"),
        ({"f_low": 8000.0}, "f_low"),
        ({"channel": 2}, "channel"),
        ({"channel": -1}, "channel"),
        ({"confidence": 1.01}, "confidence"),
        ({"confidence": math.nan}, "confidence"),
        ({"annotator": "a1", "verifier": "a1"}, "verifier"),
    ],
)
def test_an_impossible_value_is_named(changes: dict[str, Any], field: str) -> None:
    assert fields(**changes) == [field]


def test_a_point_is_refused_with_advice() -> None:
    (problem,) = find_event_problems(replace(BARK, offset=1.0), CLIP)
    assert "half-open" in problem.message
    assert problem.value == 1.0


def test_rounding_at_the_end_of_a_clip_is_forgiven() -> None:
    assert fields(offset=10.0 + END_TOLERANCE) == []


def test_all_problems_of_an_event_are_told_at_once() -> None:
    assert fields(label="", onset=-1.0, channel=9) == ["label", "onset", "channel"]


def test_the_verified_share_leaves_rejected_events_out() -> None:
    events = [
        replace(BARK, status=Status.VERIFIED),
        replace(BARK, status=Status.SUGGESTED),
        replace(BARK, status=Status.REJECTED),
    ]
    assert compute_verified_share(events) == 0.5
    assert len(select_released(events)) == 2
    assert compute_verified_share([]) == 1.0


times = st.floats(0, 100, allow_nan=False)
events_strategy = st.lists(
    st.builds(
        Event,
        event_id=st.uuids().map(str),
        label=st.sampled_from(["Bark", "Sirène", "雨"]),
        onset=times,
        offset=times,
        source=st.sampled_from(Source),
        presence=st.sampled_from(Presence),
    ),
    max_size=6,
)


@given(events_strategy, st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_order(events: list[Event], random: Any) -> None:
    shuffled = [*events]
    random.shuffle(shuffled)
    assert digest_labels(shuffled) == digest_labels(events)


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": "e2"},
        {"label": "Howl"},
        {"onset": 1.0000001},
        {"offset": 2.6},
        {"term": "/m/05tny_"},
        {"f_low": None},
        {"channel": 0},
        {"confidence": None},
        {"source": Source.HUMAN},
        {"status": Status.VERIFIED},
        {"presence": Presence.NO},
        {"annotator": "a1"},
        {"verifier": "v1"},
    ],
)
def test_the_digest_sees_every_field(changes: dict[str, Any]) -> None:
    assert digest_labels([replace(BARK, **changes)]) != digest_labels([BARK])


def test_the_digest_of_no_events_is_that_of_an_empty_list() -> None:
    assert digest_labels([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
