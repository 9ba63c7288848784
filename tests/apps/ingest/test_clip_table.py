"""The clip table: every column, every way to get one wrong."""

import datetime as dt
import io
import json
import unicodedata
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest.clip_table import CLIP_TABLE, ClipLine, read_clip_table
from apps.ingest.row_readers import KEPT_ERRORS, Lines, Problem, RowError
from datasets_catalog.licences import Licences
from datasets_catalog.verticals import Vertical, load_profile

LICENCES = Licences()


def licence(text: str) -> str:
    return LICENCES.expression(text).text


def read(raw: bytes | str, name: str = "clips.csv") -> tuple[list[ClipLine], list[RowError]]:
    stream = io.BytesIO(raw.encode() if isinstance(raw, str) else raw)
    lines: Lines[ClipLine] = read_clip_table(
        stream,
        name,
        licence=licence,
        profile=load_profile(Vertical.WILDLIFE),
    )
    return list(lines), list(lines.errors)


def one(column: str, cell: str) -> ClipLine:
    lines, errors = read(f'path,{column}\na.wav,"{cell}"\n')
    assert errors == []
    return lines[0]


def refusal(column: str, cell: str) -> RowError:
    lines, errors = read(f'path,{column}\na.wav,"{cell}"\n')
    assert lines == []
    assert len(errors) == 1
    assert errors[0].row == 2
    assert errors[0].column == column
    return errors[0]


def test_a_full_row_becomes_a_line() -> None:
    raw = (
        "path,licence,title,author,source_url,contributors,recording,environment,device,place,"
        "recorded_at,split,synthetic,species,microphone_height\n"
        "birds/a.wav,CC-BY-4.0,  Dawn   chorus ,Ada,https://example.org/1,p-01;p-02,r1,forest,"
        "Zoom H6,Jura,2024-05,train,no,Turdus merula,1.5\n"
    )

    lines, errors = read(raw)

    assert errors == []
    assert lines == [
        ClipLine(
            row=2,
            path="birds/a.wav",
            said={
                "licence": "CC-BY-4.0",
                "title": "Dawn chorus",
                "author": "Ada",
                "source_url": "https://example.org/1",
                "environment": "forest",
                "device": "Zoom H6",
                "place": "Jura",
                "recorded_at": "2024-05",
                "split": "train",
                "synthetic": False,
            },
            contributors=("p-01", "p-02"),
            recording="r1",
            fields={"species": "Turdus merula", "microphone_height": 1.5},
        )
    ]


def test_what_is_not_said_stays_unsaid() -> None:
    lines, errors = read("path,title,synthetic,contributors,species\na.wav,, ,,\n")

    assert errors == []
    assert lines == [ClipLine(row=2, path="a.wav")]


def test_every_wrong_cell_is_named_and_sound_rows_come_through() -> None:
    lines, errors = read(
        "path,licence,synthetic,recorded_at\n"
        "a.wav,CC-BY-4.0,yes,2024\n"
        "../b.wav,CC-BY-9.0,maybe,2024-02-30\n"
        "c.wav,,,\n"
    )

    assert [line.path for line in lines] == ["a.wav", "c.wav"]
    assert [(error.row, error.column, error.code) for error in errors] == [
        (3, "path", Problem.PATH_INVALID),
        (3, "licence", Problem.LICENCE_UNKNOWN),
        (3, "recorded_at", Problem.VALUE_INVALID),
        (3, "synthetic", Problem.VALUE_INVALID),
    ]
    assert errors[0].value == "'../b.wav'"
    assert ".." in errors[0].expected
    assert errors[3].sentence() == (
        "row 3, column synthetic: 'maybe', expected true or false (or yes, no, 1, 0)"
    )


def test_a_row_without_a_path_is_named() -> None:
    _, errors = read("path,title\n,x\n")

    assert [(error.row, error.column, error.code) for error in errors] == [
        (2, "path", Problem.VALUE_MISSING)
    ]


def test_a_table_without_the_path_column_gives_one_error_not_one_for_each_row() -> None:
    lines, errors = read("file,title\na.wav,x\nb.wav,y\n")

    assert lines == []
    assert [(error.row, error.column, error.code) for error in errors] == [
        (1, "file", Problem.COLUMN_UNKNOWN),
        (1, "path", Problem.COLUMN_MISSING),
    ]


