"""The Merkle leaves of released clips: one row at a time for proof, or many columns at once."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from apps.storage.tables import CLIPS, ClipRow
from datasets_catalog.canonical import SAFE_INTEGER, canonical_json
from datasets_catalog.manifest import leaf_hash
from datasets_catalog.released_rows import IN_LEAF, NOT_HASHED, clip_row


def leaf_of(row: ClipRow) -> bytes:
    """The Merkle leaf of a row of clips.parquet; any reader can compute it again."""
    return clip_row(row).leaf()


def leaves_of(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    """What `leaf_of` answers, in hexadecimal, for each row of columns of equal length.

    Writes the canonical JSON by filling a form, column by column: some six times as fast.
    """
    metadata = [
        hashlib.sha256(text.encode()).hexdigest() for text in _filled(_METADATA_FORM, columns)
    ]
    known = {**columns, "metadata_sha256": metadata}
    return [leaf_hash(text.encode()).hex() for text in _filled(_LEAF_FORM, known)]


_Form = tuple[str, tuple[str, ...]]


def _form(columns: Mapping[str, str], **constants: str) -> _Form:
    """A JSON object as a format string; `columns` maps its members to the columns they hold."""
    members = dict.fromkeys(columns, "%s") | {
        member: encode_basestring(text) for member, text in constants.items()
    }
    order = sorted(members)
    body = ",".join(f"{encode_basestring(member)}:{members[member]}" for member in order)
    return f"{{{body}}}", tuple(columns[member] for member in order if member in columns)


_METADATA_FORM = _form({name: name for name in CLIPS.names if name not in NOT_HASHED})
_LEAF_FORM = _form(
    {"audio_sha256": "sha256", "metadata_sha256": "metadata_sha256"}
    | {name: name for name in IN_LEAF if name != "sha256"},
    kind="clip/1",
)


def _filled(form: _Form, columns: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    text, names = form
    encoded = [_encoded(columns[name]) for name in names]
    return (text % row for row in zip(*encoded, strict=True))


def _encoded(values: Sequence[Any]) -> Iterable[str]:
    # Most columns repeat one value all the way down.
    if values and values.count(values[0]) == len(values):
        return [_TEXT[type(values[0])](values[0])] * len(values)
    return [_TEXT[type(value)](value) for value in values]


@lru_cache(maxsize=4096, typed=True)
def _number(value: float) -> str:
    return canonical_json(value).decode()


def _count(value: int) -> str:
    return str(value) if abs(value) <= SAFE_INTEGER else _number(value)


_CONSTANTS = {None: "null", True: "true", False: "false"}
_TEXT: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    bool: _CONSTANTS.__getitem__,
    type(None): _CONSTANTS.__getitem__,
    int: _count,
    float: _number,
}
