"""Which columns a table may and must have."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from apps.ingest.row_readers import Problem, Row, RowError, RowErrors
from apps.ingest.table_files import Table

HEADER_ROW = 1


def check_rows(
    table: Table, *, allowed: Collection[str], required: Collection[str], errors: RowErrors
) -> Iterator[Row]:
    """Pass the rows on, noting each unknown column once, where it is first seen.

    A table whose header lacks a required column gives that error and no rows.
    """
    known = frozenset(allowed)
    reported: set[str] = set()

    def note_unknown(number: int, columns: Collection[str]) -> None:
        for column in columns:
            if column not in known and column not in reported:
                reported.add(column)
                errors.add(build_unknown_column_error(number, column, allowed))

    note_unknown(HEADER_ROW, table.columns)
    missing = [column for column in required if table.columns and column not in table.columns]
    for column in missing:
        errors.add(
            RowError(HEADER_ROW, column, "", "this column in the first row", Problem.COLUMN_MISSING)
        )
    if missing:
        return
    for row in table:
        if not table.columns and not known.issuperset(row.values):
            note_unknown(row.number, row.values.keys())
        yield row


def build_unknown_column_error(number: int, column: str, allowed: Collection[str]) -> RowError:
    near = get_close_matches(column.lower(), list(allowed), n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    expected = f"one of the columns {', '.join(allowed)}{hint}"
    return RowError(number, column, "", expected, Problem.COLUMN_UNKNOWN)
