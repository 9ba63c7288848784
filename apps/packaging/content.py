"""What publishing needs to know of a release, and nothing else of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa

from datasets_catalog.card_facts import CardFacts

Batches = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class ReleasedClip:
    """A clip as the release's table has it; `sha256` and `md5` are those of its bytes."""

    clip_id: str
    path: str
    sha256: str
    md5: str


@dataclass(frozen=True, slots=True)
class TableFile:
    """One of the release's own tables, as every door serves it; size in bytes.

    `columns` are those that it has, of whatever version it is.
    """

    name: str
    md5: str
    sha256: str
    size: int
    columns: frozenset[str]
    open: Callable[[], IO[bytes]]

    @property
    def hub_path(self) -> str:
        return f"tables/{self.name}"


@dataclass(frozen=True, slots=True)
class LicenceText:
    """A licence in use: `id` is an SPDX identifier or `LicenseRef-…`, `url` may be empty."""

    id: str
    title: str
    url: str
    text: str

    @property
    def hub_path(self) -> str:
        return f"LICENSES/{re.sub(r'[^A-Za-z0-9.+-]', '-', self.id)}.txt"


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """A release as readable things.

    `clips` and `events` open the release's tables anew at each call, sorted by `path` in
    code-point order; `open_blob` takes a clip's md5. `card` holds what the release says of itself.
    """

    card: CardFacts
    clips: Batches
    events: Batches
    clips_table: TableFile
    events_table: TableFile
    open_blob: Callable[[str], IO[bytes]]
    licences: tuple[LicenceText, ...]
    attribution: bytes

    @property
    def name(self) -> str:
        return self.card.full_name.rpartition("/")[2]

    @property
    def full_name(self) -> str:
        return self.card.full_name

    @property
    def version(self) -> str:
        return self.card.version

    @property
    def root(self) -> str:
        return self.card.root

    @property
    def tag(self) -> str:
        return f"v{self.version}"
