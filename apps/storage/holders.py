"""Everything that can hold a clip: its bytes, what was made of them, its path, its hash.

Each room says what of its own holds something of clips, in a module `clip_holders.py` that is
loaded when the room is installed. Who has to take a clip out of everything walks `list_holders`;
who adds a table, a folder or a cache says there what of a clip may be in it, or that nothing can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.storage.blobs import open_blob
from apps.storage.errors import BlobMissingError
from apps.storage.models import Blob


class Held(StrEnum):
    """What of a clip is held, the most telling first."""

    BYTES = "bytes"
    # Sound, a picture or a print that was made of the bytes.
    DERIVED = "made of them"
    # The path or other texts of the clip.
    PATH = "path"
    # Hashes of the bytes or texts, from which neither can be had.
    HASH = "hash"


class Departure(StrEnum):
    """How what is held goes."""

    # `destroy_blob`: the bytes go, the row that says so stays.
    DESTROYED = "destroyed"
    # Rows or files are removed by whoever takes the clip out.
    FORGOTTEN = "forgotten"
    # By itself, after a time.
    EXPIRES = "expires"
    # Append-only, or no more than a hash: it is the record of what happened.
    STAYS = "stays"
    # Elsewhere: others have to be asked.
    ASKED_FOR = "asked for"


class Medium(StrEnum):
    """Where a place is to be looked for."""

    STORE = "store"  # a key of the blob storage
    DISK = "disk"  # a file or folder of this machine
    ROWS = "rows"  # a table and the ids of its rows
    CACHE = "cache"  # a key of the cache
    OUTSIDE = "outside"  # an address of somebody else's


@dataclass(frozen=True, slots=True)
class Holding:
    """One place where something of a clip is; `is_certain` is False where it only may be.

    Some places keep bytes on their way without saying of which clip.
    """

    medium: Medium
    where: str
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class ClipTrace:
    """By what a clip is looked for: every form its bytes had here, and every path.

    `store` is the dataset's store. A blob whose bytes are destroyed is still a trace.
    """

    store: UUID
    clip_uid: UUID
    blobs: tuple[Blob, ...]
    paths: tuple[str, ...]

    @property
    def blob_ids(self) -> tuple[int, ...]:
        return tuple(blob.pk for blob in self.blobs)

    @property
    def sha256s(self) -> tuple[str, ...]:
        return tuple(blob.sha256 for blob in self.blobs)


Finder = Callable[[ClipTrace], Iterator[Holding]]


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that can hold a clip, and how what it holds is found and goes.

    `columns` are `app.Model.field`; `folders` patterns below `blobs`, `git` and `work`, with `*`
    for one name; `modules` those that write it where it is not a row.
    """

    name: str
    what: str
    held: Held
    departure: Departure
    # Who or what makes it go, in words.
    way: str
    find: Finder
    columns: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


_HOLDERS: dict[str, Holder] = {}
_CLIP_FREE: dict[str, str] = {}


def register_holder(holder: Holder) -> None:
    """Add a holder; called once, when its room is installed. Raises ValueError for a name twice."""
    if holder.name in _HOLDERS:
        raise ValueError(f"There are two holders of the name {holder.name!r}.")
    _HOLDERS[holder.name] = holder


def declare_clip_free(why: str, *names: str) -> None:
    """Say why these columns (`app.Model.field`) and modules never hold anything of a clip."""
    for name in names:
        if name in _CLIP_FREE:
            raise ValueError(f"{name} is declared twice to hold nothing of clips.")
        _CLIP_FREE[name] = why


def list_holders() -> list[Holder]:
    """Every holder of every installed room, in the order of what they hold and their names."""
    order = list(Held)
    return sorted(_HOLDERS.values(), key=lambda each: (order.index(each.held), each.name))


def list_clip_free() -> Mapping[str, str]:
    """Columns and modules that hold nothing of clips, each with the reason."""
    return dict(_CLIP_FREE)


def find_holdings(trace: ClipTrace) -> Iterator[tuple[Holder, Holding]]:
    """Every place that holds something of the clip, by holder."""
    for holder in list_holders():
        for holding in holder.find(trace):
            yield holder, holding


def list_row_holdings(rows: QuerySet[Any]) -> Iterator[Holding]:
    """One holding for all these rows of a table, none where there are none."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True).distinct())
    if ids:
        table = rows.model._meta.db_table
        yield Holding(Medium.ROWS, f"{table}: {', '.join(map(str, ids))}")


def list_blob_holdings(ids: Iterable[int | None]) -> Iterator[Holding]:
    """One holding for each of these blobs whose bytes were not destroyed."""
    for blob in Blob.objects.alive().filter(pk__in=list(filter(None, ids))).order_by("pk"):
        yield Holding(Medium.STORE, blob.key)


def list_rows_naming(
    rows: QuerySet[Any], columns: Iterable[str], words: Iterable[str]
) -> Iterator[Holding]:
    """The rows in whose JSON or text columns one of the words occurs, in part of a word too."""
    wanted = Q()
    written = _write_as_json(words)
    for number, column in enumerate(columns):
        rows = rows.annotate(**{f"text_{number}": Cast(column, TextField())})
        for word in written:
            wanted |= Q(**{f"text_{number}__contains": word})
    if wanted:
        for each in list_row_holdings(rows.filter(wanted)):
            yield Holding(each.medium, each.where, is_certain=False)


def list_blobs_naming(ids: Iterable[int | None], words: Iterable[str]) -> Iterator[Holding]:
    """Those of these blobs in whose text one of the words occurs; reads each of them whole.

    A blob whose bytes are missing may hold them: it is named without certainty.
    """
    written = [word.encode() for word in _write_as_json(words)]
    for blob in Blob.objects.alive().filter(pk__in=list(filter(None, ids))).order_by("pk"):
        try:
            with open_blob(blob) as stream:
                content = stream.read()
        except BlobMissingError:
            yield Holding(Medium.STORE, blob.key, is_certain=False)
            continue
        if any(word in content for word in written):
            yield Holding(Medium.STORE, blob.key)


def _write_as_json(words: Iterable[str]) -> list[str]:
    """Each word as it is, and as JSON writes it where only ASCII is allowed."""
    return sorted({form for word in words if word for form in (word, json.dumps(word)[1:-1])})


def list_passing_files(*patterns: str) -> Iterator[Holding]:
    """What is on its way in the work folder now: it does not say of which clip it is."""
    root = Path(settings.WORK_ROOT)
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        yield Holding(Medium.DISK, str(path), is_certain=False)


def find_nothing(trace: ClipTrace) -> Iterator[Holding]:
    """For what has no name to be found by: files without one, which their process alone sees."""
    yield from ()
