import io
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from apps.storage import blobs, listing_shards, manifests, version_reading
from apps.storage.errors import (
    BlobDestroyedError,
    VersionDamagedError,
    VersionPathUnknownError,
    VersionUnknownError,
)
from apps.storage.models import Blob
from apps.storage.parquet_tables import write_clips, write_events
from apps.storage.version_writing import Version, VersionRepo, write_version
from tests.apps.storage.conftest import NASTY, keep_tree, stamp
from tests.apps.storage.rows import clip_row, event_row

pytestmark = pytest.mark.django_db


def publish(repo: VersionRepo, tree: Mapping[str, bytes], tag: str = "v1.0.0") -> Version:
    files = keep_tree(repo.store, tree)
    return write_version(repo, files, documents={"README.md": b""}, stamp=stamp(tag))


def test_a_version_reads_as_it_was_written(repo: VersionRepo) -> None:
    written = publish(repo, NASTY)
    version = version_reading.open_version(repo.store, "v1.0.0")
    assert version == written
    assert [path for path, _ in version_reading.list_entries(repo.store, version)] == [
        f"data/{path}" for path in sorted(NASTY)
    ]
    for path, content in NASTY.items():
        with blobs.open_blob(
            version_reading.find_file(repo.store, version, f"data/{path}")
        ) as stream:
            assert stream.read() == content


def test_shards_read_alike(repo: VersionRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "FLAT_LIMIT", 10)
    monkeypatch.setattr(listing_shards, "SHARD_LIMIT", 8)
    version = publish(repo, NASTY)
    assert version_reading.open_version(repo.store, "v1.0.0") == version
    found = dict(version_reading.list_entries(repo.store, version))
    assert len(found) == len(NASTY)
    for path, oid in found.items():
        assert version_reading.find_file(repo.store, version, path).oid == oid


@pytest.mark.parametrize("path", ["data", "data/", "data/nothing", "README.md", "audio/a", ""])
def test_what_a_version_does_not_hold_is_unknown(repo: VersionRepo, path: str) -> None:
    version = publish(repo, NASTY)
    with pytest.raises(VersionPathUnknownError):
        version_reading.find_file(repo.store, version, path)


def test_an_unknown_version_is_said_to_be_unknown(repo: VersionRepo) -> None:
    with pytest.raises(VersionUnknownError):
        version_reading.open_version(uuid4(), "v1.0.0")
    publish(repo, {"audio/a": b"a"})
    with pytest.raises(VersionUnknownError):
        version_reading.open_version(repo.store, "v1.0.1")


def test_a_commit_that_lost_its_objects_is_damaged(repo: VersionRepo) -> None:
    version = publish(repo, {"audio/a": b"a"})
    (repo.path / "objects" / version.commit[:2] / version.commit[2:]).unlink()
    with pytest.raises(VersionDamagedError):
        version_reading.open_version(repo.store, "v1.0.0")


def test_a_destroyed_listing_is_not_read_from_memory(repo: VersionRepo) -> None:
    version = publish(repo, {"audio/a": b"a"})
    version_reading.find_file(repo.store, version, "data/audio/a")
    blobs.destroy_blob(Blob.objects.get(store=repo.store, oid=version.dir_oid))
    with pytest.raises(BlobDestroyedError):
        version_reading.find_file(repo.store, version, "data/audio/a")


def test_tables_of_a_version_are_read_in_place(repo: VersionRepo, tmp_path: Path) -> None:
    clips = [clip_row("a.wav"), clip_row("b.wav")]
    events = [event_row("a.wav", "dog", 0.0, 1.0)]
    write_clips(tmp_path / "clips", clips)
    write_events(tmp_path / "events", events)
    tree = {
        "audio/a.wav": b"a",
        "audio/b.wav": b"b",
        "clips.parquet": (tmp_path / "clips").read_bytes(),
        "events.parquet": (tmp_path / "events").read_bytes(),
    }
    version = publish(repo, tree)
    assert list(version_reading.read_version_clips(repo.store, version)) == clips
    assert list(version_reading.read_version_events(repo.store, version)) == events
    assert [
        row["path"] for row in version_reading.read_version_clips(repo.store, version, ["path"])
    ] == [
        "a.wav",
        "b.wav",
    ]
    assert version_reading.find_file(repo.store, version, "data/audio/a.wav") == blobs.put_blob(
        repo.store, io.BytesIO(b"a")
    )
