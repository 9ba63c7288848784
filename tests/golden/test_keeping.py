"""A release can be kept as a golden one, and comes back as it was."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.db import DatabaseError, connection, transaction

from apps.releases.integrity import check_roots, list_expected_commits
from apps.releases.models import Release
from apps.storage.fsck import check_store
from tests import verifier
from tests.cast import Cast
from tests.golden.keeping import FIRST, Golden, load_golden, save_golden
from tests.golden.making import make_golden
from tests.golden.rows import dump_rows

pytestmark = pytest.mark.django_db
ROOT = "bd7fc86523c81fa5e3250f7aa5c3efbf93583f8d3b37825e9494b5a239931ae5"
RELEASE = "releases.release"


def test_what_is_kept_now_can_be_read_back(cast: Cast, tmp_path: Path) -> None:
    folder = Path(os.environ.get("EARMARK_GOLDEN", tmp_path / "kept"))
    release = make_golden(cast, tmp_path)
    kept = save_golden(release, folder)
    assert kept.read()["rows"] == dump_rows()
    assert (kept.folder / "versions.bundle").stat().st_size > 0
    assert verifier.verify(unpacked(kept, release, tmp_path / "unpacked")) == release.root


def unpacked(kept: Golden, release: Release, folder: Path) -> Path:
    """The release's files under their names, from the blobs that were kept."""
    folder.mkdir()
    for name, table in (("clips", release.clips_table), ("events", release.events_table)):
        assert table is not None
        (folder / f"{name}.parquet").write_bytes(kept.blob(table.oid))
    for row in pq.read_table(folder / "clips.parquet", columns=["path", "md5"]).to_pylist():
        path = folder / "audio" / row["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept.blob(row["md5"]))
    return folder


def test_a_stranger_finds_the_root_of_the_first_one(tmp_path: Path) -> None:
    assert verifier.verify(unpacked(Golden(FIRST), load_golden(), tmp_path / "files")) == ROOT


def test_the_first_one_comes_back_as_it_was() -> None:
    release = load_golden()
    kept = next(r["fields"] for r in Golden(FIRST).read()["rows"] if r["model"] == RELEASE)
    plain = ("root", "state", "version", "purposes", "statistics", "dvc_commit", "draft_serial")
    assert {name: getattr(release, name) for name in plain} == {name: kept[name] for name in plain}
    assert release.published_at is not None
    assert release.published_at.isoformat() == kept["published_at"]
    assert release.root == ROOT
    report = check_store(
        release.dataset.uid, deep=True, expected=list_expected_commits(release.dataset)
    )
    assert [*report.problems, *check_roots(release.dataset)] == []
    assert report.blobs == len(list((FIRST / "blobs").iterdir()))
    assert report.versions == 1


def test_it_comes_beside_a_cast_that_is_there(cast: Cast) -> None:
    assert load_golden().published_by == cast.rita


def test_the_triggers_are_in_force_afterwards() -> None:
    release = load_golden()
    with pytest.raises(DatabaseError, match="what is frozen never"), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(root="0" * 64)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE releases_release SET root = 'x' WHERE id = %s", [release.pk])
