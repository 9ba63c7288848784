"""Queries of an unchanging shape, compiled once.

Django works out a query's SQL anew at every use, which for the questions that every download asks
costs many times what the database needs to answer them. Here only the values change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

M = TypeVar("M", bound=Model)
Value = int | str | datetime | None

# What a compiler knows of the columns once it has made the SQL.
_LEARNT_ATTRIBUTES = ("select", "klass_info", "annotation_col_map", "has_extra_select", "col_count")


class NotPreparedError(RuntimeError):
    """The query holds a value that is not among its parameters, such as the time of compiling."""


@dataclass(frozen=True, slots=True)
class _CompiledQuery:
    sql: str
    parameters: tuple[Any, ...]
    # Position in the parameters to the name of the value that belongs there.
    places: Mapping[int, str]
    query: Any
    learnt: Mapping[str, Any]
    converters: Mapping[int, Any]


class PreparedQuery(Generic[M]):
    """`build(**values)` gives a queryset that depends on nothing but its values.

    A moment in time is a value too. Values are numbers, texts, moments, or None, which makes a
    shape of its own.
    """

    def __init__(self, build: Callable[..., QuerySet[M]]) -> None:
        self._build = build
        self._compiled: dict[tuple[str, frozenset[str]], _CompiledQuery | None] = {}

    def rows(self, **values: Value) -> list[M]:
        """The instances, as the queryset itself would give them. One query, or none if empty."""
        connection = connections[DEFAULT_DB_ALIAS]
        shape = (connection.vendor, frozenset(n for n, value in values.items() if value is None))
        if shape not in self._compiled:
            self._compiled[shape] = self._compile(values)
        compiled = self._compiled[shape]
        if compiled is None:
            return []
        parameters = list(compiled.parameters)
        for place, name in compiled.places.items():
            # PostgreSQL's numbers have a type of their own, a kind of int.
            kind, value = type(parameters[place]), _adapt_value(values[name])
            parameters[place] = kind(value) if isinstance(value, int) else value
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, parameters)
            found = cursor.fetchall()
        return list(ModelIterable(_FoundRows(compiled, found)))  # type: ignore[arg-type]

    def _compile(self, values: Mapping[str, Value]) -> _CompiledQuery | None:
        """Compile twice with different marks: whatever else differs was not told to us."""
        marks = [
            {
                name: _make_mark(value, n, turn)
                for n, (name, value) in enumerate(sorted(values.items()))
            }
            for turn in (0, 1)
        ]
        first, second = (self._compile_with(marked) for marked in marks)
        if first is None or second is None:
            return None
        for at, (one, other) in enumerate(zip(first.parameters, second.parameters, strict=True)):
            if at not in first.places and one != other:
                raise NotPreparedError(f"{first.sql}: parameter {at} changes by itself ({one!r}).")
        if first.sql != second.sql or first.places != second.places:
            raise NotPreparedError(f"{first.sql} depends on its values.")
        return first

    def _compile_with(self, marked: Mapping[str, Value]) -> _CompiledQuery | None:
        queryset = self._build(**marked)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        named = {_adapt_value(mark): name for name, mark in marked.items() if mark is not None}
        places = {
            at: named[p]
            for at, p in enumerate(parameters)
            if isinstance(p, int | str | datetime) and p in named
        }
        learnt = {name: getattr(compiler, name) for name in _LEARNT_ATTRIBUTES}
        columns = [column for column, *_ in compiler.select[: compiler.col_count]]
        converters = compiler.get_converters(columns)
        return _CompiledQuery(sql, tuple(parameters), places, queryset.query, learnt, converters)


class _FoundRows:
    """Rows that are there already, in the shape that `ModelIterable` reads."""

    def __init__(self, compiled: _CompiledQuery, rows: list[tuple[Any, ...]]) -> None:
        self.db = DEFAULT_DB_ALIAS
        self.query = self
        self._known_related_objects: dict[Any, Any] = {}
        self._compiled = compiled
        self._rows = rows

    def get_compiler(self, using: str) -> Any:
        compiler = self._compiled.query.get_compiler(using)
        vars(compiler).update(self._compiled.learnt)
        compiler.execute_sql = lambda *_, **__: [self._rows]
        compiler.get_converters = lambda _: self._compiled.converters
        return compiler


def _make_mark(value: Value, number: int, turn: int) -> Value:
    """Something that no query would hold by itself."""
    if value is None:
        return None
    if isinstance(value, int):
        return 4_611_686_018_427_000_000 + 1000 * turn + number
    if isinstance(value, str):
        return f"prepared mark {turn} {number}"
    return datetime(9000, 1, 1, tzinfo=UTC) + timedelta(days=1000 * turn + number)


def _adapt_value(value: Value) -> Any:
    if isinstance(value, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(value)
    return value