def test_an_unknown_column_is_named_once_with_the_nearest_one() -> None:
    lines, errors = read("path,license\na.wav,x\nb.wav,y\n")

    assert len(lines) == 2
    assert [(error.row, error.column, error.code) for error in errors] == [
        (1, "license", Problem.COLUMN_UNKNOWN)
    ]
    assert "did you mean licence?" in errors[0].expected
    assert "species" in errors[0].expected


def test_an_unknown_key_of_json_lines_is_named_once() -> None:
    raw = b'{"path": "a.wav", "colour": 1}\n{"path": "b.wav", "colour": 2}\n'

    lines, errors = read(raw, "x.jsonl")

    assert len(lines) == 2
    assert [(error.row, error.column) for error in errors] == [(1, "colour")]


def test_a_column_of_another_vertical_is_unknown() -> None:
    _, errors = read("path,auscultation_point\na.wav,mitral\n")

    assert [error.code for error in errors] == [Problem.COLUMN_UNKNOWN]


@pytest.mark.parametrize(
    "twin", ["a.wav", "./a.wav", "A.WAV", unicodedata.normalize("NFD", "a.wav")]
)
def test_a_path_named_twice_is_refused_with_both_rows(twin: str) -> None:
    lines, errors = read(f"path\na.wav\nb.wav\n{twin}\n")

    assert [line.path for line in lines] == ["a.wav", "b.wav"]
    assert [(error.row, error.code) for error in errors] == [(4, Problem.PATH_DUPLICATE)]
    assert "row 2" in errors[0].expected


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc-by-nc-sa-4.0", "CC-BY-NC-SA-4.0"),
        ("CC0-1.0 OR MIT", "CC0-1.0 OR MIT"),
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://creativecommons.org/licenses/by-nc/3.0/", "CC-BY-NC-3.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.de", "CC-BY-SA-4.0"),
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0"),
        ("//creativecommons.org/licenses/by-nc-sa/4.0/", "CC-BY-NC-SA-4.0"),
        ("creativecommons.org/licenses/by/3.0/de/", "CC-BY-3.0-DE"),
        ("CC\N{NON-BREAKING HYPHEN}BY\N{NON-BREAKING HYPHEN}4.0", "CC-BY-4.0"),
        ("wtfpl", "WTFPL"),
        ("beerware", "Beerware"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("http://creativecommons.org/licenses/sampling+/1.0/", "LicenseRef-CC-Sampling-Plus-1.0"),
    ],
)
def test_an_exact_licence_is_taken_in_its_one_spelling(cell: str, found: str) -> None:
    assert one("licence", cell).said["licence"] == found


@pytest.mark.parametrize(
    ("cell", "suggestion"),
    [
        ("cc by 4.0", "CC-BY-4.0"),
        ("CC BY-NC-SA 3.0", "CC-BY-NC-SA-3.0"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("Creative Commons Attribution 4.0 International Public License", "CC-BY-4.0"),
        ("CC BY 3.0 DE", "CC-BY-3.0-DE"),
        ("CC BY-SA 2.0 de", "LicenseRef-CC-BY-SA-2.0-DE"),
        ("CC BY-SA 1.0", "CC-BY-SA-1.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("MIT License", "MIT"),
        ("odbl", "ODbL-1.0"),
        ("GPLv2+", "GPL-2.0-or-later"),
        ("GPL-2", "GPL-2.0-only or GPL-2.0-or-later"),
        ("Sampling+", "LicenseRef-CC-Sampling-Plus-1.0"),
        ("CC-BY-4.0;", "CC-BY-4.0"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
        ("CC0", "CC0-1.0"),
        ("Creative Commons 0", "CC0-1.0"),
    ],
)
def test_a_friendly_licence_name_is_only_suggested(cell: str, suggestion: str) -> None:
    error = refusal("licence", cell)

    assert error.code is Problem.LICENCE_UNKNOWN
    assert f"did you mean {suggestion}?" in error.expected


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("Attribution Noncommercial", "which version of CC-BY-NC?"),
        ("by", "which version of CC-BY?"),
        ("Apache", "which of Apache-1.0, Apache-1.1, Apache-2.0?"),
        ("public domain", "names no licence"),
        ("http://creativecommons.org/licenses/by/", "no one licence in one version"),
        ("https://creativecommons.org/licenses/by/5.0/", "no one licence in one version"),
        ("http://www.gnu.org/licenses/gpl-2.0.html", "no one licence in one version"),
    ],
)
def test_what_a_name_leaves_open_is_asked_and_not_guessed(cell: str, answer: str) -> None:
    error = refusal("licence", cell)

    assert answer in error.expected
    assert "did you mean" not in error.expected


@pytest.mark.parametrize(
    "cell",
    [
        "CC BY-NC-ND 4.0 / commercial on request",
        "CC BY or CC BY-SA",
        "CC BY 5.0",
        "CC BY 4.0 DE",
        "All rights reserved",
        "Pixabay License",
        "see LICENSE.txt",
        "unknown",
        "nan",
    ],
)
def test_a_suggestion_accounts_for_every_word(cell: str) -> None:
    assert "did you mean" not in refusal("licence", cell).expected


@pytest.mark.parametrize(
    "cell",
    [
        "all rights reserved",
        "unknown",
        "other",
        "https://creativecommons.org/licenses/by/9.0/",
        "https://www.gnu.org/licenses/gpl-3.0.html",
        "https://evil.example/creativecommons.org/licenses/by/4.0/",
        "CC-BY-4.0 AND",
        "LicenseRef-nobody-knows",
    ],
)
def test_no_licence_is_made_up(cell: str) -> None:
    assert refusal("licence", cell).code is Problem.LICENCE_UNKNOWN


@pytest.mark.parametrize(
    "cell",
    ["2024", "2024-05", "2024-05-17", "2024-05-17T09:30:00+02:00", "2024-05-17T09:30"],
)
def test_a_date_stays_as_coarse_as_it_was_said(cell: str) -> None:
    assert one("recorded_at", cell).said["recorded_at"] == cell


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2024-05-17 09:30", "2024-05-17T09:30"),
        ("2024-05-17T09:30:00Z", "2024-05-17T09:30:00+00:00"),
    ],
)
def test_a_moment_is_spelled_in_one_way(cell: str, found: str) -> None:
    assert one("recorded_at", cell).said["recorded_at"] == found


