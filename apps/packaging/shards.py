"""Parquet files with the audio inside, written clip by clip in bounded memory.

The bytes of a file follow from its rows alone (and from the versions of `features.LAYOUT` and
pyarrow): no times, no random names, no threads.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from apps.packaging.clips_with_events import Row
from apps.packaging.content import ReleaseContent
from apps.packaging.errors import ContentDamagedError
from apps.packaging.features import AUDIO_TYPE, EVENT_TYPE, SHARD_CLIPS, build_shard_schema
from apps.packaging.layout import MIB, build_group_cutter
from apps.storage.parquet_tables import ARROW_TYPES

PROBE = 1 << 16
BLOCK = MIB
# Rows between two looks at the page's size: rows are large.
WRITE_BATCH = 16
_PLAIN = {"audio.bytes"}


@dataclass(frozen=True, slots=True)
class Shard:
    """A written shard: sizes in bytes, `arrow_size` as `datasets` counts it in memory.

    `key` names the rows (see `snapshot.plan_snapshot`), `tail_sha256` the last `PROBE` bytes.
    """

    path: str
    split: str
    key: str
    rows: int
    size: int
    arrow_size: int
    sha256: str
    tail_sha256: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def write_shard(
    content: ReleaseContent, rows: Iterable[Row], target: Path, *, path: str, split: str, key: str
) -> Shard:
    """Write the rows, each with its audio, to `target`.

    Raises `ContentDamagedError` when a blob does not hash as the release says.
    """
    schema = build_shard_schema()
    arrow_size = count = 0
    # A file of Arrow's own: a Python file would be handed every page as one more copy.
    with pa.OSFile(str(target), "wb") as sink, _open_writer(sink, schema) as writer:
        for group in _group_rows(rows):
            table = _build_table(content, group, schema)
            arrow_size += table.nbytes
            count += table.num_rows
            writer.write_table(table, row_group_size=max(table.num_rows, 1))
            del table
            pa.default_memory_pool().release_unused()
    sha256, tail_sha256 = _hash_file(target)
    return Shard(
        path=path,
        split=split,
        key=key,
        rows=count,
        size=target.stat().st_size,
        arrow_size=arrow_size,
        sha256=sha256,
        tail_sha256=tail_sha256,
    )


def _open_writer(sink: pa.NativeFile, schema: pa.Schema) -> pq.ParquetWriter:
    # The Parquet paths of the columns that hold values.
    leaves = [
        f"{field.name}{below}" for field in schema for below in _list_leaves_below(field.type)
    ]
    described = [leaf for leaf in leaves if leaf not in _PLAIN]
    return pq.ParquetWriter(
        sink,
        schema,
        # Most audio is compressed already, and plain bytes deduplicate between versions.
        compression={leaf: "none" if leaf in _PLAIN else "zstd" for leaf in leaves},
        use_dictionary=described,
        write_statistics=described,
        write_page_index=True,
        use_content_defined_chunking=True,
        write_batch_size=WRITE_BATCH,
    )


def _hash_file(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        whole = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(max(0, file.tell() - PROBE))
        return whole, hashlib.sha256(file.read()).hexdigest()


def _group_rows(rows: Iterable[Row]) -> Iterator[list[Row]]:
    cutter = build_group_cutter()
    group: list[Row] = []
    for row in rows:
        if cutter.begins_at(row["clip_id"], row["size"]):
            yield group
            group = []
        group.append(row)
    yield group


def _build_table(content: ReleaseContent, rows: list[Row], schema: pa.Schema) -> pa.Table:
    columns: list[pa.Array] = [_build_audio_column(content, rows)]
    columns += [pa.array([row[c.name] for row in rows], ARROW_TYPES[c.kind]) for c in SHARD_CLIPS]
    columns.append(pa.array([row["events"] for row in rows], pa.list_(EVENT_TYPE)))
    return pa.table(columns, schema=schema)


def _build_audio_column(content: ReleaseContent, rows: list[Row]) -> pa.StructArray:
    """Read all clips of a group into one buffer, which Arrow then takes without copying."""
    ends = list(accumulate((row["size"] for row in rows), initial=0))
    buffer = pa.allocate_buffer(ends[-1])
    with memoryview(buffer).cast("B") as whole:
        for row, start, end in zip(rows, ends, ends[1:], strict=False):
            with whole[start:end] as room:
                _read_into(room, content, row)
    offsets = pa.array(ends, pa.int32()).buffers()[1]
    audio = pa.Array.from_buffers(pa.binary(), len(rows), [None, offsets, buffer])
    paths = pa.array([row["path"] for row in rows], pa.string())
    return pa.StructArray.from_arrays([audio, paths], fields=list(AUDIO_TYPE))


def _read_into(room: memoryview, content: ReleaseContent, row: Row) -> None:
    digest = hashlib.sha256()
    filled = 0
    with content.open_blob(row["md5"]) as blob:
        while (block := blob.read(BLOCK)) and filled + len(block) <= len(room):
            digest.update(block)
            room[filled : filled + len(block)] = block
            filled += len(block)
    if block or filled != len(room) or digest.hexdigest() != row["sha256"]:
        raise ContentDamagedError(
            f"The stored bytes of {row['path']} are not those of the release. Run `manage.py fsck`"
            " and restore the blob before publishing.",
            path=row["path"],
            sha256=row["sha256"],
        )


def _list_leaves_below(nested: pa.DataType) -> list[str]:
    if pa.types.is_list(nested):
        return [f".list.element{below}" for below in _list_leaves_below(nested.value_type)]
    if pa.types.is_struct(nested):
        return [
            f".{child.name}{below}" for child in nested for below in _list_leaves_below(child.type)
        ]
    return [""]
