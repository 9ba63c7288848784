"""The two tables of a version, as Parquet: `clips.parquet` and `events.parquet`.

The same rows give the same bytes: order is checked, row groups are cut by count, and nothing in
the file depends on time or place. Only the Parquet library's own version, which it writes into
the footer, can change them. Both directions run in memory bounded by one row group.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.storage.errors import RowInvalidError, UnsortedError

ROWS_PER_GROUP = 16_384
BYTES_PER_PAGE = 128 * 1024
# Higher levels are slower and, on columns of hashes, no smaller.
ZSTD_LEVEL = 1


class ClipRow(TypedDict):
    """One clip; `path` is relative to `data/audio/`, hashes are hex, `duration` in seconds.

    `sample_rate` in hertz, `size` in bytes, `recorded_at` an ISO date that may be coarse,
    `fields` JSON, `contributors` how many people are in it.
    """

    clip_id: str
    path: str
    md5: str
    sha256: str
    size: int
    media_type: str
    codec: str
    sample_rate: int
    channels: int
    frames: int
    duration: float
    has_video: bool
    recording: str | None
    split: str | None
    licence: str
    title: str | None
    author: str | None
    source_url: str | None
    consent_digest: str | None
    contributors: int
    environment: str | None
    device: str | None
    place: str | None
    recorded_at: str | None
    synthetic: bool
    redacted: bool
    fields: str
    labels_sha256: str
    leaf: str


class EventRow(TypedDict):
    """One event of the clip at `path`; `onset` and `offset` in seconds, frequencies in hertz."""

    event_id: str
    clip_id: str
    path: str
    label: str
    term: str | None
    onset: float
    offset: float
    f_low: float | None
    f_high: float | None
    channel: int | None
    confidence: float | None
    source: str
    status: str
    presence: str
    annotator: str | None
    verifier: str | None


def _column(name: str, kind: pa.DataType, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


CLIPS = pa.schema(
    [
        _column("clip_id", pa.string()),
        _column("path", pa.string()),
        _column("md5", pa.string()),
        _column("sha256", pa.string()),
        _column("size", pa.int64()),
        _column("media_type", pa.string()),
        _column("codec", pa.string()),
        _column("sample_rate", pa.int32()),
        _column("channels", pa.int16()),
        _column("frames", pa.int64()),
        _column("duration", pa.float64()),
        _column("has_video", pa.bool_()),
        _column("recording", pa.string(), nullable=True),
        _column("split", pa.string(), nullable=True),
        _column("licence", pa.string()),
        _column("title", pa.string(), nullable=True),
        _column("author", pa.string(), nullable=True),
        _column("source_url", pa.string(), nullable=True),
        _column("consent_digest", pa.string(), nullable=True),
        _column("contributors", pa.int16()),
        _column("environment", pa.string(), nullable=True),
        _column("device", pa.string(), nullable=True),
        _column("place", pa.string(), nullable=True),
        _column("recorded_at", pa.string(), nullable=True),
        _column("synthetic", pa.bool_()),
        _column("redacted", pa.bool_()),
        _column("fields", pa.string()),
        _column("labels_sha256", pa.string()),
        _column("leaf", pa.string()),
    ]
)

EVENTS = pa.schema(
    [
        _column("event_id", pa.string()),
        _column("clip_id", pa.string()),
        _column("path", pa.string()),
        _column("label", pa.string()),
        _column("term", pa.string(), nullable=True),
        _column("onset", pa.float64()),
        _column("offset", pa.float64()),
        _column("f_low", pa.float64(), nullable=True),
        _column("f_high", pa.float64(), nullable=True),
        _column("channel", pa.int16(), nullable=True),
        _column("confidence", pa.float64(), nullable=True),
        _column("source", pa.string()),
        _column("status", pa.string()),
        _column("presence", pa.string()),
        _column("annotator", pa.string(), nullable=True),
        _column("verifier", pa.string(), nullable=True),
    ]
)

# High-entropy columns gain nothing from a dictionary.
_PLAIN = frozenset({"clip_id", "event_id", "path", "md5", "sha256", "labels_sha256", "leaf"})


def write_clips(target: Path, rows: Iterable[ClipRow]) -> int:
    """Write clips in code-point order of `path`, each path once; returns how many.

    Raises UnsortedError and RowInvalidError, and leaves no file then.
    """
    with clips_writer(target) as writer:
        return _write_rows(writer, rows)


def write_events(target: Path, rows: Iterable[EventRow]) -> int:
    """Write events in order of path, onset and event id; returns how many.

    Raises UnsortedError and RowInvalidError, and leaves no file then.
    """
    with events_writer(target) as writer:
        return _write_rows(writer, rows)


def clips_writer(target: Path) -> AbstractContextManager[TableWriter]:
    """Open `clips.parquet` for batches of the schema `CLIPS`; an error inside leaves no file."""
    return _writing(target, CLIPS, ("path",))


def events_writer(target: Path) -> AbstractContextManager[TableWriter]:
    """Open `events.parquet` for batches of the schema `EVENTS`; an error inside leaves no file."""
    return _writing(target, EVENTS, ("path", "onset", "event_id"))


def read_clips(source: Path, columns: Sequence[str] | None = None) -> Iterator[ClipRow]:
    """Yield clips in order; with `columns`, rows that hold only those."""
    return _read(source, CLIPS, columns)


def read_columns(source: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the named columns of each row of either table: a third of the cost of `read_clips`."""
    with pq.ParquetFile(source) as file:
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP, columns=list(columns)):
            yield from zip(*(batch[name].to_pylist() for name in columns), strict=True)


