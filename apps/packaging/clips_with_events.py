"""The release's two tables as one stream: each clip with its events."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from apps.packaging.content import ReleaseContent
from apps.packaging.errors import ContentDamagedError

Row = dict[str, Any]


def read_clips_with_events(content: ReleaseContent, split: str | None) -> Iterator[Row]:
    """Yield the clips of one split in path order, each with its events by onset."""
    events = EventsByPath(content)
    for batch in content.clips():
        for row in _select_split(batch, split).to_pylist():
            row["events"] = events.of(row["path"], row["clip_id"])
            yield row


def _select_split(batch: pa.RecordBatch, split: str | None) -> pa.RecordBatch:
    column = batch.column("split")
    return batch.filter(pc.is_null(column) if split is None else pc.equal(column, split))


class EventsByPath:
    """Walks the events beside the clips; both are sorted by path, so each is read once."""

    def __init__(self, content: ReleaseContent) -> None:
        self._rows = _read_event_rows(content)
        self._next: Row | None = next(self._rows, None)
        self._last = ""

    def of(self, path: str, clip_id: str) -> list[Row]:
        if path < self._last:
            raise ContentDamagedError(
                f"The clip table is not sorted: {path} comes after {self._last}.", path=path
            )
        self._last = path
        while self._next is not None and self._next["path"] < path:
            self._next = next(self._rows, None)
        found: list[Row] = []
        while self._next is not None and self._next["path"] == path:
            if self._next["clip_id"] != clip_id:
                raise ContentDamagedError(
                    f"An event of {path} names another clip than the clip table does.", path=path
                )
            found.append(self._next)
            self._next = next(self._rows, None)
        return sorted(found, key=lambda e: (e["onset"], e["offset"], e["label"], e["event_id"]))


def _read_event_rows(content: ReleaseContent) -> Iterator[Row]:
    for batch in content.events():
        yield from batch.to_pylist()