@pytest.mark.parametrize(
    "cell",
    ["17.05.2024", "24-05-17", "2024-13", "2024-02-30", "0000", "2024-00", "20240517", "2024-W05",
     "yesterday", "2024-05-17T25:00", "\uff12\uff10\uff12\uff14"],
)  # fmt: skip
def test_a_date_in_another_shape_is_refused(cell: str) -> None:
    assert refusal("recorded_at", cell).code is Problem.VALUE_INVALID


@pytest.mark.parametrize("cell", ["true", "TRUE", "1", "yes", "Yes"])
def test_synthetic_says_yes_in_several_ways(cell: str) -> None:
    assert one("synthetic", cell).said["synthetic"] is True


@pytest.mark.parametrize("cell", ["false", "0", "no", "NO"])
def test_synthetic_says_no_in_several_ways(cell: str) -> None:
    assert one("synthetic", cell).said["synthetic"] is False


def test_contributors_are_codes_kept_once_in_order() -> None:
    assert one("contributors", " p2; p1 ;p2;; ").contributors == ("p2", "p1")


@pytest.mark.parametrize("cell", ["ada@example.org", "Ada Lovelace", "p1,p2", "a" * 101])
def test_a_persons_name_or_address_is_no_contributor_code(cell: str) -> None:
    assert refusal("contributors", cell).code is Problem.VALUE_INVALID


@pytest.mark.parametrize(
    "cell",
    [
        "javascript:alert(1)",
        "ftp://example.org/a",
        "example.org/a",
        "https://",
        "https://user:secret@example.org/",
        "https://exa mple.org/",
        "https://[::1/",
        "https://example.org/" + "a" * 500,
        "https://example.org/\u202e",
    ],
)
def test_a_source_must_be_a_plain_web_address(cell: str) -> None:
    assert refusal("source_url", cell).code is Problem.VALUE_INVALID


@pytest.mark.parametrize(
    "cell",
    ["https://example.org", "http://localhost:8000/x", "https://xn--bcher-kva.example/ü?q=1#f"],
)
def test_web_addresses_are_kept_as_they_are(cell: str) -> None:
    assert one("source_url", cell).said["source_url"] == cell


@pytest.mark.parametrize("cell", ["train", "dev-clean", "train.clean.100", "test_2"])
def test_splits_have_simple_names(cell: str) -> None:
    assert one("split", cell).said["split"] == cell


@pytest.mark.parametrize("cell", ["../train", "a b", "-x", "a/b", "a" * 65, "é"])
def test_a_split_that_is_no_simple_name_is_refused(cell: str) -> None:
    refusal("split", cell)


