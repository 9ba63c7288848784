"""The Merkle leaves of released clips: one row at a time for proof, or many columns at once."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from apps.storage.parquet_tables import CLIPS, ClipRow
from datasets_catalog.canonical import SAFE_INTEGER, to_canonical_json
from datasets_catalog.clip_columns import FIRST_CLIP_COLUMNS, IN_LEAF, NOT_IN_METADATA
from datasets_catalog.manifest import hash_leaf
from datasets_catalog.released_rows import build_clip_row


def compute_leaf(row: ClipRow) -> bytes:
    """The Merkle leaf of a row of clips.parquet; any reader can compute it again."""
    return build_clip_row(row).leaf()


def compute_leaves(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """What `compute_leaf` answers, in hexadecimal, for each row of columns of equal length.

    Writes the canonical JSON by filling a form, column by column: some six times as fast.
    """
    metadata = [
        hashlib.sha256(text.encode()).hexdigest() for text in _fill_form(_METADATA_FORM, columns)
    ]
    known = {**columns, "metadata_sha256": metadata}
    return [hash_leaf(text.encode()).hex() for text in _fill_form(_LEAF_FORM, known)]


@dataclass(frozen=True, slots=True)
class _Form:
    """A JSON object as a format string over columns, in the order of its members.

    `optional` are members that are left out where they are null: their place in the string is
    empty then, else it holds name, value and comma, as the pair around the value says.
    """

    text: str
    columns: tuple[str, ...]
    optional: Mapping[str, tuple[str, str]]


def _build_form(
    columns: Mapping[str, str], *, optional: Collection[str] = (), **constants: str
) -> _Form:
    """`columns` maps the members of the object to the columns that they hold."""
    members = dict.fromkeys(columns, "%s") | {
        member: encode_basestring(text) for member, text in constants.items()
    }
    order = sorted(members)
    last = max(member for member in order if member not in optional)
    parts, around = [], {}
    for member in order:
        name = f"{encode_basestring(member)}:"
        if member in optional:
            around[columns[member]] = (name, ",") if member < last else (f",{name}", "")
            parts.append(members[member])
        else:
            parts.append(name + members[member] + ("," if member != last else ""))
    named = tuple(columns[member] for member in order if member in columns)
    return _Form(f"{{{''.join(parts)}}}", named, around)


_METADATA_FORM = _build_form(
    {name: name for name in CLIPS.names if name not in NOT_IN_METADATA},
    optional=frozenset(CLIPS.names) - FIRST_CLIP_COLUMNS - NOT_IN_METADATA,
)
_LEAF_FORM = _build_form(
    {"audio_sha256": "sha256", "metadata_sha256": "metadata_sha256"}
    | {name: name for name in IN_LEAF if name != "sha256"},
    kind="clip/1",
)


def _fill_form(form: _Form, columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    encoded = [_encode_column(columns[name], form.optional.get(name)) for name in form.columns]
    return (form.text % row for row in zip(*encoded, strict=True))


def _encode_column(values: Sequence[Any], around: tuple[str, str] | None) -> Iterable[str]:
    # Most columns repeat one value all the way down.
    if values and values.count(values[0]) == len(values):
        return _encode_texts(values[:1], around) * len(values)
    return _encode_texts(values, around)


def _encode_texts(values: Sequence[Any], around: tuple[str, str] | None) -> list[str]:
    if around is None:
        return [_TEXT[type(value)](value) for value in values]
    before, after = around
    return [
        "" if value is None else f"{before}{_TEXT[type(value)](value)}{after}" for value in values
    ]


@lru_cache(maxsize=4096, typed=True)
def _encode_number(value: float) -> str:
    return to_canonical_json(value).decode()


def _encode_integer(value: int) -> str:
    return str(value) if abs(value) <= SAFE_INTEGER else _encode_number(value)


_CONSTANTS = {None: "null", True: "true", False: "false"}
_TEXT: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    bool: _CONSTANTS.__getitem__,
    type(None): _CONSTANTS.__getitem__,
    int: _encode_integer,
    float: _encode_number,
}
