"""The two tables of a release on disk: their rows, and the root that follows from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from datasets_catalog.errors import EarmarkError
from datasets_catalog.manifest import RootBuilder
from datasets_catalog.released_rows import NO_LABELS, build_clip_row, digest_labels_by_clip
from earmark.client.errors import DiffersError

CLIPS = "clips.parquet"
EVENTS = "events.parquet"
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class File:
    """One clip's file: `path` below `audio/`, hash in hex, size in bytes."""

    clip_id: str
    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What the tables say, computed anew."""

    root: str
    clips: int
    size: int


def iterate_files(folder: Path) -> Iterator[File]:
    """Every clip's file, in the order of the table."""
    names = ["clip_id", "path", "sha256", "size"]
    for row in _read_rows(folder / CLIPS, names):
        yield File(**row)


def prove_tables(folder: Path) -> Proof:
    """Compute the root from every word of both tables; one pass over each.

    Raises DiffersError where the labels of a clip are not those its row was hashed with, or the
    tables cannot be read.
    """
    try:
        return _compute_proof(folder)
    except (KeyError, TypeError, ValueError, EarmarkError) as problem:
        if isinstance(problem, DiffersError):
            raise
        raise DiffersError("The tables lack what a release's tables have.") from problem


def _compute_proof(folder: Path) -> Proof:
    builder, size = RootBuilder(), 0
    labels = digest_labels_by_clip(_read_rows(folder / EVENTS))
    following = next(labels, None)
    for row in _read_rows(folder / CLIPS):
        found = NO_LABELS
        if following is not None and following[0] == row["clip_id"]:
            found, following = following[1], next(labels, None)
        if found != row["labels_sha256"]:
            raise DiffersError(f"The labels of {row['path']} are not those of the release.")
        builder.add(build_clip_row(row).leaf())
        size += row["size"]
    if following is not None:
        raise DiffersError(f"{EVENTS} has labels of a clip that the release does not hold.")
    return Proof(builder.root().hex(), builder.size, size)


def _read_rows(table: Path, names: list[str] | None = None) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(table) as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=names):
                yield from batch.to_pylist()
    except (OSError, ValueError) as problem:
        raise DiffersError(f"{table.name} is not readable as a release's table.") from problem
