"""A release as files for a hub: first the plan of its shards, then the files themselves."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from apps.packaging.clips_with_events import Row, read_clips_with_events
from apps.packaging.content import ReleaseContent
from apps.packaging.errors import ClipTooLargeError, ContentDamagedError
from apps.packaging.features import LAYOUT
from apps.packaging.layout import (
    CLIP_MAX,
    MIB,
    build_shard_cutter,
    build_shard_path,
    name_hub_splits,
)
from apps.packaging.shards import Shard, write_shard
from datasets_catalog.manifest import RootBuilder

_PLANNED_COLUMNS = ["clip_id", "split", "size", "leaf"]


@dataclass(frozen=True, slots=True)
class PlannedShard:
    """Which rows of a split make one file; `audio_size` in bytes.

    `key` is a hash over the layout and the leaves of the rows, which cover audio, labels and every
    released word about the clip: equal keys mean equal files.
    """

    path: str
    split: str
    source_split: str | None
    first: int
    rows: int
    audio_size: int
    key: str


@dataclass(frozen=True, slots=True)
class SnapshotPlan:
    """The shards of a release in the order of their paths."""

    shards: tuple[PlannedShard, ...]

    @property
    def audio_size(self) -> int:
        return sum(shard.audio_size for shard in self.shards)

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)


@dataclass(slots=True)
class _Split:
    """Shards of one split while the clips stream by."""

    name: str
    source: str | None
    done: list[PlannedShard]
    digest: "hashlib._Hash"
    first: int = 0
    rows: int = 0
    size: int = 0

    def add(self, leaf: str, size: int) -> None:
        self.digest.update(bytes.fromhex(leaf))
        self.rows += 1
        self.size += size

    def close(self) -> None:
        self.done.append(
            PlannedShard(
                path="",
                split=self.name,
                source_split=self.source,
                first=self.first,
                rows=self.rows,
                audio_size=self.size,
                key=self.digest.hexdigest(),
            )
        )
        self.first += self.rows
        self.rows = self.size = 0
        self.digest = _start_digest()


def plan_snapshot(content: ReleaseContent) -> SnapshotPlan:
    """Decide the shards without reading any audio.

    Raises `ContentDamagedError` unless the clip table gives the root that was approved, and
    `ClipTooLargeError` when a clip does not fit into one cell.
    """
    names, total = _survey_clips(content)
    given = name_hub_splits(names)
    splits = {source: _Split(given[source], source, [], _start_digest()) for source in names}
    cutters = {source: build_shard_cutter(total) for source in names}
    for batch in content.clips():
        columns = (batch.column(name).to_pylist() for name in _PLANNED_COLUMNS)
        for clip_id, source, size, leaf in zip(*columns, strict=True):
            if size > CLIP_MAX:
                raise _build_too_large_error(clip_id, size)
            if cutters[source].begins_at(clip_id, size):
                splits[source].close()
            splits[source].add(leaf, size)
    for split in splits.values():
        split.close()
    return SnapshotPlan(tuple(_name_shards(split.done for split in splits.values())))


def _build_too_large_error(clip_id: str, size: int) -> ClipTooLargeError:
    return ClipTooLargeError(
        f"The clip {clip_id} has {size // MIB} MiB; one cell of a Parquet file holds at most"
        f" {CLIP_MAX // MIB}. Cut the recording into clips, or keep it as FLAC.",
        clip_id=clip_id,
        size=size,
        limit=CLIP_MAX,
    )


def _survey_clips(content: ReleaseContent) -> tuple[set[str | None], int]:
    names: set[str | None] = set()
    total = 0
    root = RootBuilder()
    for batch in content.clips():
        names.update(batch.column("split").to_pylist())
        total += sum(batch.column("size").to_pylist())
        for leaf in batch.column("leaf").to_pylist():
            root.add(bytes.fromhex(leaf))
    if root.root().hex() != content.root:
        raise ContentDamagedError(
            f"The clip table of {content.full_name} {content.version} does not give the root that"
            " was approved. Nothing was sent; run `manage.py fsck`.",
            root=content.root,
            found=root.root().hex(),
        )
    return names or {None}, total


def _name_shards(splits: Iterator[list[PlannedShard]]) -> Iterator[PlannedShard]:
    """Two sources may share `train` (clips without a split): number files over both."""
    by_name: dict[str, list[PlannedShard]] = {}
    for shards in splits:
        for shard in shards:
            by_name.setdefault(shard.split, []).append(shard)
    for name in sorted(by_name):
        shards = sorted(by_name[name], key=lambda s: (s.source_split is None, s.first))
        for index, shard in enumerate(shards):
            yield replace(shard, path=build_shard_path(name, index, len(shards)))


def _start_digest() -> "hashlib._Hash":
    return hashlib.sha256(LAYOUT.encode())


def write_shards(
    content: ReleaseContent,
    plan: SnapshotPlan,
    folder: Path,
    *,
    wanted: Callable[[PlannedShard], bool] = lambda _: True,
) -> Iterator[tuple[Shard, Path]]:
    """Write the wanted shards one by one into `folder`; the taker may delete each file at once."""
    for source in sorted({s.source_split for s in plan.shards}, key=lambda name: name or ""):
        planned = sorted(
            (s for s in plan.shards if s.source_split == source), key=lambda shard: shard.first
        )
        if not any(wanted(shard) for shard in planned):
            continue
        rows = read_clips_with_events(content, source)
        for shard in planned:
            taken = islice(rows, shard.rows)
            if wanted(shard):
                yield _write_planned_shard(content, shard, taken, folder)
            else:
                _skip_rows(taken)


def _write_planned_shard(
    content: ReleaseContent, shard: PlannedShard, rows: Iterator[Row], folder: Path
) -> tuple[Shard, Path]:
    target = folder / Path(shard.path).name
    written = write_shard(content, rows, target, path=shard.path, split=shard.split, key=shard.key)
    if written.rows != shard.rows:
        raise ContentDamagedError(f"The clip table changed while {shard.path} was written.")
    return written, target


def _skip_rows(rows: Iterator[Row]) -> None:
    for _ in rows:
        pass
