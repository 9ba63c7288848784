"""Interval algebra and the fate of events under muting."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.segments import (
    Fate,
    Segment,
    SegmentError,
    intersect_segments,
    merge_segments,
    mute_events,
    subtract_segments,
    sum_duration,
)

# Eighths of a second are exact in binary, so equalities below may be exact too.
ticks = st.integers(0, 400)
segments = st.lists(
    st.tuples(ticks, st.integers(1, 80)).map(
        lambda pair: Segment(pair[0] / 8, (pair[0] + pair[1]) / 8)
    ),
    max_size=12,
)


def moments(parts: Sequence[Segment]) -> set[int]:
    """Return the eighths of a second that lie inside."""
    return {tick for part in parts for tick in range(round(part.onset * 8), round(part.offset * 8))}


@given(segments)
def test_union_keeps_the_time_and_leaves_gaps_between_segments(parts: list[Segment]) -> None:
    merged = merge_segments(parts)
    assert moments(merged) == moments(parts)
    assert all(a.offset < b.onset for a, b in pairwise(merged))
    assert merge_segments(merged) == merged


@given(segments, segments)
def test_intersect_and_subtract_split_the_time_exactly(
    left: list[Segment], right: list[Segment]
) -> None:
    shared, rest = intersect_segments(left, right), subtract_segments(left, right)
    assert moments(shared) == moments(left) & moments(right)
    assert moments(rest) == moments(left) - moments(right)
    assert sum_duration(shared) + sum_duration(rest) == sum_duration(left)
    assert intersect_segments(left, right) == intersect_segments(right, left)


@given(segments)
def test_total_counts_each_moment_once(parts: list[Segment]) -> None:
    assert sum_duration(parts) == len(moments(parts)) / 8


@pytest.mark.parametrize(
    ("onset", "offset"), [(1, 1), (2, 1), (-1, 1), (0, math.inf), (math.nan, 1), (0, math.nan)]
)
def test_an_interval_of_no_time_is_refused(onset: float, offset: float) -> None:
    with pytest.raises(SegmentError, match="onset < offset"):
        Segment(onset, offset)


def test_touching_segments_do_not_overlap() -> None:
    assert not Segment(0, 1).overlaps(Segment(1, 2))
    assert intersect_segments([Segment(0, 1)], [Segment(1, 2)]) == ()


def test_an_event_outside_the_muted_time_is_left_alone() -> None:
    (result,) = mute_events([Segment(0, 1)], [Segment(1, 2)])
    assert result.fate is Fate.AUDIBLE
    assert result.audible == (Segment(0, 1),)


def test_a_partly_muted_event_keeps_its_time_and_names_what_is_left() -> None:
    event = Segment(1, 5)
    (result,) = mute_events([event], [Segment(2, 3), Segment(2.5, 4), Segment(4.5, 9)])
    assert result.event is event
    assert result.fate is Fate.PARTLY_MUTED
    assert result.audible == (Segment(1, 2), Segment(4, 4.5))
    assert result.audible_seconds == 1.5


def test_an_event_wholly_inside_the_muted_time_is_muted() -> None:
    (result,) = mute_events([Segment(1, 2)], [Segment(0.5, 1.5), Segment(1.5, 3)])
    assert result.fate is Fate.MUTED
    assert result.audible == ()


def test_a_rest_shorter_than_rounding_does_not_count_as_heard() -> None:
    (result,) = mute_events([Segment(1, 2)], [Segment(1 + 1e-12, 2)])
    assert result.fate is Fate.MUTED


@given(segments, segments)
def test_muting_more_never_makes_an_event_more_audible(
    events: list[Segment], muted: list[Segment]
) -> None:
    before = mute_events(events, muted[:-1])
    after = mute_events(events, muted)
    order = [Fate.AUDIBLE, Fate.PARTLY_MUTED, Fate.MUTED]
    for first, second in zip(before, after, strict=True):
        assert order.index(first.fate) <= order.index(second.fate)
        assert second.audible_seconds <= first.audible_seconds
        assert second.event is first.event
