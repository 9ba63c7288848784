"""The consent table: what each contributor answered, purpose by purpose."""

import datetime as dt
import io

import pytest

from apps.consent.entries import ConsentEntry
from apps.ingest.consent_table import ConsentLine, read_consent_table
from apps.ingest.row_readers import Problem, RowError
from datasets_catalog.purposes import Answer, Purpose

HASH = "aB" * 32


def read(raw: str, name: str = "consents.csv") -> tuple[list[ConsentLine], list[RowError]]:
    lines = read_consent_table(io.BytesIO(raw.encode()), name)
    return list(lines), list(lines.errors)


def row_with(column: str, cell: str) -> str:
    cells = {
        "contributor": "p1",
        "form": "field-study",
        "form_version": "1.0",
        "given_at": "2024-05-17",
        column: cell,
    }
    return ",".join(cells) + "\n" + ",".join(f'"{value}"' for value in cells.values()) + "\n"


def test_a_full_row_becomes_a_line_with_times_in_utc() -> None:
    lines, errors = read(
        "contributor;form;form_version;given_at;valid_from;valid_until;evidence_sha256;guardian;"
        "minor;of_age_on;language;study;territories;research.noncommercial;train.generative;"
        "publish.open\n"
        "p1;Field study;2;2024-05-17T09:30:00+02:00;2024-06-01;2034-05-17;"
        f'{HASH};g1;yes;2030-02-28;DE-ch;Streets;"DE;at";allowed;Denied;\n'
    )

    assert errors == []
    assert lines == [
        ConsentLine(
            row=2,
            entry=ConsentEntry(
                contributor="p1",
                form="Field study",
                form_version="2",
                given_at=dt.datetime(2024, 5, 17, 7, 30, tzinfo=dt.UTC),
                valid_from=dt.datetime(2024, 6, 1, tzinfo=dt.UTC),
                valid_until=dt.datetime(2034, 5, 17, tzinfo=dt.UTC),
                evidence_sha256=HASH.lower(),
                guardian="g1",
                minor=True,
                of_age_on=dt.date(2030, 2, 28),
                language="de-CH",
                study="Streets",
                territories=frozenset({"DE", "AT"}),
                answers={
                    Purpose.RESEARCH_NONCOMMERCIAL: Answer.ALLOWED,
                    Purpose.TRAIN_GENERATIVE: Answer.DENIED,
                },
            ),
        )
    ]


@pytest.mark.parametrize("cell", ["", " ", "not_asked"])
def test_a_purpose_that_was_not_asked_has_no_answer(cell: str) -> None:
    lines, errors = read(row_with("publish.open", cell))

    assert errors == []
    assert lines[0].entry.answers == {}


@pytest.mark.parametrize("cell", ["yes", "ok", "1", "allow", "true", "x"])
def test_nothing_but_the_word_allowed_allows(cell: str) -> None:
    lines, errors = read(row_with("publish.open", cell))

    assert lines == []
    assert [(error.column, error.code) for error in errors] == [
        ("publish.open", Problem.VALUE_INVALID)
    ]


@pytest.mark.parametrize("column", ["contributor", "form", "form_version", "given_at"])
def test_who_what_and_when_must_be_said(column: str) -> None:
    lines, errors = read(row_with(column, ""))

    assert lines == []
    assert [(error.column, error.code) for error in errors] == [(column, Problem.VALUE_MISSING)]


@pytest.mark.parametrize("column", ["contributor", "form", "form_version", "given_at"])
def test_a_missing_column_is_one_error(column: str) -> None:
    raw = row_with("guardian", "g1").replace(column + ",", "", 1)
    raw = raw.splitlines()[0] + "\n" + "a,b,c,d\n"

    lines, errors = read(raw)

    assert lines == []
    assert [(error.row, error.column, error.code) for error in errors] == [
        (1, column, Problem.COLUMN_MISSING)
    ]


def test_a_mistyped_column_refuses_every_row_of_the_table() -> None:
    lines, errors = read(row_with("train.generativ", "allowed"))

    assert lines == []
    assert [error.code for error in errors] == [Problem.COLUMN_UNKNOWN]
    assert "did you mean train.generative?" in errors[0].expected


def test_a_mistyped_end_does_not_become_a_consent_without_end() -> None:
    lines, errors = read(row_with("valid_untill", "2027-01-01"))

    assert lines == []
    assert [(error.row, error.column) for error in errors] == [(1, "valid_untill")]
    assert "did you mean valid_until?" in errors[0].expected
    assert "no row was taken" in errors[0].expected


def test_in_json_lines_a_strange_key_refuses_its_own_row_alone() -> None:
    known = '{"contributor": "p1", "form": "f", "form_version": "1", "given_at": "2024-05-17"'
    lines, errors = read(f'{known}}}\n{known}, "publish.opn": "denied"}}\n{known}}}\n', "x.jsonl")

    assert [line.row for line in lines] == [1, 3]
    assert [(error.row, error.column) for error in errors] == [(2, "publish.opn")]
    assert "the row was left out" in errors[0].expected


@pytest.mark.parametrize(
    ("column", "advice"),
    [
        ("name", "take the column out"),
        ("status", "a row of their own"),
        ("withdrawn_at", "that day as given_at and denied"),
        ("age", "say minor and of_age_on instead"),
    ],
)
def test_columns_of_other_ledgers_are_refused_with_advice(column: str, advice: str) -> None:
    lines, errors = read(row_with(column, "withdrawn"))

    assert lines == []
    assert advice in errors[0].expected


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("minor", "perhaps"),
        ("of_age_on", "2030"),
        ("territories", "Europe"),
        ("territories", "DE, FR"),
        ("language", "German"),
        ("valid_from", "soon"),
        ("contributor", "Ada Lovelace"),
        ("contributor", "ada@example.org"),
        ("guardian", "Mrs Lovelace"),
        ("given_at", "17.05.2024"),
        ("given_at", "2024-05"),
        ("given_at", "2024-02-30"),
        ("valid_until", "forever"),
        ("valid_until", "2024-05-17"),
        ("valid_until", "2020-01-01"),
        ("evidence_sha256", "abc"),
        ("evidence_sha256", "g" * 64),
        ("form", "x" * 101),
        ("form_version", "x" * 33),
    ],
)
def test_a_wrong_cell_is_named(column: str, cell: str) -> None:
    lines, errors = read(row_with(column, cell))

    assert lines == []
    assert [(error.row, error.column, error.code) for error in errors] == [
        (2, column, Problem.VALUE_INVALID)
    ]


def test_moments_beyond_the_calendar_are_refused() -> None:
    _, errors = read(row_with("given_at", "9999-12-31T23:59:59-14:00"))

    assert [error.column for error in errors] == ["given_at"]


def test_json_lines_will_do() -> None:
    lines, errors = read(
        '{"contributor": "p1", "form": "f", "form_version": 1.0, "given_at": "2024-05-17",'
        ' "publish.open": "allowed", "publish.gated": null}\n',
        "x.jsonl",
    )

    assert errors == []
    assert lines[0].entry.form_version == "1.0"
    assert lines[0].entry.answers == {Purpose.PUBLISH_OPEN: Answer.ALLOWED}
