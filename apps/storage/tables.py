"""The two tables of a version, as Parquet: `clips.parquet` and `events.parquet`.

The same rows give the same bytes: order is checked, row groups are cut by count, and nothing in
the file depends on time or place. Only the Parquet library's own version, which it writes into
the footer, can change them. Both directions run in memory bounded by one row group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from apps.storage.errors import RowInvalidError, UnsortedError

ROWS_PER_GROUP = 16_384
BYTES_PER_PAGE = 128 * 1024
ZSTD_LEVEL = 3


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
    return _write(target, CLIPS, rows, lambda row: (row["path"],))


def write_events(target: Path, rows: Iterable[EventRow]) -> int:
    """Write events in order of path, onset and event id; returns how many.

    Raises UnsortedError and RowInvalidError, and leaves no file then.
    """
    return _write(target, EVENTS, rows, lambda row: (row["path"], row["onset"], row["event_id"]))


def read_clips(source: Path, columns: Sequence[str] | None = None) -> Iterator[ClipRow]:
    """Yield clips in order; with `columns`, rows that hold only those."""
    return _read(source, CLIPS, columns)


def read_events(source: Path, columns: Sequence[str] | None = None) -> Iterator[EventRow]:
    """Yield events in order; with `columns`, rows that hold only those."""
    return _read(source, EVENTS, columns)


def _write(
    target: Path,
    schema: pa.Schema,
    rows: Iterable[Mapping[str, Any]],
    key: Callable[[Any], tuple[Any, ...]],
) -> int:
    count = 0
    last: tuple[Any, ...] | None = None
    rest = iter(rows)
    try:
        with _writer(target, schema) as writer:
            while group := list(islice(rest, ROWS_PER_GROUP)):
                last = _check_order(group, key, last)
                writer.write_batch(_batch(group, schema), row_group_size=ROWS_PER_GROUP)
                count += len(group)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return count


def _writer(target: Path, schema: pa.Schema) -> pq.ParquetWriter:
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


def _check_order(
    group: Sequence[Mapping[str, Any]],
    key: Callable[[Any], tuple[Any, ...]],
    last: tuple[Any, ...] | None,
) -> tuple[Any, ...] | None:
    for row in group:
        this = key(row)
        if last is not None and this <= last:
            raise UnsortedError(
                f"Row {this} came after {last}; rows must come once each, in order.", row=list(this)
            )
        last = this
    return last


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
        if array.null_count and not column.nullable:
            raise RowInvalidError(f"{column.name!r} may not be empty.", column=column.name)
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read(source: Path, schema: pa.Schema, columns: Sequence[str] | None) -> Iterator[Any]:
    with pq.ParquetFile(source) as file:
        wanted = list(columns) if columns is not None else schema.names
        for batch in file.iter_batches(batch_size=ROWS_PER_GROUP, columns=wanted):
            yield from batch.to_pylist()
