"""What is said of a column of a released table, in one place from which everything else follows.

The tables themselves are in `clip_columns` and `event_columns`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    JSON = "JSON text"
    FLAG = "true or false"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT64 = "float64"


class HashPlace(StrEnum):
    """Where a column of clips stands under the root."""

    LEAF = "leaf"
    METADATA = "metadata"
    # Follows from others, so that hashing it would say nothing more.
    NOT = "not"


class Form(StrEnum):
    """How a cell of an imported table is read (apps/ingest/cell_readers.py)."""

    PATH = "path"
    LICENCE = "licence"
    TITLE = "title"
    NAME = "name"
    URL = "url"
    CODES = "codes"
    COARSE_DATE = "coarse_date"
    SPLIT = "split"
    FLAG = "flag"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of clips.parquet or events.parquet.

    `source` is where its value comes from: the row of the draft, in the words of the ORM; a column
    without one is computed when a release is frozen. `said` is what the clip table calls for under
    the same name, read as `form` says; what has none cannot be said there. `unscanned` is why a
    text is not looked at for personal data: every other text is.

    A column that came after the first version (`since` > 1) is nullable, and null where nothing was
    said: rows of releases that lack it are then rows that have nothing in it.
    """

    name: str
    kind: Kind
    title: str
    description: str
    unit: str = ""
    nullable: bool = False
    source: str = ""
    said: str = ""
    form: Form | None = None
    unscanned: str = ""
    filterable: bool = False
    hashed: HashPlace = HashPlace.METADATA
    since: int = 1
    # Nearly every cell is another one: a dictionary of them would only cost room.
    distinct: bool = False

    @property
    def is_text(self) -> bool:
        return self.kind in {Kind.TEXT, Kind.JSON}

    @property
    def is_flag(self) -> bool:
        return self.kind is Kind.FLAG

    @property
    def is_scanned(self) -> bool:
        return self.is_text and not self.unscanned

    @property
    def is_later(self) -> bool:
        """Added after the first version: left out of hashes where it is null."""
        return self.since > 1

    @property
    def is_null_where_empty(self) -> bool:
        """Whether an empty text, or a flag that is not set, is null in a released row."""
        return self.nullable and (self.is_text or self.is_flag)


def name_first_columns(columns: Sequence[Column]) -> frozenset[str]:
    """The names of the first version's columns: hashes leave out any other where it is null."""
    return frozenset(column.name for column in columns if not column.is_later)


def find_table_version(columns: Sequence[Column]) -> int:
    """The version of the table: that of its newest column."""
    return max(column.since for column in columns)
