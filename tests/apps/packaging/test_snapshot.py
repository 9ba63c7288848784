"""Shards as files: what is in them, and that the same rows give the same bytes."""

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest

from apps.packaging.errors import ClipTooLargeError, ContentDamagedError
from apps.packaging.features import build_card_features, build_hub_features, build_shard_schema
from apps.packaging.layout import CLIP_MAX, GROUP_ROWS_MAX
from apps.packaging.shards import Shard
from apps.packaging.snapshot_plan import plan_snapshot, write_shards
from tests.apps.packaging.made_up import MadeUpRelease

WRITE_LARGE_CLIPS = """
import resource, sys
from pathlib import Path
from apps.packaging.layout import CLIP_MAX
from apps.packaging.snapshot_plan import plan_snapshot, write_shards
from tests.apps.packaging.made_up import MadeUpRelease
made = MadeUpRelease.of(4)
made.audio = {path: audio + bytes(CLIP_MAX - len(audio)) for path, audio in made.audio.items()}
content = made.content()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _, file in write_shards(content, plan_snapshot(content), Path(sys.argv[1])):
    file.unlink()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) * 1024)
"""


def written(made: MadeUpRelease, folder: Path) -> list[Shard]:
    folder.mkdir(exist_ok=True)
    content = made.content()
    return [shard for shard, _ in write_shards(content, plan_snapshot(content), folder)]


def test_every_clip_is_in_one_shard_with_its_bytes_and_events(tmp_path: Path) -> None:
    made = MadeUpRelease.of(60)
    written(made, tmp_path)
    seen = {}
    for file in tmp_path.glob("*.parquet"):
        for row in pq.read_table(file).to_pylist():
            seen[row["path"]] = row
            assert file.name.startswith(f"{made.splits[row['path']]}-")
    assert {path: row["audio"]["bytes"] for path, row in seen.items()} == made.audio
    assert all(row["audio"]["path"] == path for path, row in seen.items())
    events = {event["event_id"] for row in seen.values() for event in row["events"]}
    assert events == {row["event_id"] for b in made.content().events() for row in b.to_pylist()}


def test_the_same_release_gives_the_same_bytes(tmp_path: Path) -> None:
    made = MadeUpRelease.of(50)
    assert written(made, tmp_path / "a") == written(made, tmp_path / "b")


@pytest.mark.usefixtures("small_shards")
def test_a_change_of_one_clip_changes_one_shard(tmp_path: Path) -> None:
    made = MadeUpRelease.of(200)
    before = {shard.key: shard.sha256 for shard in written(made, tmp_path / "a")}
    made.titles["field/00117.wav"] = "A better title"
    after = {shard.key: shard.sha256 for shard in written(made, tmp_path / "b")}
    assert len(before) > 6
    assert len(set(before.items()) - set(after.items())) == 1
    assert len(before) == len(after)


@pytest.mark.usefixtures("small_shards")
def test_equal_keys_mean_equal_bytes_across_versions(tmp_path: Path) -> None:
    made = MadeUpRelease.of(200)
    before = {shard.key: shard.sha256 for shard in written(made, tmp_path / "a")}
    del made.audio["field/00042.wav"]
    after = {shard.key: shard.sha256 for shard in written(made, tmp_path / "b")}
    same = before.keys() & after.keys()
    assert len(same) > len(before) - 3
    assert all(before[key] == after[key] for key in same)


def test_files_have_small_row_groups_and_an_index_of_their_pages(tmp_path: Path) -> None:
    written(MadeUpRelease.of(300), tmp_path)
    for file in tmp_path.glob("*.parquet"):
        described = pq.read_metadata(file)
        groups = [described.row_group(number) for number in range(described.num_row_groups)]
        assert all(group.num_rows <= GROUP_ROWS_MAX for group in groups)
        assert all(group.column(0).has_offset_index for group in groups)
        assert b"huggingface" in pq.read_schema(file).metadata


def test_features_are_the_ones_that_datasets_would_write() -> None:
    features = datasets.Features.from_dict(build_hub_features())
    assert features.arrow_schema.remove_metadata() == build_shard_schema().remove_metadata()
    assert features._to_yaml_list() == build_card_features()


def test_a_damaged_blob_never_gets_into_a_shard(tmp_path: Path) -> None:
    made = MadeUpRelease.of(5)
    damaged = replace(made.content(), open_blob=lambda md5: io.BytesIO(b"RIFF other bytes"))
    with pytest.raises(ContentDamagedError, match="fsck"):
        list(write_shards(damaged, plan_snapshot(damaged), tmp_path))


def test_a_table_that_does_not_give_the_approved_root_is_refused() -> None:
    content = MadeUpRelease.of(3).content()
    other = replace(content, card=replace(content.card, root="0" * 64))
    with pytest.raises(ContentDamagedError, match="root"):
        plan_snapshot(other)


def test_a_clip_too_large_for_a_cell_is_refused_before_anything_is_sent() -> None:
    made = MadeUpRelease.of(2)
    made.audio["field/00001.wav"] += bytes(CLIP_MAX)
    with pytest.raises(ClipTooLargeError, match="FLAC"):
        plan_snapshot(made.content())


def test_the_largest_clips_are_written_in_bounded_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WRITE_LARGE_CLIPS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 4 * CLIP_MAX


def test_clips_without_a_split_are_in_train(tmp_path: Path) -> None:
    made = MadeUpRelease.of(12)
    made.splits = dict.fromkeys(made.splits)
    made.splits["field/00003.wav"] = "train"
    shards = written(made, tmp_path)
    assert {shard.split for shard in shards} == {"train"}
    assert sum(shard.rows for shard in shards) == 12
    assert len({shard.path for shard in shards}) == len(shards)
