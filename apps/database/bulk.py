"""Many rows at once: COPY on PostgreSQL, one prepared statement elsewhere."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from django.db import connection, models

CHUNK = 2000
Convert = Callable[[Any], Any]


def insert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows, each with the values of `columns` in that order; foreign keys by their id.

    Nothing is filled in and no instance is made: name every column that has no database default.
    About eight times as fast as `bulk_create` for wide rows.
    """
    names = ", ".join(_quote_name(column.column) for column in _find_fields(model, columns))
    table = _quote_name(model._meta.db_table)
    prepared = _convert_rows(model, columns, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Django wraps the errors of `execute` alone.
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy,
            ):
                for row in prepared:
                    copy.write_row(row)
            return
        marks = ", ".join(["%s"] * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  (names of ours)
        while chunk := list(islice(prepared, CHUNK)):
            cursor.executemany(statement, chunk)


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Update rows by id: each has the values of `columns` in that order, and its id last."""
    names = ", ".join(
        f"{_quote_name(column.column)} = %s" for column in _find_fields(model, columns)
    )
    key = _quote_name(_find_fields(model, ["id"])[0].column)
    table = _quote_name(model._meta.db_table)
    statement = f"UPDATE {table} SET {names} WHERE {key} = %s"  # noqa: S608  (names of ours)
    prepared = _convert_rows(model, [*columns, "id"], rows)
    with connection.cursor() as cursor:
        while chunk := list(islice(prepared, CHUNK)):
            cursor.executemany(statement, chunk)


def _find_fields(model: type[models.Model], columns: Sequence[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in columns]


def _convert_rows(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    kinds = (field.get_internal_type() for field in _find_fields(model, columns))
    converted = [(at, _CONVERT[kind]) for at, kind in enumerate(kinds) if kind in _CONVERT]
    for row in rows:
        values = list(row)
        for at, convert in converted:
            values[at] = convert(values[at])
        yield values


def _quote_name(name: str) -> str:
    return connection.ops.quote_name(name)


@lru_cache(maxsize=16)
def _convert_moment(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


_CONVERT: dict[str, Convert] = {
    "UUIDField": lambda value: value if connection.features.has_native_uuid_field else value.hex,
    "DateTimeField": _convert_moment,
    "JSONField": json.dumps,
}
