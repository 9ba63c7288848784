"""Rows of a table on their way to typed lines, with what was wrong in them collected by row."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from apps.ingest.paths import quote_text

KEPT_ERRORS = 1000
KNOWN_CELLS = 5000

T = TypeVar("T")


class Problem(StrEnum):
    """What can be wrong with one row; the code a program sees."""

    COLUMN_MISSING = "ingest.column_missing"
    COLUMN_UNKNOWN = "ingest.column_unknown"
    ROW_RAGGED = "ingest.row_ragged"
    ROW_UNREADABLE = "ingest.row_unreadable"
    VALUE_MISSING = "ingest.value_missing"
    VALUE_INVALID = "ingest.value_invalid"
    PATH_INVALID = "ingest.path_invalid"
    PATH_DUPLICATE = "ingest.path_duplicate"
    LICENCE_UNKNOWN = "ingest.licence_unknown"
    FIELD_INVALID = "ingest.field_invalid"
    CONSENT_CONFLICT = "ingest.consent_conflict"
    CLIP_UNKNOWN = "ingest.clip_unknown"
    CLIP_AMBIGUOUS = "ingest.clip_ambiguous"
    TERM_UNFIT = "ingest.term_unfit"
    LABEL_CONFLICT = "ingest.label_conflict"


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number as a spreadsheet counts (a CSV's header is row 1) and its cells.

    Cells are text in CSV, and whatever the file's types say in JSONL and Parquet. `problem` is set
    instead of values where the row itself cannot be read.
    """

    number: int
    values: dict[str, Any]
    problem: "RowError | None" = None


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong in one row: where, what stood there (quoted), and what was expected.

    `source` names the file where several are read at once.
    """

    row: int
    column: str
    value: str
    expected: str
    code: Problem
    source: str = ""

    def sentence(self) -> str:
        where = f"{self.source}, row {self.row}" if self.source else f"row {self.row}"
        where += f", column {self.column}" if self.column else ""
        found = f"{self.value}, " if self.value else ""
        return f"{where}: {found}expected {self.expected}"


class RowErrors:
    """All errors of one reading: every one counted, the first `KEPT_ERRORS` kept with their row.

    `source` is put on each error added while it is set.
    """

    def __init__(self) -> None:
        self.source = ""
        self.total = 0
        self.kept: list[RowError] = []
        self.by_code: Counter[Problem] = Counter()

    def add(self, error: RowError) -> None:
        self.total += 1
        self.by_code[error.code] += 1
        if len(self.kept) < KEPT_ERRORS:
            self.kept.append(replace(error, source=error.source or self.source))

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[RowError]:
        return iter(self.kept)


class CellError(Exception):
    """One cell is not what its column holds; becomes a `RowError` of the row being read."""

    def __init__(self, expected: str, code: Problem = Problem.VALUE_INVALID) -> None:
        super().__init__(expected)
        self.expected = expected
        self.code = code


class KnownCells:
    """What text was read as before, by column: most columns repeat themselves all the way down."""

    def __init__(self) -> None:
        self._by_column: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def of(self, column: str) -> dict[str, Any]:
        return self._by_column[column]


class RowReader:
    """Reads the cells of one row, each by its kind, and notes what is wrong with them.

    A column is always read by the same kind.
    """

    __slots__ = ("_before", "_errors", "_known", "number", "values")

    def __init__(self, row: Row, errors: RowErrors, known: KnownCells) -> None:
        self.number = row.number
        self.values = row.values
        self._errors = errors
        self._known = known
        self._before = errors.total

    @property
    def is_clean(self) -> bool:
        return self._errors.total == self._before

    def cell(self, column: str) -> Any:
        """Return the cell, or None where it is absent, blank or not a number at all (NaN)."""
        value = self.values.get(column)
        if isinstance(value, str):
            return value.strip() or None
        return None if isinstance(value, float) and math.isnan(value) else value

    def read_optional(self, column: str, kind: Callable[[Any], T]) -> T | None:
        raw = self.values.get(column)
        if raw is None or raw == "":
            return None
        known = self._known.of(column)
        if isinstance(raw, str) and raw in known:
            found: T = known[raw]
            return found
        value = self.cell(column)
        if value is None:
            return None
        try:
            result = kind(value)
        except CellError as error:
            self.refuse(column, value, error.expected, error.code)
            return None
        if isinstance(raw, str) and len(known) < KNOWN_CELLS:
            known[raw] = result
        return result

    def read_required(self, column: str, kind: Callable[[Any], T]) -> T | None:
        """Return None only after an error was noted, so a clean row has the value."""
        if self.cell(column) is None:
            self.refuse(column, "", "a value", Problem.VALUE_MISSING)
            return None
        return self.read_optional(column, kind)

    def refuse(
        self, column: str, value: Any, expected: str, code: Problem = Problem.VALUE_INVALID
    ) -> None:
        found = "" if value == "" else quote_text(value if isinstance(value, str) else repr(value))
        self._errors.add(RowError(self.number, column, found, expected, code))


class Lines(Generic[T]):
    """The typed lines of a table, read once and as a stream; wrong rows are in `errors` instead.

    `errors` grows while the lines are read: look at it after the last one.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        parse: Callable[[RowReader], T | None],
        errors: RowErrors | None = None,
    ) -> None:
        self.errors = RowErrors() if errors is None else errors
        self._rows = rows
        self._parse = parse
        self._known = KnownCells()

    def __iter__(self) -> Iterator[T]:
        for row in self._rows:
            if row.problem is not None:
                self.errors.add(row.problem)
                continue
            line = self._parse(RowReader(row, self.errors, self._known))
            if line is not None:
                yield line


def build_row_readers(rows: Iterable[Row], errors: RowErrors) -> Iterator[RowReader]:
    """Read rows one by one where a row is not one line; unreadable rows go to `errors`."""
    return iter(Lines(rows, lambda row: row, errors))
