"""The form by which a dataset is asked for."""

from typing import Any

import pytest

from datasets_catalog.countries import COUNTRIES
from datasets_catalog.request_forms import (
    AnswersInvalidError,
    FormInvalidError,
    check_answers,
    parse_fields,
)

FORM = [
    {"name": "lab", "label": "Laboratory", "type": "text", "required": True},
    {"name": "role", "label": "Role", "type": "select", "options": ["student", "staff"]},
    {"name": "begin", "label": "Begins", "type": "date"},
    {"name": "country", "label": "Country", "type": "country", "required": True},
    {"name": "promise", "label": "No recognition", "type": "checkbox", "required": True},
]
GOOD = {"lab": " Owls ", "country": "fr", "promise": "on", "begin": "2026-02-28"}


def test_answers_are_kept_with_their_questions_in_the_forms_order() -> None:
    kept = check_answers(parse_fields(FORM), GOOD)
    assert [(one["label"], one["value"]) for one in kept] == [
        ("Laboratory", "Owls"),
        ("Role", ""),
        ("Begins", "2026-02-28"),
        ("Country", "FR"),
        ("No recognition", "yes"),
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("lab", " ", "an answer"),
        ("lab", "x" * 4001, "at most 4000 characters"),
        ("role", "boss", "one of student, staff"),
        ("begin", "2026-02-30", "a day as YYYY-MM-DD"),
        ("begin", "20260228", "a day as YYYY-MM-DD"),
        ("country", "France", "a country's two letters, such as FR"),
        ("promise", "false", "a tick"),
        ("promise", "maybe", "true or false"),
        ("shoe", "42", "no such field: leave it out"),
    ],
)
def test_each_wrong_answer_is_named_with_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(AnswersInvalidError) as refusal:
        check_answers(parse_fields(FORM), {**GOOD, name: value})
    problem = refusal.value.detail["problems"][0]
    assert (problem["field"], problem["expected"]) == (name, expected)


@pytest.mark.parametrize(
    "field",
    [
        {"name": "Lab", "label": "Lab", "type": "text"},
        {"name": "lab", "label": "", "type": "text"},
        {"name": "lab", "label": "Lab", "type": "number"},
        {"name": "lab", "label": "Lab", "type": "select"},
        {"name": "lab", "label": "Lab", "type": "text", "options": ["a"]},
        {"name": "lab", "label": "Lab", "type": "select", "options": ["a", "a"]},
        {"name": "lab", "label": "Lab", "type": "text", "required": "yes"},
        {"name": "lab", "label": "Lab", "type": "text", "colour": "red"},
        "lab",
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: Any) -> None:
    with pytest.raises(FormInvalidError, match="Field 2 of the form"):
        parse_fields([FORM[1], field])


def test_names_are_given_once_and_forms_are_lists() -> None:
    for form in ([FORM[0], FORM[0]], {"lab": "text"}, FORM * 7):
        with pytest.raises(FormInvalidError):
            parse_fields(form)


def test_countries_have_two_letters() -> None:
    assert COUNTRIES["FR"] == "France"
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
