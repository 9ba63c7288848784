"""The native label table."""

import csv
import io
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest.event_table import (
    EVENT_COLUMNS,
    EmptyLine,
    EventLine,
    LabelLine,
    WeakLine,
    read_event_table,
)
from apps.ingest.row_readers import Problem, RowError
from datasets_catalog.labels import Presence, Source, Status


def read_lines(raw: str, name: str = "events.csv") -> tuple[list[LabelLine], list[RowError]]:
    lines = read_event_table(io.BytesIO(raw.encode()), name)
    return list(lines), list(lines.errors)


def read(raw: str) -> tuple[list[EventLine], list[RowError]]:
    lines, errors = read_lines(raw)
    assert all(isinstance(line, EventLine) for line in lines)
    return [line for line in lines if isinstance(line, EventLine)], errors


def with_cell(column: str, cell: str) -> tuple[list[EventLine], list[RowError]]:
    cells = {"path": "a.wav", "onset": "1", "offset": "2", "label": "Dog", column: cell}
    return read(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")


def test_a_short_row_becomes_an_event_with_the_usual_meaning() -> None:
    lines, errors = read("path,onset,offset,label\na.wav,0,1.5,Dog\n")

    assert errors == []
    assert lines == [EventLine(row=2, path="a.wav", onset=0.0, offset=1.5, label="Dog")]
    assert (lines[0].source, lines[0].status, lines[0].presence) == (
        Source.IMPORT,
        Status.SUGGESTED,
        Presence.YES,
    )


def test_a_full_row_becomes_an_event() -> None:
    lines, errors = read(
        ",".join(EVENT_COLUMNS) + "\n"
        "a.wav,0.1234567,1e1,/m/0bt9lr,100,8000.5,1,0.75,Human,verified,no,ann-3,ann-4\n"
    )

    assert errors == []
    assert lines == [
        EventLine(
            row=2,
            path="a.wav",
            onset=0.123457,
            offset=10.0,
            label="/m/0bt9lr",
            f_low=100.0,
            f_high=8000.5,
            channel=1,
            confidence=0.75,
            source=Source.HUMAN,
            status=Status.VERIFIED,
            presence=Presence.NO,
            annotator="ann-3",
            verifier="ann-4",
        )
    ]


def test_an_empty_offset_is_the_clips_end() -> None:
    lines, errors = with_cell("offset", "")

    assert errors == []
    assert lines[0].offset is None


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("onset", "-0.1"),
        ("onset", "1_0"),
        ("onset", "nan"),
        ("onset", "inf"),
        ("onset", "1e999"),
        ("onset", "0:01"),
        ("onset", "\u0661"),
        ("onset", "0x10"),
        ("offset", "1"),
        ("offset", "0.5"),
        ("offset", "1.0000001"),
        ("path", "/a.wav"),
        ("label", "x" * 201),
        ("f_low", "-1"),
        ("channel", "-1"),
        ("channel", "1.5"),
        ("channel", "left"),
        ("channel", "99999"),
        ("confidence", "1.1"),
        ("confidence", "75%"),
        ("source", "robot"),
        ("status", "done"),
        ("presence", "maybe"),
        ("annotator", "ada@example.org"),
    ],
)
def test_a_wrong_cell_is_named(column: str, cell: str) -> None:
    lines, errors = with_cell(column, cell)

    assert lines == []
    assert [(error.row, error.column) for error in errors] == [(2, column)]


@pytest.mark.parametrize("column", ["path", "onset", "label"])
def test_what_an_event_needs_must_be_there(column: str) -> None:
    lines, errors = with_cell(column, "")

    assert lines == []
    assert [(error.column, error.code) for error in errors] == [(column, Problem.VALUE_MISSING)]


def test_decimal_commas_are_refused_with_an_example() -> None:
    _, errors = read("path;onset;offset;label\na.wav;0,5;1,5;Dog\n")

    assert [error.column for error in errors] == ["onset", "offset"]
    assert errors[0].expected == "a number such as 1.25"


def test_the_upper_bound_lies_above_the_lower() -> None:
    _, errors = read("path,onset,offset,label,f_low,f_high\na.wav,0,1,Dog,500,500\n")

    assert [error.column for error in errors] == ["f_high"]


def test_a_label_without_times_is_of_the_whole_clip() -> None:
    lines, errors = read_lines("path,onset,offset,label,presence,annotator\na.wav,,,Dog,no,ann-1\n")

    assert errors == []
    assert lines == [WeakLine(2, "a.wav", "Dog", presence=Presence.NO, annotator="ann-1")]


def test_a_row_without_label_and_times_says_that_the_clip_holds_none() -> None:
    lines, errors = read_lines("path,onset,offset,label,source\na.wav,,,,human\n")

    assert errors == []
    assert lines == [EmptyLine(2, "a.wav", source=Source.HUMAN)]


@pytest.mark.parametrize(
    ("label", "column", "cell"),
    [
        ("Dog", "f_low", "100"),
        ("Dog", "channel", "0"),
        ("", "f_high", "100"),
        ("", "confidence", "0.5"),
        ("", "status", "verified"),
        ("", "presence", "no"),
    ],
)
def test_what_only_an_event_or_a_label_has_is_refused_elsewhere(
    label: str, column: str, cell: str
) -> None:
    lines, errors = read_lines(f"path,onset,offset,label,{column}\na.wav,,,{label},{cell}\n")

    assert lines == []
    assert [(error.row, error.column) for error in errors] == [(2, column)]


seconds = st.floats(0, 86_400, allow_nan=False)


@given(st.lists(st.tuples(seconds, seconds, st.sampled_from(Presence)), max_size=5))
def test_events_come_back_as_they_were_written(events: list[tuple[float, float, Presence]]) -> None:
    written = [
        EventLine(
            row=number,
            path=f"clip {number}.wav",
            onset=round(onset, 6),
            offset=round(onset, 6) + round(length, 6) + 1,
            label='Dog, "big"',
            presence=presence,
        )
        for number, (onset, length, presence) in enumerate(events, start=2)
    ]
    target = io.StringIO()
    table = csv.DictWriter(target, list(EVENT_COLUMNS), extrasaction="ignore")
    table.writeheader()
    table.writerows(asdict(line) for line in written)

    lines, errors = read(target.getvalue())

    assert errors == []
    assert [(x.path, x.onset, x.label, x.presence) for x in lines] == [
        (x.path, x.onset, x.label, x.presence) for x in written
    ]
    for line, original in zip(lines, written, strict=True):
        assert line.offset == pytest.approx(original.offset, abs=1e-6)
