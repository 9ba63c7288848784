"""Reading tables: CSV as people save it, JSONL, Parquet, and whatever else gets sent."""

import contextlib
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from apps.ingest import table_files
from apps.ingest.row_readers import Problem, Row
from apps.ingest.table_files import TableUnreadableError, read_table


def rows(raw: bytes, name: str = "clips.csv") -> list[Row]:
    return list(read_table(io.BytesIO(raw), name))


def values(raw: bytes, name: str = "clips.csv") -> list[dict[str, Any]]:
    return [row.values for row in rows(raw, name)]


def failure(raw: bytes, name: str = "clips.csv") -> TableUnreadableError:
    with pytest.raises(TableUnreadableError) as refusal:
        rows(raw, name)
    return refusal.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_csv_is_read_as_spreadsheets_save_it(delimiter: str, line_end: str, start: bytes) -> None:
    lines = [
        delimiter.join(cells) for cells in [["path", "title"], ["a.wav", "Zoé"], ["b.wav", ""]]
    ]
    raw = start + line_end.join(lines).encode() + line_end.encode()

    assert values(raw) == [{"path": "a.wav", "title": "Zoé"}, {"path": "b.wav", "title": ""}]


def test_the_header_is_row_one_as_in_a_spreadsheet() -> None:
    raw = b'path,title\na.wav,"two\nlines"\n\nb.wav,x\n'

    assert [(row.number, row.values["path"]) for row in rows(raw)] == [(2, "a.wav"), (4, "b.wav")]


def test_blank_lines_before_the_header_count_as_rows() -> None:
    assert [row.number for row in rows(b"\n\npath\na.wav\n")] == [4]


def test_delimiters_inside_quotes_do_not_fool_the_choice() -> None:
    raw = b'"path";"a, b, c, d"\n1.wav;x\n'

    assert values(raw) == [{"path": "1.wav", "a, b, c, d": "x"}]


def test_a_table_of_one_column_needs_no_delimiter() -> None:
    assert values(b"path\na b.wav\n") == [{"path": "a b.wav"}]


def test_a_cell_under_no_name_is_said_to_be_that() -> None:
    rows = list(read_table(io.BytesIO(b"path,title,\na.wav,A,stray\n"), "t.csv"))
    assert [row.problem and row.problem.expected for row in rows] == [
        "nothing in a column to which the first row gives no name"
    ]


def test_rows_of_blank_cells_and_blank_columns_at_the_end_are_left_out() -> None:
    raw = b"path,title,,\na.wav,x,,\n,,,\n , ,\nb.wav,y,,,,\n"

    assert values(raw) == [{"path": "a.wav", "title": "x"}, {"path": "b.wav", "title": "y"}]


@pytest.mark.parametrize("line", [b"a.wav\n", b"a.wav,x,y\n"])
def test_a_row_of_the_wrong_width_is_named_and_the_rest_is_read(line: bytes) -> None:
    found = rows(b"path,title\n" + line + b"b.wav,x\n")

    assert found[0].problem is not None
    assert (found[0].problem.row, found[0].problem.code) == (2, Problem.ROW_RAGGED)
    assert found[1].values == {"path": "b.wav", "title": "x"}


def test_text_under_a_column_without_a_name_is_not_dropped_silently() -> None:
    (row,) = rows(b"path,,title\na.wav,oops,x\n")

    assert row.problem is not None
    assert row.problem.code is Problem.ROW_RAGGED


def test_latin_1_is_named_with_line_and_byte() -> None:
    raw = b"\xef\xbb\xbfpath,title\na.wav,ok\nb.wav,Zo\xe9\n"

    error = failure(raw)

    assert error.detail["line"] == 3
    assert error.detail["byte"] == 0xE9
    assert raw[error.detail["position"]] == 0xE9
    assert "Zoé" in error.message
    assert "UTF-8" in error.message


