"""Pages of long lists by key: a page costs the same wherever it is, and never skips a row.

Each door has words of its own for the key's parameter, for limits and for a damaged key; what a
key is, and what lies behind it, is said here.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet

# Keys of rows and numbers in places are smaller, or no database takes them.
LARGEST = 1 << 63

M = TypeVar("M", bound=Model)


class KeyDamagedError(Exception):
    """The text is no key that was given out for this list."""


def encode_key(values: Sequence[Any]) -> str:
    """The key as text that may stand in an address."""
    return base64.urlsafe_b64encode(json.dumps(list(values), default=str).encode()).decode()


def decode_key(text: str) -> list[Any]:
    """The values of an encoded key, of whatever types they are; raises KeyDamagedError."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode()))
        # Half a character is JSON, and no text that a database takes.
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, binascii.Error, RecursionError) as problem:
        raise KeyDamagedError from problem
    if not isinstance(values, list):
        raise KeyDamagedError
    return values


def load_rows_after(
    rows: QuerySet[M, M], order: Sequence[str], after: str, limit: int
) -> tuple[list[M], str]:
    """At most `limit` rows behind the key `after`, and the key of the next page; "" for neither.

    `order` names fields that are never null and unique together, "-" before all or none of them.
    Costs one query that reads one row more than the page. Raises KeyDamagedError.
    """
    names = [name.removeprefix("-") for name in order]
    ordered = rows.order_by(*order)
    if after:
        key = _parse_key(rows.model, names, decode_key(after))
        side = "lt" if order[0].startswith("-") else "gt"
        ordered = ordered.filter(_filter_beyond(names, key, side))
    found = list(ordered[: limit + 1])
    page = found[:limit]
    if len(found) <= limit:
        return page, ""
    return page, encode_key([_read_value(page[-1], name) for name in names])


def _filter_beyond(names: Sequence[str], key: Sequence[Any], side: str) -> Q:
    """Lexicographic comparison, spelled out because SQL's row values sort NULL elsewhere."""
    condition = Q()
    for depth, name in enumerate(names):
        level = Q(**dict(zip(names[:depth], key[:depth], strict=True)))
        condition |= level & Q(**{f"{name}__{side}": key[depth]})
    return condition


def _parse_key(model: type[Model], names: Sequence[str], key: Sequence[Any]) -> list[Any]:
    if len(key) != len(names) or not all(isinstance(part, str | int | float) for part in key):
        raise KeyDamagedError
    try:
        values = [
            _settle_moment(_find_field(model, name).to_python(value))
            for name, value in zip(names, key, strict=True)
        ]
    except (ValidationError, TypeError, ValueError, OverflowError) as problem:
        raise KeyDamagedError from problem
    if any(value is None or _is_unheard_of(value) for value in values):
        raise KeyDamagedError
    return values


def _settle_moment(value: Any) -> Any:
    """A moment in UTC, and anything else as it is; raises OverflowError and ValueError."""
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("the moments of keys name their zone")
    return value.astimezone(UTC)


def _is_unheard_of(value: object) -> bool:
    """Whether no database takes the value."""
    if isinstance(value, str):
        return "\0" in value
    return isinstance(value, int) and abs(value) >= LARGEST


def _find_field(model: type[Model], name: str) -> Field[Any, Any]:
    if name == "pk":
        return model._meta.pk
    *through, last = name.split("__")
    for step in through:
        related = model._meta.get_field(step).related_model
        assert isinstance(related, type)
        model = related
    field = model._meta.get_field(last)
    if not isinstance(field, Field):
        raise FieldDoesNotExist(name)
    return field


def _read_value(row: Model, name: str) -> Any:
    value: Any = row
    for step in name.split("__"):
        value = getattr(value, step)
    return value
