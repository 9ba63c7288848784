"""Whoever stands alone in a draft by what its columns say together is found."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.privacy.detectors.base import Draft, DraftRow, run
from apps.privacy.detectors.combinations import CombinationsDetector

COLUMNS = ("age_band", "sex")
DETECTOR = CombinationsDetector()


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
        clip for group in groups.values() if run(DETECTOR, group).findings for clip in group.clips
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


def test_rows_that_say_nothing_of_anybody_are_left_alone() -> None:
    assert flagged(rows(("", ""), ("", ""))) == set()


def test_the_finding_names_the_values_and_how_rare_they_are() -> None:
    group = next(iter(DETECTOR.groups(Draft(tuple(rows(("80-89", "male"))), COLUMNS)).values()))
    seen = run(DETECTOR, group).findings[0]
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
    few = any(more) and len(alike) < DETECTOR.fewest
    assert changed == (alike if few else set())


@pytest.mark.parametrize("column", ["age_band", "sex", "condition", "site"])
def test_the_columns_that_a_vertical_declares_are_part_of_what_scans_are_bound_to(
    column: str,
) -> None:
    assert column in DETECTOR.parameters["columns"]["medical"]