def test_rows_before_a_wrong_byte_are_still_given() -> None:
    table = iter(read_table(io.BytesIO(b"path\na.wav\n\xff\n"), "x.csv"))

    assert next(table).values == {"path": "a.wav"}
    with pytest.raises(TableUnreadableError):
        next(table)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b",,\n", "names no column"),
        (b"path,path\na,b\n", "more than once"),
        ("path\na.wav\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"PAR1rest", "Parquet"),
        (b"\x1f\x8brest", "compressed"),
        (b"path\na\x00.wav\n", "zero byte"),
        (b'path,title\n"a.wav,x\nb.wav,y\n', "quotes do not match"),
        (b'path,title\n"a.wav"x,y\n', "quotes do not match"),
        (b"path\n" + b"a" * 200_000 + b"\n", "field larger"),
        (b"a" * (table_files.LINE_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_csv_is_refused_with_the_reason(raw: bytes, words: str) -> None:
    error = failure(raw)

    assert words in error.message
    assert error.code == "ingest.table_unreadable"


@pytest.mark.parametrize("name", ["clips.xlsx", "clips", "clips.csv.gz", ""])
def test_a_table_of_another_kind_is_refused_with_the_kinds_there_are(name: str) -> None:
    assert ".csv" in failure(b"path\n", name).message


def test_json_lines_keep_their_types_and_their_line_numbers() -> None:
    raw = b'{"path": "a.wav", "synthetic": true, "contributors": ["p1"]}\n\n{"path": "b.wav"}\n'

    found = rows(raw, "clips.jsonl")

    assert [row.number for row in found] == [1, 3]
    assert found[0].values == {"path": "a.wav", "synthetic": True, "contributors": ["p1"]}


@pytest.mark.parametrize(
    "line",
    [
        b'{"path": "a.wav"',
        b"[1, 2]",
        b'"text"',
        b'{"path": "a", "path": "b"}',
        b'{"f_low": NaN}',
        b'{"f_low": Infinity}',
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_bad_line_of_json_is_named_and_the_rest_is_read(line: bytes) -> None:
    found = rows(line + b'\n{"path": "b.wav"}\n', "x.jsonl")

    assert found[0].problem is not None
    assert (found[0].problem.row, found[0].problem.code) == (1, Problem.ROW_UNREADABLE)
    assert len(found[0].problem.value) < 200
    assert found[1].values == {"path": "b.wav"}


def parquet(table: dict[str, Any], **options: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(pa.table(table), target, **options)
    return target.getvalue()


def test_parquet_gives_typed_cells() -> None:
    moment = dt.datetime(2024, 5, 17, 9, 30, tzinfo=dt.UTC)
    raw = parquet(
        {
            "path": ["a.wav", None],
            "contributors": pa.array([["p1", "p2"], None]),
            "recorded_at": pa.array([moment, None], pa.timestamp("ns", tz="UTC")),
            "split": pa.array(["train", None]).dictionary_encode(),
        }
    )

    found = rows(raw, "clips.parquet")

    assert len(found) == 1
    assert found[0].number == 1
    assert found[0].values["contributors"] == ["p1", "p2"]
    assert found[0].values["recorded_at"] == moment
    assert found[0].values["split"] == "train"


def test_nanoseconds_are_cut_to_what_python_holds() -> None:
    raw = parquet({"at": pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))})

    assert values(raw, "x.parquet")[0]["at"].microsecond == 123456


@pytest.mark.parametrize("cut", [0, 10, 100, -4])
def test_a_torn_parquet_file_is_refused(cut: int) -> None:
    raw = parquet({"path": ["a.wav"] * 100})

    assert "Parquet" in failure(raw[:cut], "x.parquet").message


def test_parquet_that_carries_audio_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_files, "ROW_GROUP_BYTES", 1000)
    raw = parquet({"path": ["a.wav"], "audio": [b"x" * 5000]}, use_dictionary=False)

    assert "leave the audio out" in failure(raw, "x.parquet").message


class OneWay(io.BytesIO):
    @override
    def seekable(self) -> bool:
        return False


def test_a_stream_that_only_goes_forward_will_do() -> None:
    raw = parquet({"path": ["a.wav"]})

    assert [row.values for row in read_table(OneWay(raw), "x.parquet")] == [{"path": "a.wav"}]


def test_a_stream_that_only_goes_forward_is_kept_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(table_files, "SPOOL_BYTES", 10)
    with pytest.raises(TableUnreadableError, match="at most"):
        list(read_table(OneWay(parquet({"path": ["a.wav"]})), "x.parquet"))


def test_a_file_is_closed_even_if_nobody_reads_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "clips.csv"
    path.write_bytes(b"path\na.wav\nb.wav\n")

    next(iter(read_table(path)))

    path.unlink()


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(cells, min_size=1, max_size=4))
def test_json_lines_come_back_as_they_were_written(texts: list[str]) -> None:
    row = {f"c{number}": text for number, text in enumerate(texts)} | {"path": "x"}
    raw = json.dumps(row, ensure_ascii=False).encode() + b"\n"

    assert values(raw, "x.jsonl") == [row]


@given(st.lists(cells, min_size=2, max_size=4), st.sampled_from(",;\t"))
def test_quoted_csv_comes_back_as_it_was_written(texts: list[str], delimiter: str) -> None:
    header = [f"c{number}" for number in range(len(texts))]
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    raw = "\n".join([delimiter.join(header), delimiter.join(quoted), ""]).encode()

    expected = [dict(zip(header, texts, strict=True))] if any(t.strip() for t in texts) else []
    assert values(raw) == expected


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.jsonl", "x.parquet"]))
def test_any_bytes_are_read_or_refused_by_name(raw: bytes, name: str) -> None:
    with contextlib.suppress(TableUnreadableError):
        assert all(row.problem or row.values for row in rows(raw, name))
