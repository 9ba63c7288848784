"""Version numbers: their order, and which may come out behind which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.errors import InvalidError
from datasets_catalog.versions import (
    LARGEST_PART,
    Step,
    Version,
    VersionOrderError,
    compute_version_order,
    find_step,
    find_version_before,
    parse_version,
    refuse_out_of_order,
)

PARTS = st.integers(0, LARGEST_PART)
VERSIONS = st.builds(Version, PARTS, PARTS, PARTS)


@given(VERSIONS, VERSIONS)
def test_the_order_sorts_as_the_numbers_do(one: Version, other: Version) -> None:
    assert (one.order < other.order) == (one < other)
    assert (one.order == other.order) == (one == other)
    assert one.order < 2**63


@pytest.mark.parametrize(
    "text", ["1", "1.0", "01.0.0", "1.0.0-rc1", "x", "", "1.0.1000000", "\u0661.0.0"]
)
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        parse_version(text)


def test_a_v_may_stand_before_the_numbers() -> None:
    assert parse_version("v1.20.3") == Version(1, 20, 3)
    assert compute_version_order("1.20.3") == compute_version_order("v1.20.3")


def versions(*texts: str) -> list[Version]:
    return [parse_version(text) for text in texts]


@pytest.mark.parametrize(
    ("out", "version"),
    [
        ([], "0.1.0"),
        (["1.0.5"], "1.0.6"),
        (["1.0.5"], "1.0.9"),
        (["1.0.5"], "3.0.0"),
        (["1.0.5", "1.1.0"], "1.0.6"),
        (["0.9.0", "1.0.5", "1.1.0"], "0.9.1"),
    ],
)
def test_versions_come_out_in_rising_order_or_as_patch_of_an_older_line(
    out: list[str], version: str
) -> None:
    refuse_out_of_order(parse_version(version), versions(*out))


@pytest.mark.parametrize(
    ("out", "version", "advice"),
    [
        (["1.0.5"], "0.9.1", "above 1.0.5."),
        (["1.0.5"], "1.0.4", "above 1.0.5."),
        (["1.0.5"], "1.0.5", "above 1.0.5."),
        (["1.0.5", "1.1.0"], "1.0.4", "patch of an older line (1.0.6)"),
        (["0.9.0", "1.0.5", "1.1.0"], "0.10.0", "(0.9.1, 1.0.6)"),
    ],
)
def test_a_version_behind_the_newest_is_refused_with_advice(
    out: list[str], version: str, advice: str
) -> None:
    with pytest.raises(VersionOrderError) as refused:
        refuse_out_of_order(parse_version(version), versions(*out))
    assert advice in refused.value.message


@given(st.lists(VERSIONS, max_size=8), VERSIONS)
def test_what_comes_out_is_the_newest_or_the_last_of_its_line(
    offered: list[Version], last: Version
) -> None:
    out: list[Version] = []
    for version in [*offered, last]:
        try:
            refuse_out_of_order(version, out)
        except VersionOrderError:
            continue
        line = [each for each in out if each.line == version.line]
        assert version > max(out, default=Version(-1, 0, 0)) or version > max(line)
        out.append(version)
    assert len(set(out)) == len(out)


def test_a_patch_of_an_older_line_follows_that_line() -> None:
    out = versions("1.0.5", "1.1.0", "2.0.0")
    assert find_version_before(parse_version("1.0.6"), out) == Version(1, 0, 5)
    assert find_version_before(parse_version("2.1.0"), out) == Version(2, 0, 0)
    assert find_version_before(parse_version("1.0.0"), []) is None


def test_the_step_between_two_versions_is_the_first_number_that_differs() -> None:
    one = parse_version("1.2.3")
    assert find_step(one, parse_version("1.2.4")) is Step.PATCH
    assert find_step(one, parse_version("1.3.0")) is Step.MINOR
    assert find_step(one, parse_version("2.0.0")) is Step.MAJOR
    assert [str(one.after(step)) for step in Step] == ["1.2.4", "1.3.0", "2.0.0"]