def test_titles_may_be_long_but_not_endless_and_hold_no_control_characters() -> None:
    assert one("title", "Zoe\u0301 \u9ce5").said["title"] == "Zoé \u9ce5"
    refusal("title", "x" * 301)
    refusal("title", "a\x1bb")


def test_line_breaks_in_a_title_become_spaces() -> None:
    assert one("title", "two\r\nlines").said["title"] == "two lines"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("season", "one of spring, summer, autumn, winter, dry, wet"),
        ("microphone_height", "a number, -11000 or more, 10000 or less"),
    ],
)
def test_a_vertical_field_is_checked_by_its_schema(cell: str, expected: str) -> None:
    error = refusal(cell, "99999")

    assert (error.code, error.expected) == (Problem.FIELD_INVALID, expected)


def test_typed_cells_of_json_and_parquet_are_read_as_they_are() -> None:
    record = {
        "path": "a.wav",
        "synthetic": True,
        "contributors": ["p1", "p2"],
        "recorded_at": 2024,
        "title": 1812,
        "microphone_height": 1,
    }
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([record | {"recorded_at": dt.date(2024, 5, 17)}]), table)

    from_json, json_errors = read(json.dumps(record), "x.jsonl")
    from_parquet, parquet_errors = read(table.getvalue(), "x.parquet")

    assert json_errors == parquet_errors == []
    assert from_json[0].said["recorded_at"] == "2024"
    assert from_parquet[0].said["recorded_at"] == "2024-05-17"
    assert from_json[0].contributors == from_parquet[0].contributors == ("p1", "p2")
    assert from_json[0].said["title"] == "1812"
    assert from_json[0].fields == {"microphone_height": 1}


@pytest.mark.parametrize(
    "record",
    [
        {"path": 5},
        {"path": ["a.wav"]},
        {"path": "a.wav", "title": {"a": 1}},
        {"path": "a.wav", "title": True},
        {"path": "a.wav", "contributors": 7},
        {"path": "a.wav", "contributors": [["p1"]]},
        {"path": "a.wav", "licence": 4},
        {"path": "a.wav", "source_url": []},
        {"path": "a.wav", "synthetic": []},
        {"path": "a.wav", "recorded_at": {}},
        {"path": "a.wav", "recorded_at": True},
        {"path": "a.wav", "split": 1.5},
        {"path": "a.wav", "microphone_height": "high"},
        {"path": "a.wav", "microphone_height": True},
        {"path": "a.wav", "season": ["spring"]},
        {"path": "a.wav", "species": "x" * 201},
    ],
)
def test_a_cell_of_the_wrong_type_is_an_error_and_never_a_crash(record: dict[str, Any]) -> None:
    lines, errors = read(json.dumps(record), "x.jsonl")

    assert lines == []
    assert len(errors) == 1


@pytest.mark.parametrize("cell", [b"bytes", float("inf"), dt.time(1, 2)])
def test_a_parquet_cell_that_json_cannot_hold_is_refused(cell: object) -> None:
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{"path": "a.wav", "microphone_height": cell}]), table)

    _, errors = read(table.getvalue(), "x.parquet")

    assert [error.code for error in errors] == [Problem.FIELD_INVALID]


def test_not_a_number_is_an_empty_cell_as_pandas_writes_it() -> None:
    table = io.BytesIO()
    rows = [{"path": "a.wav", "microphone_height": float("nan")}]
    pq.write_table(pa.Table.from_pylist(rows), table)

    lines, errors = read(table.getvalue(), "x.parquet")

    assert errors == []
    assert lines[0].fields == {}


def test_all_errors_are_counted_but_not_all_are_kept() -> None:
    raw = "path,synthetic\n" + "".join(f"{n}.wav,maybe\n" for n in range(KEPT_ERRORS + 5))
    lines = read_clip_table(io.BytesIO(raw.encode()), "x.csv", licence=licence, profile={})

    assert list(lines) == []
    assert len(lines.errors) == KEPT_ERRORS + 5
    assert len(list(lines.errors)) == KEPT_ERRORS
    assert lines.errors.by_code == {Problem.VALUE_INVALID: KEPT_ERRORS + 5}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from([*CLIP_TABLE, "species", "x"]), json_values))
def test_any_row_is_read_or_refused(record: dict[str, Any]) -> None:
    lines, errors = read(json.dumps(record), "x.jsonl")

    assert lines or errors or not any(v not in (None, "") for v in record.values())
