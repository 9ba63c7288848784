"""A whole Hub snapshot in a folder: what publishing would send, without sending it."""

from dataclasses import dataclass
from pathlib import Path

from apps.packaging.content import ReleaseContent
from apps.packaging.small_files import make_small_files
from apps.packaging.snapshot_plan import plan_snapshot, write_shards


@dataclass(frozen=True, slots=True)
class DryRun:
    """What was written: files by path with their sizes in bytes."""

    folder: Path
    files: dict[str, int]
    clips: int

    @property
    def size(self) -> int:
        return sum(self.files.values())


def write_snapshot(
    content: ReleaseContent, folder: Path, *, repository_url: str, gated: bool
) -> DryRun:
    """Write every file of the snapshot below `folder`, as the repository would hold them."""
    plan = plan_snapshot(content)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    shards = [shard for shard, _ in write_shards(content, plan, folder / "data")]
    small = make_small_files(
        content,
        shards,
        link=lambda path: f"{repository_url}/resolve/{content.tag}/{path}",
        gated=gated,
    )
    for table in (content.clips_table, content.events_table):
        with table.open() as source:
            small[table.hub_path] = source.read()
    for path, written in small.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written)
    files = {shard.path: shard.size for shard in shards}
    files |= {path: len(written) for path, written in small.items()}
    return DryRun(folder, dict(sorted(files.items())), plan.rows)
