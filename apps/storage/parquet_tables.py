"""The two tables of a version, as Parquet: `clips.parquet` and `events.parquet`.

The same rows give the same bytes: order is checked, row groups are cut by count, and nothing in
the file depends on time or place. Only the Parquet library's own version, which it writes into
the footer, can change them. Both directions run in memory bounded by one row group.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.storage.errors import RowInvalidError, UnsortedError
from datasets_catalog.clip_columns import CLIP_COLUMNS
from datasets_catalog.columns import Column, Kind
from datasets_catalog.event_columns import EVENT_COLUMNS

ROWS_PER_GROUP = 16_384
BYTES_PER_PAGE = 128 * 1024
# Higher levels are slower and, on columns of hashes, no smaller.
ZSTD_LEVEL = 1


# A row by column name; which columns there are, datasets_catalog says.
ClipRow = dict[str, Any]
EventRow = dict[str, Any]

ARROW_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.JSON: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.INT16: pa.int16(),
    Kind.INT32: pa.int32(),
    Kind.INT64: pa.int64(),
    Kind.FLOAT64: pa.float64(),
}


def build_schema(columns: Iterable[Column]) -> pa.Schema:
    return pa.schema([pa.field(c.name, ARROW_TYPES[c.kind], nullable=c.nullable) for c in columns])


CLIPS = build_schema(CLIP_COLUMNS)
EVENTS = build_schema(EVENT_COLUMNS)

# High-entropy columns gain nothing from a dictionary.
_PLAIN = frozenset(c.name for c in (*CLIP_COLUMNS, *EVENT_COLUMNS) if c.distinct)


def write_clips(target: Path, rows: Iterable[ClipRow]) -> int:
    """Write clips in code-point order of `path`, each path once; returns how many.

    Raises UnsortedError and RowInvalidError, and leaves no file then.
    """
    with open_clips_writer(target) as writer:
        return _write_rows(writer, rows)


def write_events(target: Path, rows: Iterable[EventRow]) -> int:
    """Write events in order of path, onset and event id; returns how many.

    Raises UnsortedError and RowInvalidError, and leaves no file then.
    """
    with open_events_writer(target) as writer:
        return _write_rows(writer, rows)


def open_clips_writer(target: Path) -> AbstractContextManager[TableWriter]:
    """Open `clips.parquet` for batches of the schema `CLIPS`; an error inside leaves no file."""
    return _open_writer(target, CLIPS, ("path",))


def open_events_writer(target: Path) -> AbstractContextManager[TableWriter]:
    """Open `events.parquet` for batches of the schema `EVENTS`; an error inside leaves no file."""
    return _open_writer(target, EVENTS, ("path", "onset", "event_id"))


def read_batches(
    source: Path, columns: Sequence[str] | None = None, *, rows: int = ROWS_PER_GROUP
) -> Iterator[pa.RecordBatch]:
    """Yield either table in order as batches of today's schema, or of the named columns of it.

    What a table of an earlier version lacks is null. Raises RowInvalidError for a file that lacks
    a column which every version has.
    """
    with pq.ParquetFile(source) as file:
        there = set(file.schema_arrow.names)
        schema = _choose_schema(there, columns)
        _check_present(there, schema)
        wanted = [name for name in schema.names if name in there]
        for batch in file.iter_batches(batch_size=rows, columns=wanted):
            yield _conform_to_today(batch, schema)


def read_column_names(source: Path) -> frozenset[str]:
    """The columns that a table has, of whatever version it is."""
    return frozenset(pq.read_schema(source).names)


def find_lacking_fields(there: Collection[str]) -> list[pa.Field]:
    """The columns of today that a table of a release with these ones does not have."""
    if not {"event_id", "leaf"} & set(there):
        return []
    return [field for field in _choose_schema(there, None) if field.name not in there]


def read_clips(source: Path, columns: Sequence[str] | None = None) -> Iterator[ClipRow]:
    """Yield clips in order; with `columns`, rows that hold only those."""
    for batch in read_batches(source, columns):
        yield from batch.to_pylist()


def read_columns(source: Path, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the named columns of each row of either table: a third of the cost of `read_clips`."""
    for batch in read_batches(source, columns):
        yield from zip(*(batch[name].to_pylist() for name in columns), strict=True)


# Events are rows like any other.
read_events = read_clips


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
        whole = _join_batches(self._waiting)
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
            keys = _join_batches([self._last, keys])
        rising = _find_rising(keys)
        at = pc.index(rising, False).as_py()
        if at >= 0:
            last, this = keys.slice(at, 2).to_pylist()
            raise UnsortedError(
                f"Row {tuple(this.values())} came after {tuple(last.values())}; rows must come once"
                " each, in order.",
                row=list(this.values()),
            )
        self._last = keys.slice(keys.num_rows - 1)


def _join_batches(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _find_rising(keys: pa.RecordBatch) -> pa.BooleanArray:
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
def _open_writer(target: Path, schema: pa.Schema, order: Sequence[str]) -> Iterator[TableWriter]:
    try:
        with _open_parquet_writer(target, schema) as file:
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
        writer.write(_build_batch(group, writer.schema))
        count += len(group)
    return count


def _open_parquet_writer(target: Path, schema: pa.Schema) -> pq.ParquetWriter:
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


def _build_batch(group: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.RecordBatch:
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


def _choose_schema(there: Collection[str], columns: Sequence[str] | None) -> pa.Schema:
    """Today's schema of the table that has these columns; an event has an id of its own."""
    whole = EVENTS if "event_id" in there else CLIPS
    return whole if columns is None else pa.schema([whole.field(name) for name in columns])


def _check_present(there: Collection[str], schema: pa.Schema) -> None:
    missing = [f.name for f in schema if f.name not in there and not f.nullable]
    if missing:
        raise RowInvalidError(
            f"The table lacks {', '.join(missing)}: it is none of a release's.", columns=missing
        )


def _conform_to_today(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """By name, never by place: what is lacking is null."""
    names = set(batch.schema.names)
    arrays = [
        batch[field.name] if field.name in names else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
