"""Questions about the tables of one version, answered from its Parquet by DuckDB.

Every connection sees the named files and nothing else, takes at most 256 MB of memory (the rest
spills to the work folder) and two threads. Callers give values and column names, never SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
from django.conf import settings

from apps.storage.errors import RowInvalidError
from apps.storage.parquet_tables import CLIPS, ClipRow, find_lacking_fields

MEMORY = "256MB"
THREADS = 2


@contextmanager
def open_tables(**files: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open Parquet files as views of the given names; what an older table lacks is null in it."""
    spill = Path(settings.WORK_ROOT) / "duckdb"
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": THREADS,
        "memory_limit": MEMORY,
        "temp_directory": str(spill),
    }
    with duckdb.connect(":memory:", config=config) as connection:
        for name, path in files.items():
            _fill_missing_columns(connection.read_parquet(str(path))).create_view(name)
        connection.execute("SET allowed_paths = ?", [[str(path) for path in files.values()]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


def count_facets(
    clips: Path, columns: Sequence[str], *, limit: int = 50
) -> dict[str, list[tuple[object, int]]]:
    """Count the values of each column, most frequent first, `limit` values at most.

    Raises RowInvalidError for a column the table does not have.
    """
    with open_tables(clips=clips) as connection:
        return {
            column: connection.execute(
                f"SELECT {_check_column(column)}, count(*) FROM clips GROUP BY 1"  # noqa: S608 - a checked name
                " ORDER BY 2 DESC, 1 LIMIT ?",
                [limit],
            ).fetchall()
            for column in columns
        }


def read_page_of_clips(
    clips: Path, *, where: Mapping[str, object], after: str = "", limit: int = 50
) -> list[ClipRow]:
    """Answer the clips after a path, in order, whose columns equal the given values.

    Raises RowInvalidError for a column the table does not have.
    """
    tests = " ".join(f"AND {_check_column(column)} IS NOT DISTINCT FROM ?" for column in where)
    names = ", ".join(map(_check_column, CLIPS.names))
    query = f"SELECT {names} FROM clips WHERE path > ? {tests} ORDER BY path LIMIT ?"  # noqa: S608 - checked names
    with open_tables(clips=clips) as connection:
        rows = connection.execute(query, [after, *where.values(), limit]).fetchall()
    return [dict(zip(CLIPS.names, row, strict=True)) for row in rows]


# What a null is of, in DuckDB's words.
_SQL_TYPES = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
}


def _fill_missing_columns(table: duckdb.DuckDBPyRelation) -> duckdb.DuckDBPyRelation:
    nulls = [
        f'CAST(NULL AS {_SQL_TYPES[str(field.type)]}) AS "{field.name}"'
        for field in find_lacking_fields(table.columns)
    ]
    return table.project(", ".join(["*", *nulls]))


def _check_column(column: str) -> str:
    if column not in CLIPS.names:
        raise RowInvalidError(
            f"There is no column {column!r}; choose one of {', '.join(CLIPS.names)}.",
            column=column,
        )
    return f'"{column}"'
