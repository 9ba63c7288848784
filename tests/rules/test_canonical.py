"""Our canonical JSON is exactly RFC 8785, on the fast path and on the general one."""

import math
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from datasets_catalog.canonical import SAFE_INTEGER, NotCanonicalError, to_canonical_json

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-SAFE_INTEGER, SAFE_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
@example({"\ue000": 1, "\U00010000": 2})
@example([1e16, 1e21, 1e-7, 9007199254740992.0, -0.0, 5e-324, 1e-4, 0.00001, 123456789012345.6])
@example({"b": '\u2028\x7f\x00\x1f"\\/', "a": "€", "A": True})
def test_canonical_json_equals_the_reference_implementation(value: Any) -> None:
    assert to_canonical_json(value) == rfc8785.dumps(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_written_as_the_reference_writes_it(value: float) -> None:
    assert to_canonical_json(value) == rfc8785.dumps(value)


def test_the_example_of_the_rfc_is_reproduced() -> None:
    # RFC 8785 section 3.2.2
    numbers = [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]
    text = '€$\x0f\nA\'B"\\\\"/'
    assert to_canonical_json(
        {"numbers": numbers, "string": text, "literals": [None, True, False]}
    ) == (
        b'{"literals":[null,true,false],'
        b'"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


def test_text_enums_are_written_as_their_text() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert to_canonical_json({"colour": Colour.RED}) == b'{"colour":"red"}'


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, SAFE_INTEGER + 1, "\ud800", {1: "a"}, {"a": object()}]
)
def test_what_has_no_canonical_form_is_refused_by_name(value: Any) -> None:
    with pytest.raises(NotCanonicalError):
        to_canonical_json(value)
