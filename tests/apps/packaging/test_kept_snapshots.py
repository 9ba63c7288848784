"""Snapshots kept for the hub door: built once, shards shared between versions."""

from pathlib import Path

import pytest

from apps.datasets.actions import remove_clips
from apps.jobs.models import Job
from apps.packaging import kept_snapshots, layout
from apps.packaging.errors import ReleaseNotSendableError
from apps.packaging.kept_snapshots import build_snapshot, request_snapshot
from apps.packaging.models import Snapshot, SnapshotFile
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release, ReleaseBlob
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_published, make_release
from tests.factories.jobs import work_off

pytestmark = pytest.mark.django_db


def silent(done: int, total: int, message: str) -> None:
    pass


def shards(release: Release) -> dict[str, str]:
    rows = SnapshotFile.objects.filter(snapshot__release=release).exclude(key="")
    return dict(rows.values_list("path", "blob__sha256"))


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    return make_published(cast, tmp_path)


def test_publishing_has_the_snapshot_built_by_a_job(release: Release) -> None:
    assert Snapshot.objects.get().built_at is None
    assert [job.state for job in work_off()] == [Job.State.DONE]
    snapshot = Snapshot.objects.get()
    assert snapshot.built_at is not None
    assert snapshot.card["configs"][0]["config_name"] == "default"
    held = set(ReleaseBlob.objects.filter(release=release).values_list("blob", flat=True))
    assert set(snapshot.files.values_list("blob", flat=True)) <= held


def test_it_is_asked_for_once_and_built_once(release: Release) -> None:
    request_snapshot(release)
    assert Job.objects.count() == 1
    first = build_snapshot(release, silent)
    before = list(first.files.values_list("path", "blob"))
    assert build_snapshot(release, silent).built_at == first.built_at
    assert list(first.files.values_list("path", "blob")) == before
    request_snapshot(release)
    assert Job.objects.count() == 1


def test_a_later_version_takes_over_what_did_not_change(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_draft(cast, tmp_path)
    first = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, dataset))
    )
    build_snapshot(first, silent)
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    dataset.refresh_from_db()
    release = make_release(cast, dataset, "1.1.0")
    second = publish_release_here(actor=cast.rita, release=approve(cast, release))
    written: list[str] = []
    build_snapshot(second, lambda done, total, message: written.append(message))
    assert [message for message in written if "train" in message] == []
    train = "data/train-00000-of-00001.parquet"
    assert shards(first)[train] == shards(second)[train]
    assert shards(first) != shards(second)


class KilledError(Exception):
    pass


def test_a_killed_build_goes_on_where_it_was(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "SHARD_MAX", 20_000)
    finish = kept_snapshots._finish_snapshot

    def killed(*_: object) -> None:
        raise KilledError

    monkeypatch.setattr(kept_snapshots, "_finish_snapshot", killed)
    with pytest.raises(KilledError):
        build_snapshot(release, silent)
    assert Snapshot.objects.get().built_at is None
    done = shards(release)
    monkeypatch.setattr(kept_snapshots, "_finish_snapshot", finish)
    written: list[str] = []
    build_snapshot(release, lambda done, total, message: written.append(message))
    assert written == []
    assert shards(release) == done


def test_only_what_was_given_out_has_a_snapshot(cast: Cast, tmp_path: Path) -> None:
    release = approve(cast, make_release(cast, make_draft(cast, tmp_path)))
    with pytest.raises(ReleaseNotSendableError):
        request_snapshot(release)
