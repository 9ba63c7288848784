"""Frozen dataclasses as plain JSON values and back, by the types of their fields.

Fields may hold text, numbers, flags, dates, enums, other dataclasses, tuples, sets and mappings of
these, and None. A field that is missing takes its default, so that what was kept before a field was
added can still be read.
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


def to_plain(value: object) -> Any:
    """Return what JSON can hold of a value. Raises TypeError for what it cannot."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum | date):
        return value.value if isinstance(value, Enum) else value.isoformat()
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        parts = [to_plain(each) for each in value]
        return sorted(parts) if isinstance(value, frozenset) else parts
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[Value], value: Any) -> Value:
    """Return the dataclass of which `to_plain` gave this value."""
    found: Value = _read_value(kind, value)
    return found


def _read_value(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return None if value is None else _read_value(_pick_type(inner), value)
    if origin in {tuple, frozenset}:
        return origin(_read_value(inner[0], each) for each in value)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return {
            _read_value(inner[0], key): _read_value(inner[1], each) for key, each in value.items()
        }
    if isinstance(kind, type):
        return _read_class(kind, value)
    return value


def _read_class(kind: type, value: Any) -> Any:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(
            **{
                each.name: _read_value(hints[each.name], value[each.name])
                for each in fields(kind)
                if each.name in value
                or (each.default is MISSING and each.default_factory is MISSING)
            }
        )
    if issubclass(kind, Enum):
        return kind(value)
    return date.fromisoformat(value) if kind is date else value


def _pick_type(inner: tuple[Any, ...]) -> Any:
    """Of a union the part that says most: what is not None, a class before text."""
    parts = [part for part in inner if part is not type(None)]
    return parts[0]
