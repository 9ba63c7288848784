"""What was played holds a stretch, or does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.playback import SLACK, Stretch, covers_stretch
from datasets_catalog.sampling import BATCH_BOUND, choose_prefix


@pytest.mark.parametrize(
    ("played", "holds"),
    [
        ([], False),
        ([(0.0, 10.0)], True),
        ([(3.0, 5.0), (1.0, 3.0)], True),
        ([(1.0, 2.9), (3.1, 5.0)], False),
        ([(2.5, 9.0)], False),
        ([(0.0, 4.5)], False),
        ([(2.0, 4.999)], True),
    ],
)
def test_stretches_cover_what_they_leave_nothing_out_of(
    played: list[Stretch],
    holds: bool,  # noqa: FBT001 - a row of the table above
) -> None:
    assert covers_stretch(played, 2.0, 5.0) == holds


@pytest.mark.parametrize("length", [0.0, 0.0005, SLACK / 2, SLACK])
def test_the_shortest_stretch_is_not_held_by_nothing(length: float) -> None:
    assert not covers_stretch([], 2.0, 2.0 + length)
    assert not covers_stretch([(0.0, 1.99), (2.0 + length + SLACK, 9.0)], 2.0, 2.0 + length)
    assert covers_stretch([(1.9, 2.1)], 2.0, 2.0 + length)


STRETCH = st.tuples(st.integers(0, 30), st.integers(1, 10)).map(lambda it: (it[0], it[0] + it[1]))


@given(st.lists(STRETCH, max_size=8), STRETCH)
def test_covering_is_that_of_every_second(
    played: list[tuple[int, int]], wanted: tuple[int, int]
) -> None:
    seconds = {second for start, end in played for second in range(start, end)}
    assert covers_stretch(played, *wanted) == (set(range(*wanted)) <= seconds)
    assert SLACK < 1


def test_a_few_alike_are_all_heard_and_many_by_a_part() -> None:
    assert choose_prefix([False] * 10) == (10, 0.0)
    heard, bound = choose_prefix([False] * 1000)
    assert heard == 69
    assert 0.04 < bound <= BATCH_BOUND


def test_after_one_that_is_otherwise_more_has_to_be_heard() -> None:
    alone, _ = choose_prefix([False] * 1000)
    after_one, bound = choose_prefix([True] + [False] * 1000)
    beyond, _ = choose_prefix([False] * 500 + [True] + [False] * 500)
    assert after_one > alone + 30
    assert bound <= BATCH_BOUND
    assert beyond == alone


def test_where_too_many_are_otherwise_all_are_heard() -> None:
    assert choose_prefix([True] * 60 + [False] * 100) == (160, 0.0)


@pytest.mark.parametrize("bad", [22, 28, 36])
def test_the_bound_of_a_batch_holds_for_who_goes_on_until_nothing_is_otherwise(bad: int) -> None:
    """Of 400 alike: whatever is heard to be otherwise leaves, and the rest is decided together."""
    random = np.random.default_rng(bad)
    runs, deceived = 300, 0
    for _ in range(runs):
        otherwise = random.permutation(np.arange(400) < bad)
        known = np.zeros(400, bool)
        while True:
            heard, bound = choose_prefix(known.tolist())
            found = otherwise[:heard] & ~known[:heard]
            if not found.any():
                break
            known[:heard] |= found
        left = int((otherwise & ~known).sum())
        deceived += left > bound * (400 - int(known.sum())) + 1e-9
    assert deceived / runs <= 0.05
