"""Cells of a vertical's own columns: typed and checked by its schema."""

import io
from typing import Any

import pytest

from apps.ingest.clip_table import ClipLine, read_clip_table
from apps.ingest.row_readers import Lines, Problem, RowError
from apps.ingest.vertical_fields import ProfileInvalidError


def as_said(text: str) -> str:
    return text


def read(table: str, *, schema: dict[str, Any]) -> tuple[list[ClipLine], list[RowError]]:
    stream = io.BytesIO(table.encode())
    lines: Lines[ClipLine] = read_clip_table(stream, "clips.csv", licence=as_said, profile=schema)
    return list(lines), list(lines.errors)


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["site"],
    "properties": {
        "site": {"type": "string", "pattern": "^[A-Z]+$"},
        "count": {"type": "integer", "exclusiveMinimum": 0},
        "loud": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "integer"}, "uniqueItems": True},
        "maybe": {"type": ["number", "string"]},
        "day": {"type": "string", "format": "date"},
        "named": {"$ref": "#/$defs/name"},
        "title": {"type": "integer"},
    },
    "$defs": {"name": {"type": "string", "maxLength": 3}},
    "if": {"properties": {"count": {"const": 7}}, "required": ["count"]},
    "then": {"required": ["loud"]},
}


def test_vertical_fields_are_typed_by_their_schema() -> None:
    lines, errors = read(
        "path,site,count,loud,tags,maybe,day,named,title\n"
        "a.wav,AB,3,yes,1;2,2.5,2024-05-17,abc,A title\n"
        "b.wav,AB,3.0,0,,loud,,,\n",
        schema=SCHEMA,
    )

    assert errors == []
    assert lines[0].fields == {
        "site": "AB",
        "count": 3,
        "loud": True,
        "tags": [1, 2],
        "maybe": 2.5,
        "day": "2024-05-17",
        "named": "abc",
    }
    assert lines[0].said["title"] == "A title"
    assert lines[1].fields == {"site": "AB", "count": 3.0, "loud": False, "maybe": "loud"}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("site", "ab"),
        ("count", "0"),
        ("count", "1.5"),
        ("count", "1_0"),
        ("count", "inf"),
        ("loud", "perhaps"),
        ("tags", "1;x"),
        ("tags", "1;1"),
        ("day", "17.5.2024"),
        ("named", "abcd"),
    ],
)
def test_a_cell_that_does_not_fit_its_schema_is_named(column: str, cell: str) -> None:
    rows = "path,site,other\n" if column == "site" else f"path,{column},site\n"
    rows += f"a.wav,{cell},{'' if column == 'site' else 'AB'}\n"
    rows = rows.replace(",other", "").replace("ab,", "ab")

    lines, errors = read(rows, schema=SCHEMA)

    assert lines == []
    assert [(error.column, error.code) for error in errors] == [(column, Problem.FIELD_INVALID)]


def test_rules_over_several_fields_hold_for_each_row() -> None:
    lines, errors = read("path,site,count\na.wav,AB,7\nb.wav,AB,6\n", schema=SCHEMA)

    assert [line.path for line in lines] == ["b.wav"]
    assert [(error.row, error.code) for error in errors] == [(2, Problem.FIELD_INVALID)]


def test_a_required_field_must_be_there() -> None:
    _, errors = read("path\na.wav\n", schema=SCHEMA)

    assert [(error.column, error.code) for error in errors] == [("site", Problem.VALUE_MISSING)]


def test_a_profile_that_is_no_schema_is_refused() -> None:
    with pytest.raises(ProfileInvalidError):
        read("path\na.wav\n", schema={"type": "no such type"})
