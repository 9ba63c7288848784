"""Whoever stands alone in a draft by what its columns say together is found."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.detection.detectors.base import Draft, DraftRow, run_detector
from apps.detection.detectors.combinations import CombinationsDetector, count_people

COLUMNS = ("age_band", "sex")
DETECTOR = CombinationsDetector()
FEWEST = 5


def rows(*values: tuple[str, str], people: Sequence[str] = ()) -> list[DraftRow]:
    return [
        DraftRow(
            clip=number,
            values=dict(zip(COLUMNS, value, strict=True)),
            people=(people[number],) if people else (),
        )
        for number, value in enumerate(values)
    ]


def flagged(draft: Sequence[DraftRow]) -> set[int]:
    groups = DETECTOR.groups(Draft(tuple(draft), COLUMNS))
    return {
        clip
        for group in groups.values()
        if run_detector(DETECTOR, group).findings
        for clip in group.clips
    }


def test_who_shares_all_values_with_four_others_is_not_alone() -> None:
    many = [("20-29", "female")] * 5
    assert flagged(rows(*many)) == set()
    assert flagged(rows(*many, ("80-89", "male"))) == {5}
    assert flagged(rows(*many[:4])) == {0, 1, 2, 3}


def test_people_are_counted_and_not_their_clips() -> None:
    same = [("80-89", "male")] * 6
    assert flagged(rows(*same, people=["ben"] * 6)) == {0, 1, 2, 3, 4, 5}
    assert flagged(rows(*same, people=["ben", "b", "c", "d", "e", "f"])) == set()


def test_clips_of_one_recording_stand_for_one_source() -> None:
    same = [
        DraftRow(clip=number, values={"age_band": "80-89"}, recording=number // 3)
        for number in range(6)
    ]
    assert flagged(same) == set(range(6))


def test_a_clip_of_two_people_adds_both_and_neither_twice() -> None:
    """Sets of people would be five here: there are three people."""
    together = [("a",), ("b",), ("a", "b"), ("c",), ("a", "c")]
    same = [
        DraftRow(clip=number, values={"age_band": "80-89"}, people=people)
        for number, people in enumerate(together)
    ]
    assert count_people(same) == 3
    assert flagged(same) == set(range(5))
    pairs = [("a", "b"), ("c", "d"), ("e", "a")]
    five = [
        DraftRow(clip=number, values={"age_band": "80-89"}, people=people)
        for number, people in enumerate(pairs)
    ]
    assert flagged(five) == set()


def test_unnamed_clips_of_a_recording_count_nobody_more_than_who_is_named_in_it() -> None:
    unnamed = [DraftRow(clip=number, values={}, recording=7) for number in range(4)]
    named = DraftRow(clip=10, values={}, people=("ben",), recording=7)
    assert count_people(unnamed) == 1
    assert count_people([*unnamed, named]) == 1
    assert count_people([*unnamed, DraftRow(clip=11, values={}, people=("ben",))]) == 2
    assert count_people([DraftRow(clip=1, values={}), DraftRow(clip=2, values={})]) == 2


@given(
    st.lists(
        st.tuples(st.sets(st.sampled_from("abcd"), max_size=3), st.sampled_from([None, 1, 2, 3])),
        min_size=1,
        max_size=12,
    )
)
def test_never_more_people_are_counted_than_could_be_there(
    clips: list[tuple[set[str], int | None]],
) -> None:
    same = [
        DraftRow(clip=number, values={}, people=tuple(sorted(people)), recording=recording)
        for number, (people, recording) in enumerate(clips)
    ]
    named = set().union(*(people for people, _ in clips))
    unnamed = [recording for people, recording in clips if not people]
    alone = sum(recording is None for recording in unnamed)
    assert max(1, len(named)) <= count_people(same)
    assert count_people(same) <= len(named) + alone + len(set(unnamed) - {None})


def test_as_many_have_to_be_alike_as_the_draft_asks_for() -> None:
    many = rows(*[("20-29", "female")] * 7)
    for fewest, found in ((7, 0), (8, 7)):
        groups = DETECTOR.groups(Draft(tuple(many), COLUMNS, fewest)).values()
        assert (
            sum(len(each.clips) for each in groups if run_detector(DETECTOR, each).findings)
            == found
        )


def test_rows_that_say_nothing_of_anybody_are_left_alone() -> None:
    assert flagged(rows(("", ""), ("", ""))) == set()


def test_the_finding_names_the_values_and_how_rare_they_are() -> None:
    group = next(iter(DETECTOR.groups(Draft(tuple(rows(("80-89", "male"))), COLUMNS)).values()))
    seen = run_detector(DETECTOR, group).findings[0]
    assert seen.kind == "rare_combination"
    assert "age_band 80-89, sex male" in seen.detail
    assert seen.evidence["size"] == 1
    assert seen.score == 1


VALUES = st.tuples(st.sampled_from(["20-29", "80-89", ""]), st.sampled_from(["female", "male", ""]))


@given(st.lists(VALUES, max_size=30), VALUES)
def test_a_new_row_gives_new_keys_to_its_own_group_alone(
    values: list[tuple[str, str]], more: tuple[str, str]
) -> None:
    def keys(drawn: list[tuple[str, str]]) -> dict[int, str]:
        groups = DETECTOR.groups(Draft(tuple(rows(*drawn)), COLUMNS))
        return {clip: key for key, group in groups.items() for clip in group.clips}

    before, after = keys(values), keys([*values, more])
    assert set(before) == set(range(len(values)))
    changed = {clip for clip in before if before[clip] != after[clip]}
    alike = {clip for clip, value in enumerate(values) if value == more}
    few = any(more) and len(alike) < FEWEST
    assert changed == (alike if few else set())


@pytest.mark.parametrize("column", ["age_band", "sex", "condition", "site"])
def test_the_columns_that_a_vertical_declares_are_part_of_what_scans_are_bound_to(
    column: str,
) -> None:
    assert column in DETECTOR.parameters["columns"]["medical"]
