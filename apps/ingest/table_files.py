"""Rows of CSV, JSONL and Parquet tables, as a stream."""

import csv
import json
import math
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path, PurePath
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from apps.ingest.paths import quote_text
from apps.ingest.row_readers import Problem, Row, RowError
from datasets_catalog.errors import InvalidError

LINE_BYTES = 4 * 1024 * 1024
SPOOL_BYTES = 1024 * 1024 * 1024
ROW_GROUP_BYTES = 512 * 1024 * 1024
BATCH_ROWS = 4096

DELIMITED_SUFFIXES = frozenset({".csv", ".tsv", ".tab", ".txt"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
PARQUET = frozenset({".parquet", ".pq"})
SUFFIXES = DELIMITED_SUFFIXES | JSON_LINES | PARQUET

_LONE_RETURN = re.compile(r"(?<=\r)(?!\n)")
_QUOTED_TEXT = re.compile(r'"[^"]*"')
_FOREIGN_STARTS = {
    b"PK\x03\x04": "a spreadsheet or zip file; save the sheet as CSV UTF-8",
    b"PAR1": "Parquet; name it .parquet",
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"\x1f\x8b": "compressed; unpack it first",
}


class TableUnreadableError(InvalidError):
    """The file as a whole is not a table Earmark reads; the message says where and what to do."""

    code = "ingest.table_unreadable"


class Table:
    """A table's rows, read once; `columns` are its header's (none for JSONL).

    Iterating raises `TableUnreadableError` where the file stops being readable.
    """

    def __init__(self, name: str, parts: Iterator[Any]) -> None:
        self.name = name
        self._parts = parts
        self.columns: tuple[str, ...] = next(parts)

    def __iter__(self) -> Iterator[Row]:
        return self._parts


def read_table(source: Path | BinaryIO, name: str | None = None) -> Table:
    """Open a CSV, JSONL or Parquet file, told apart by the ending of `name`.

    Rows are numbered as a spreadsheet numbers them: a CSV's header is row 1; so are the first line
    of JSONL and the first row of Parquet. Rows of blank cells are left out. Raises
    `TableUnreadableError`.
    """
    name = name or (source.name if isinstance(source, Path) else str(getattr(source, "name", "")))
    suffix = PurePath(name).suffix.lower()
    if suffix in DELIMITED_SUFFIXES:
        return Table(name, _read_delimited(source, name))
    if suffix in JSON_LINES:
        return Table(name, _read_json_lines(source, name))
    if suffix in PARQUET:
        return Table(name, _read_parquet(source, name))
    endings = ", ".join(sorted(SUFFIXES))
    raise TableUnreadableError(
        f"{quote_text(name)} is not a table Earmark reads; its name should end in one of"
        f" {endings}.",
        name=name,
    )


def _refuse_table(name: str, what: str, **detail: Any) -> NoReturn:
    raise TableUnreadableError(f"{name}: {what}.", name=name, **detail)


@contextmanager
def _open_binary(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as stream:
            yield stream
    else:
        yield source


def read_text_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """Decode UTF-8 line by line, so that a wrong byte can be named with its line.

    Raises TableUnreadableError.
    """
    position = 0
    number = 0
    while raw := stream.readline(LINE_BYTES + 1):
        number += 1
        end = position + len(raw)
        if number == 1:
            _refuse_foreign(raw, name)
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > LINE_BYTES:
            _refuse_table(name, f"line {number} is longer than {LINE_BYTES} bytes", line=number)
        if b"\0" in raw:
            _refuse_table(
                name, f"line {number} holds a zero byte, so this is not text", line=number
            )
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            _refuse_encoding(raw, error.start, name, number, end - len(raw))
        position = end
        yield line


def _refuse_foreign(raw: bytes, name: str) -> None:
    for start, what in _FOREIGN_STARTS.items():
        if raw.startswith(start):
            _refuse_table(name, f"this is {what}")


def _refuse_encoding(raw: bytes, at: int, name: str, line: int, position: int) -> NoReturn:
    byte = raw[at]
    around = quote_text(raw[max(0, at - 15) : at + 15].decode("cp1252", errors="replace"))
    _refuse_table(
        name,
        f"line {line}: byte 0x{byte:02X} at position {position + at} is not UTF-8"
        f" (in Windows-1252 the place reads {around}); save the file as UTF-8",
        line=line,
        byte=byte,
        position=position + at,
    )


def _read_delimited(source: Path | BinaryIO, name: str) -> Iterator[Any]:
    with _open_binary(source) as stream:
        lines = _split_lone_returns(read_text_lines(stream, name))
        blank = 0
        first = next(lines, "")
        while first and not first.strip():
            blank += 1
            first = next(lines, "")
        if not first:
            _refuse_table(name, "the file is empty; its first row should name the columns")
        cells = _read_csv_rows(chain([first], lines), _detect_delimiter(first), name)
        header = tuple(cell.strip() for cell in next(cells))
        _refuse_repeated(header, name)
        yield tuple(column for column in header if column)
        yield from _build_delimited_rows(header, cells, blank + 2)


def _split_lone_returns(lines: Iterator[str]) -> Iterator[str]:
    """Cut at lone carriage returns too: spreadsheets on old Macs end rows with them."""
    for line in lines:
        if "\r" in line[:-2]:
            yield from filter(None, _LONE_RETURN.split(line))
        else:
            yield line


def _detect_delimiter(header: str) -> str:
    """Take the mark that the header has most of outside quotes, the comma where they tie."""
    bare = _QUOTED_TEXT.sub("", header)
    return max(",;\t", key=bare.count)


def _read_csv_rows(lines: Iterator[str], delimiter: str, name: str) -> Iterator[list[str]]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            _refuse_table(
                name,
                f"row {number} (line {reader.line_num}): its quotes do not match ({error})",
                row=number,
                line=reader.line_num,
            )
        if cells is None:
            return
        yield cells


def _refuse_repeated(header: tuple[str, ...], name: str) -> None:
    named = [column for column in header if column]
    repeated = sorted({column for column in named if named.count(column) > 1})
    if not named:
        _refuse_table(name, "the first row names no column")
    if repeated:
        _refuse_table(
            name, f"the first row names {', '.join(map(quote_text, repeated))} more than once"
        )


def _build_delimited_rows(
    header: tuple[str, ...], rows: Iterator[list[str]], start: int
) -> Iterator[Row]:
    width = len(header)
    is_named = all(header)
    for number, cells in enumerate(rows, start=start):
        if len(cells) == width and is_named:
            row = Row(number, dict(zip(header, cells, strict=True)))
        else:
            row = _read_uneven_row(number, header, cells)
        if row.problem is not None or any(map(str.strip, row.values.values())):
            yield row


def _read_uneven_row(number: int, header: tuple[str, ...], cells: list[str]) -> Row:
    """Read a row that has blank cells beyond the header, or cells under no name; refuse others."""
    width = len(header)
    padded = header + ("",) * (len(cells) - width)
    is_blank = not any(cell.strip() for cell in cells)
    has_stray = any(cell.strip() for column, cell in zip(padded, cells, strict=False) if not column)
    if not is_blank and (len(cells) < width or has_stray):
        found = f"{len(cells)} cells"
        expected = f"{width} cells, as in the first row (is a delimiter or a quote missing?)"
        if len(cells) <= width and has_stray:
            expected = "nothing in a column to which the first row gives no name"
        return Row(number, {}, RowError(number, "", found, expected, Problem.ROW_RAGGED))
    return Row(
        number, {column: cell for column, cell in zip(padded, cells, strict=False) if column}
    )


def _read_json_lines(source: Path | BinaryIO, name: str) -> Iterator[Any]:
    yield ()
    with _open_binary(source) as stream:
        for number, line in enumerate(read_text_lines(stream, name), start=1):
            if line.strip():
                yield _parse_json_row(number, line)


def _parse_json_row(number: int, line: str) -> Row:
    try:
        values = json.loads(
            line, object_pairs_hook=_refuse_repeated_keys, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        expected = f"one JSON object on one line ({error})"
    else:
        if isinstance(values, dict):
            return Row(number, values)
        expected = "one JSON object on one line"
    problem = RowError(number, "", quote_text(line.strip()), expected, Problem.ROW_UNREADABLE)
    return Row(number, {}, problem)


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key is repeated")
    return values


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _read_parquet(source: Path | BinaryIO, name: str) -> Iterator[Any]:
    with _open_binary(source) as stream, _make_seekable(stream, name) as file:
        try:
            parquet = pq.ParquetFile(file)
            columns = tuple(parquet.schema_arrow.names)
            _refuse_parquet(parquet, columns, name)
            yield columns
            yield from _read_parquet_rows(parquet)
        except (pa.ArrowException, OSError, ValueError) as error:
            _refuse_table(name, f"not a sound Parquet file ({str(error).splitlines()[0]})")


@contextmanager
def _make_seekable(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """Parquet is read from its end, so a stream that only goes forward is kept in a file first."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as file:
        shutil.copyfileobj(_CappedStream(stream, name), file)
        file.seek(0)
        yield file


class _CappedStream:
    """Reads a stream up to `SPOOL_BYTES`."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._left = SPOOL_BYTES

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(size)
        self._left -= len(part)
        if self._left < 0:
            _refuse_table(self._name, f"a table may have {SPOOL_BYTES} bytes at most")
        return part


def _refuse_parquet(parquet: Any, columns: tuple[str, ...], name: str) -> None:
    _refuse_repeated(columns, name)
    metadata = parquet.metadata
    largest = max(
        (metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)), default=0
    )
    if largest > ROW_GROUP_BYTES:
        _refuse_table(
            name,
            f"a row group of {largest} bytes is too large for a table of text;"
            " leave the audio out and write smaller row groups",
        )


def _read_parquet_rows(parquet: Any) -> Iterator[Row]:
    number = 0
    for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
        for values in _cut_to_microseconds(batch).to_pylist():
            number += 1
            if not _is_blank(values.values()):
                yield Row(number, values)


def _cut_to_microseconds(batch: Any) -> Any:
    """Cut times to microseconds: Python has no finer ones."""
    fields = [
        field.with_type(pa.timestamp("us", tz=field.type.tz))
        if pa.types.is_timestamp(field.type)
        else field
        for field in batch.schema
    ]
    return batch.cast(pa.schema(fields), safe=False)


def _is_blank(values: Iterable[Any]) -> bool:
    return all(v is None or v == "" or (isinstance(v, float) and math.isnan(v)) for v in values)
