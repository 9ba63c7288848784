"""Taking over the rows that an earlier release has already, with new ones in their places."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from apps.releases.draft_rows import Batches
from apps.storage.parquet_tables import EVENTS, read_batches

READ_AT_ONCE = 4096


def read_released_rows(clips: Path, events: Path) -> Iterator[Batches]:
    """The rows of a release's tables, in order; events stand with their clips."""
    waiting = _Events(read_batches(events, rows=READ_AT_ONCE))
    for batch in read_batches(clips, rows=READ_AT_ONCE):
        yield Batches(batch, waiting.until(_find_last_path(batch)))


def drop_clips(rows: Iterable[Batches], clip_ids: Collection[str]) -> Iterator[Batches]:
    """The rows less those of some clips."""
    for clips, events in rows:
        gone = [clip_id for clip_id in clips["clip_id"].to_pylist() if clip_id in clip_ids]
        if gone:
            yield Batches(*(_drop_rows(batch, pa.array(gone)) for batch in (clips, events)))
        else:
            yield Batches(clips, events)


def merge_rows(left: Iterator[Batches], right: Iterator[Batches]) -> Iterator[Batches]:
    """The rows of two streams in one order. Holds one item of each in memory."""
    ours, theirs = _take_next_rows(left), _take_next_rows(right)
    while ours is not None and theirs is not None:
        boundary = min(_find_last_path(ours.clips), _find_last_path(theirs.clips))
        our_part, ours = _split_at_path(ours, boundary)
        their_part, theirs = _split_at_path(theirs, boundary)
        yield _sort_rows(our_part, their_part)
        ours = ours if ours.clips.num_rows else _take_next_rows(left)
        theirs = theirs if theirs.clips.num_rows else _take_next_rows(right)
    for rest, stream in ((ours, left), (theirs, right)):
        if rest is not None:
            yield rest
        yield from stream


class _Events:
    """A stream of events, taken path by path."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._waiting = pa.RecordBatch.from_pylist([], schema=EVENTS)

    def until(self, path: str) -> pa.RecordBatch:
        """Take all events up to and with a path."""
        parts = [self._waiting]
        while not parts[-1].num_rows or _find_last_path(parts[-1]) <= path:
            following = next(self._batches, None)
            if following is None:
                break
            parts.append(following)
        taken, self._waiting = _cut_batch(_join_batches(parts), path)
        return taken


def _take_next_rows(rows: Iterator[Batches]) -> Batches | None:
    """The next item that has clips."""
    return next((item for item in rows if item.clips.num_rows), None)


def _find_last_path(batch: pa.RecordBatch) -> str:
    return str(batch["path"][-1].as_py())


def _drop_rows(batch: pa.RecordBatch, clip_ids: pa.Array) -> pa.RecordBatch:
    return batch.filter(pc.invert(pc.is_in(batch["clip_id"], value_set=clip_ids)))


def _split_at_path(rows: Batches, path: str) -> tuple[Batches, Batches]:
    """What comes up to and with a path, and what comes after it."""
    (clips, later_clips), (events, later_events) = (_cut_batch(batch, path) for batch in rows)
    return Batches(clips, events), Batches(later_clips, later_events)


def _cut_batch(batch: pa.RecordBatch, path: str) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    count = pc.sum(pc.less_equal(batch["path"], path)).as_py() or 0
    return batch.slice(0, count), batch.slice(count)


def _sort_rows(left: Batches, right: Batches) -> Batches:
    clips = _sort_batches([left.clips, right.clips], "path")
    return Batches(clips, _sort_batches([left.events, right.events], "path", "onset", "event_id"))


def _sort_batches(batches: list[pa.RecordBatch], *columns: str) -> pa.RecordBatch:
    both = _join_batches([batch for batch in batches if batch.num_rows] or batches[:1])
    if not all(batch.num_rows for batch in batches):
        return both
    order = pc.sort_indices(both, sort_keys=[(name, "ascending") for name in columns])
    return both.take(order)


def _join_batches(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