def read_events(source: Path, columns: Sequence[str] | None = None) -> Iterator[EventRow]:
    """Yield events in order; with `columns`, rows that hold only those."""
    return _read(source, EVENTS, columns)


class TableWriter:
    """Takes batches of any length, in order, and writes them as row groups of one length.

    So the bytes follow from the rows, however they were batched. `write` and `close` answer the
    groups that they wrote. Raises UnsortedError and RowInvalidError.
    """

    def __init__(self, file: pq.ParquetWriter, schema: pa.Schema, order: Sequence[str]) -> None:
        self.schema = schema
        self._file = file
        self._order = order
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0
        self._last: pa.RecordBatch | None = None

    def write(self, batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        self._waiting.append(batch)
        self._rows += batch.num_rows
        return self._cut() if self._rows >= ROWS_PER_GROUP else []

    def close(self) -> list[pa.RecordBatch]:
        groups = self._cut()
        if self._rows:
            groups.append(self._keep(self._waiting.pop()))
            self._rows = 0
        return groups

    def _cut(self) -> list[pa.RecordBatch]:
        """Write every full group; what is left is one batch or none."""
        if not self._waiting:
            return []
        whole = _joined(self._waiting)
        groups = []
        start = 0
        while self._rows >= ROWS_PER_GROUP:
            groups.append(self._keep(whole.slice(start, ROWS_PER_GROUP)))
            start += ROWS_PER_GROUP
            self._rows -= ROWS_PER_GROUP
        self._waiting = [whole.slice(start)] if self._rows else []
        return groups

    def _keep(self, group: pa.RecordBatch) -> pa.RecordBatch:
        _check_filled(group, self.schema)
        self._check_order(group)
        self._file.write_batch(group, row_group_size=ROWS_PER_GROUP)
        return group

    def _check_order(self, group: pa.RecordBatch) -> None:
        keys = group.select(self._order)
        if self._last is not None:
            keys = _joined([self._last, keys])
        rising = _rising(keys)
        at = pc.index(rising, False).as_py()
        if at >= 0:
            last, this = keys.slice(at, 2).to_pylist()
            raise UnsortedError(
                f"Row {tuple(this.values())} came after {tuple(last.values())}; rows must come once"
                " each, in order.",
                row=list(this.values()),
            )
        self._last = keys.slice(keys.num_rows - 1)


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _rising(keys: pa.RecordBatch) -> pa.BooleanArray:
    """For each row but the last, whether the next one comes after it; text by code points."""
    count = max(keys.num_rows - 1, 0)
    rising = pa.array([False] * count, pa.bool_())
    for column in reversed(keys.columns):
        this, following = column.slice(0, count), column.slice(1)
        rising = pc.or_(pc.less(this, following), pc.and_(pc.equal(this, following), rising))
    return rising


def _check_filled(group: pa.RecordBatch, schema: pa.Schema) -> None:
    if group.schema.names != schema.names or group.schema.types != schema.types:
        raise RowInvalidError("These are not the columns of the table.", columns=schema.names)
    for column, array in zip(schema, group.columns, strict=True):
        if array.null_count and not column.nullable:
            raise RowInvalidError(f"{column.name!r} may not be empty.", column=column.name)


@contextmanager
def _writing(target: Path, schema: pa.Schema, order: Sequence[str]) -> Iterator[TableWriter]:
    try:
        with _parquet_writer(target, schema) as file:
            writer = TableWriter(file, schema, order)
            yield writer
            writer.close()
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _write_rows(writer: TableWriter, rows: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    rest = iter(rows)
    while group := list(islice(rest, ROWS_PER_GROUP)):
        writer.write(_batch(group, writer.schema))
        count += len(group)
    return count


def _parquet_writer(target: Path, schema: pa.Schema) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        target,
        schema,
        version="2.6",
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[name for name in schema.names if name not in _PLAIN],
        write_page_index=True,
        data_page_size=BYTES_PER_PAGE,
        sorting_columns=[pq.SortingColumn(schema.get_field_index("path"))],
        # Types are plain enough to survive without the Arrow schema in the footer.
        store_schema=False,
    )


def _batch(group: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
    names = set(schema.names)
    for row in group:
        if row.keys() != names:
            wrong = sorted(names.symmetric_difference(row.keys()))
            raise RowInvalidError(
                f"Columns missing or not foreseen: {', '.join(wrong)}.", columns=wrong
            )
    arrays = []
    for column in schema:
        try:
            array = pa.array([row[column.name] for row in group], column.type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise RowInvalidError(
                f"A value of {column.name!r} is not {column.type}: {error}", column=column.name
            ) from error
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read(source: Path, schema: pa.Schema, columns: Sequence[str] | None) -> Iterator[Any]:
    with pq.ParquetFile(source) as file:
        wanted = list(columns) if columns is not None else schema.names
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP, columns=wanted):
            yield from batch.to_pylist()
