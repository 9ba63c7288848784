"""The bound that hearing a random sample proves."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, chisquare, hypergeom

from datasets_catalog.facts import SampleFacts
from datasets_catalog.sampling import (
    SampleError,
    compute_doubt,
    compute_share_left,
    compute_upper_bound,
    count_clips_to_hear,
    derive_seed,
    draw_contents,
    format_bound,
)


@given(st.integers(1, 2000), st.data(), st.sampled_from([0.9, 0.95, 0.99]))
def test_the_bound_is_that_of_clopper_and_pearson(
    heard: int, data: st.DataObject, confidence: float
) -> None:
    missed = data.draw(st.integers(0, min(heard, 60)))
    oracle = binomtest(missed, heard, alternative="less").proportion_ci(confidence).high
    assert compute_upper_bound(heard=heard, missed=missed, confidence=confidence) == pytest.approx(
        oracle, rel=1e-6
    )


def test_with_nothing_missed_the_rule_of_three_holds() -> None:
    assert compute_upper_bound(heard=300, missed=0) == pytest.approx(3 / 300, rel=0.01)


@given(st.integers(1, 500), st.data())
def test_hearing_more_proves_more_and_missing_more_proves_less(
    heard: int, data: st.DataObject
) -> None:
    missed = data.draw(st.integers(0, heard - 1))
    bound = compute_upper_bound(heard=heard, missed=missed)
    assert compute_upper_bound(heard=heard + 1, missed=missed) < bound
    assert compute_upper_bound(heard=heard, missed=missed + 1) > bound
    assert missed / heard < bound <= 1


def test_nothing_heard_proves_nothing() -> None:
    assert compute_upper_bound(heard=0, missed=0, population=10) == 1.0


def test_when_every_clip_was_heard_the_share_is_known() -> None:
    assert compute_upper_bound(heard=40, missed=1, population=40) == 1 / 40
    assert compute_upper_bound(heard=0, missed=0, population=0) == 0.0


@pytest.mark.parametrize(
    ("heard", "missed", "population"), [(1, 2, None), (3, -1, None), (5, 0, 4)]
)
def test_impossible_counts_are_refused(heard: int, missed: int, population: int | None) -> None:
    with pytest.raises(SampleError):
        compute_upper_bound(heard=heard, missed=missed, population=population)


@given(st.floats(0.001, 0.5), st.integers(1, 30))
def test_the_number_to_hear_is_the_smallest_that_proves_the_bound(bound: float, draw: int) -> None:
    number, sure = count_clips_to_hear(bound=bound, draw=draw), 1 - compute_doubt(draw)
    proved = compute_upper_bound(heard=number, missed=0, confidence=sure)
    assert proved <= bound * (1 + 1e-9)
    fewer = compute_upper_bound(heard=number - 1, missed=0, confidence=sure) if number > 1 else 1.0
    assert fewer > bound * (1 - 1e-9)


@pytest.mark.parametrize(("bound", "text"), [(0.010001, "1.01%"), (0.01, "1.00%"), (1, "100.00%")])
def test_a_bound_is_stated_rounded_up(bound: float, text: str) -> None:
    assert format_bound(bound) == text


def test_a_bound_outside_the_open_interval_is_refused() -> None:
    with pytest.raises(SampleError):
        count_clips_to_hear(bound=0)


@given(st.integers(2, 3000), st.data())
def test_of_a_known_population_the_bound_is_hypergeometric(
    population: int, data: st.DataObject
) -> None:
    heard = data.draw(st.integers(1, population - 1))
    missed = data.draw(st.integers(0, min(heard - 1, 20)))
    bound = compute_upper_bound(heard=heard, missed=missed, population=population)
    bad = round(bound * population)
    assert hypergeom(population, bad, heard).cdf(missed) > 0.05 * (1 - 1e-9)
    if bad < population - (heard - missed):
        assert hypergeom(population, bad + 1, heard).cdf(missed) <= 0.05 * (1 + 1e-9)
    assert bound <= compute_upper_bound(heard=heard, missed=missed) + 1 / population


@given(st.integers(1, 5000), st.floats(0.001, 0.3), st.integers(1, 30))
def test_of_a_known_population_fewer_have_to_be_heard(
    population: int, bound: float, draw: int
) -> None:
    number = count_clips_to_hear(bound=bound, population=population, draw=draw)
    assert number <= min(population, count_clips_to_hear(bound=bound, draw=draw) + 1)
    assert _proved(population, number, draw) <= bound
    assert number == 0 or _proved(population, number - 1, draw) > bound


def _proved(population: int, heard: int, draw: int) -> float:
    sure = 1 - compute_doubt(draw)
    return compute_upper_bound(heard=heard, missed=0, population=population, confidence=sure)


def test_the_doubts_of_all_draws_stay_under_five_percent_together() -> None:
    assert sum(map(compute_doubt, range(1, 100_000))) < 0.05
    assert [count_clips_to_hear(bound=0.01, draw=draw) for draw in (1, 2, 3, 10)] == [
        368,
        477,
        546,
        766,
    ]
    with pytest.raises(SampleError):
        compute_doubt(0)


def test_clips_that_leave_after_a_draw_cannot_lower_what_it_leaves_believable() -> None:
    drawn_all = SampleFacts(population=1000, heard=284, missed=0)
    assert compute_share_left(drawn_all) == pytest.approx(0.01)
    assert compute_share_left(replace(drawn_all, population=100, frame=1000)) == pytest.approx(0.1)
    assert compute_share_left(replace(drawn_all, missed=1)) is None
    assert compute_share_left(replace(drawn_all, heard=0)) is None
    assert compute_share_left(replace(drawn_all, population=0, heard=0)) == 0.0


# What a world is: contents without findings, and how many of them hold a voice all the same. One
# percent is 200; just above it a bound is broken most easily.
WORLD = 20_000
BAD = (201, 205, 220, 240, 260, 300)
DRAWS = 20
RUNS = 4000


def _deceived(bad: int, sizes: Callable[[int, int], int], random: np.random.Generator) -> float:
    """The share of runs in which a clean draw says "at most 1 %" while more is left.

    What is missed is found, so it leaves; then whoever reviews draws again, twenty times at most.
    """
    left = np.full(RUNS, bad)
    total = np.full(RUNS, WORLD)
    waiting, deceived = np.ones(RUNS, bool), np.zeros(RUNS, bool)
    for draw in range(1, DRAWS + 1):
        count = np.array([sizes(int(one), draw) for one in total])
        hit = random.hypergeometric(left, total - left, count)
        clean = waiting & (hit == 0)
        deceived |= clean & (left > 0.01 * total)
        waiting &= ~clean
        left, total = left - np.where(waiting, hit, 0), total - np.where(waiting, hit, 0)
    return float(deceived.mean())


@cache
def _size(population: int, draw: int) -> int:
    return count_clips_to_hear(bound=0.01, population=population, draw=draw)


@pytest.mark.parametrize("bad", BAD)
def test_the_bound_holds_for_who_draws_until_nothing_is_missed(bad: int) -> None:
    random = np.random.default_rng(bad)
    # Three standard deviations of a share of 5 % in so many runs.
    assert _deceived(bad, _size, random) <= 0.05 + 3 * (0.05 * 0.95 / RUNS) ** 0.5


def test_a_bound_that_forgets_earlier_draws_does_not_hold() -> None:
    """Were this one kept, the simulation above would prove nothing."""
    random = np.random.default_rng(1)
    forgetful = max(
        _deceived(bad, lambda population, draw: _old_size(population), random) for bad in BAD
    )
    assert forgetful > 0.25


@cache
def _old_size(population: int) -> int:
    return next(
        heard
        for heard in range(250, 400)
        if compute_upper_bound(heard=heard, missed=0, population=population) <= 0.01
    )


CONTENTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(50)]


def test_a_draw_is_repeated_from_what_the_page_states() -> None:
    """Step by step as the documents describe it, without the code that drew."""
    seed = derive_seed(dataset="abc", sample="s", contents=reversed(CONTENTS), number=2)
    text = "earmark sample 2\nabc\n2\ns\n" + "".join(f"{one}\n" for one in sorted(CONTENTS))
    assert seed == hashlib.sha256(text.encode()).hexdigest()
    ranks = {hashlib.sha256(f"{seed}:{one}".encode()).hexdigest(): one for one in CONTENTS}
    by_hand = [ranks[rank] for rank in sorted(ranks)][:10]
    assert draw_contents(seed=seed, contents=CONTENTS, count=10) == by_hand


def test_another_number_and_other_contents_draw_others() -> None:
    first = derive_seed(dataset="abc", sample="s", contents=CONTENTS, number=1)
    assert first != derive_seed(dataset="abc", sample="s", contents=CONTENTS, number=2)
    assert first != derive_seed(dataset="abc", sample="s", contents=CONTENTS[1:], number=1)


def test_every_content_is_drawn_as_often_as_any_other() -> None:
    counts = dict.fromkeys(CONTENTS, 0)
    for number in range(2000):
        seed = derive_seed(dataset="abc", sample="s", contents=CONTENTS, number=number)
        for content in draw_contents(seed=seed, contents=CONTENTS, count=10):
            counts[content] += 1
    assert chisquare(list(counts.values())).pvalue > 0.001
