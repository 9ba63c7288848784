"""What publishing needs to know of a release, and nothing else of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

import pyarrow as pa

Batches = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class TableFile:
    """One of the release's own tables, as readers get it."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """A published release as readable things.

    `clips` and `events` open the release's tables anew at each call, sorted by `path` in
    code-point order; `open_blob` takes a clip's md5. `licences` maps each SPDX identifier or
    `LicenseRef-…` in use to its text. `facts` holds what is known for the RAI description,
    under its property names; what is not there is not claimed.
    """

    organisation: str
    name: str
    title: str
    description: str
    vertical: str
    version: str
    root: str
    published_on: date
    licence: str
    purposes: tuple[str, ...]
    gated: bool
    creators: tuple[str, ...]
    clips: Batches
    events: Batches
    clips_table: TableFile
    events_table: TableFile
    open_blob: Callable[[str], IO[bytes]]
    licences: Mapping[str, str] = field(default_factory=dict)
    attribution: bytes = b""
    statistics: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.organisation}/{self.name}"

    @property
    def tag(self) -> str:
        return f"v{self.version}"
