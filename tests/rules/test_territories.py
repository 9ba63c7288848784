"""Areas: a country lies in its region, and everywhere lies in nothing but everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.countries import COUNTRIES
from datasets_catalog.territories import (
    EEA,
    EU,
    EVERYWHERE,
    TerritoryUnknownError,
    expand_regions,
    is_within,
    parse_territories,
    reaches_outside_eea,
)

areas = st.frozensets(st.sampled_from(sorted({*COUNTRIES, "EU", "EEA"})), max_size=4)


def test_the_regions_have_as_many_countries_as_their_treaties() -> None:
    assert (len(EU), len(EEA)) == (27, 30)
    assert {"IS", "LI", "NO"} == EEA - EU
    assert COUNTRIES.keys() >= EEA


@pytest.mark.parametrize(
    ("area", "other", "expected"),
    [
        ({"DE"}, {"EU"}, True),
        ({"NO"}, {"EU"}, False),
        ({"NO"}, {"EEA"}, True),
        ({"EU"}, {"EEA"}, True),
        ({"EEA"}, {"EU"}, False),
        ({"DE", "US"}, {"EEA"}, False),
        (set(), {"EEA"}, False),
        ({"US"}, set(), True),
        (set(), set(), True),
    ],
)
def test_an_area_lies_in_another(area: set[str], other: set[str], *, expected: bool) -> None:
    assert is_within(frozenset(area), frozenset(other)) is expected


def test_what_reaches_outside_the_eea() -> None:
    assert reaches_outside_eea(EVERYWHERE)
    assert reaches_outside_eea(frozenset({"DE", "CH"}))
    assert not reaches_outside_eea(frozenset({"EU", "NO"}))


def test_codes_are_read_in_any_case_and_unknown_ones_are_named() -> None:
    assert parse_territories([" de", "Eea", ""]) == {"DE", "EEA"}
    assert parse_territories([]) == EVERYWHERE
    with pytest.raises(TerritoryUnknownError, match="'UK' is no territory"):
        parse_territories(["DE", "UK"])


@given(areas, areas, areas)
def test_lying_in_is_an_order(
    one: frozenset[str], two: frozenset[str], three: frozenset[str]
) -> None:
    assert is_within(one, one)
    if is_within(one, two) and is_within(two, three):
        assert is_within(one, three)
    if is_within(one, two) and is_within(two, one):
        assert expand_regions(one) == expand_regions(two)
