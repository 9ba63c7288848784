"""A release can be kept as a golden one, and comes back as it was."""

import os
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from apps.releases.integrity import check_roots, expected_commits
from apps.releases.models import Release
from apps.storage.fsck import check
from tests.cast import Cast
from tests.golden.keeping import FIRST, Golden, load_golden, save_golden
from tests.golden.making import make_golden
from tests.golden.rows import dump_rows

pytestmark = pytest.mark.django_db
ROOT = "bd7fc86523c81fa5e3250f7aa5c3efbf93583f8d3b37825e9494b5a239931ae5"
RELEASE = "releases.release"


def test_what_is_kept_now_can_be_read_back(cast: Cast, tmp_path: Path) -> None:
    folder = Path(os.environ.get("EARMARK_GOLDEN", tmp_path / "kept"))
    kept = save_golden(make_golden(cast, tmp_path), folder)
    assert kept.read()["rows"] == dump_rows()
    assert (kept.folder / "versions.bundle").stat().st_size > 0


def test_the_first_one_comes_back_as_it_was() -> None:
    release = load_golden()
    kept = next(r["fields"] for r in Golden(FIRST).read()["rows"] if r["model"] == RELEASE)
    plain = ("root", "state", "version", "purposes", "statistics", "dvc_commit", "draft_serial")
    assert {name: getattr(release, name) for name in plain} == {name: kept[name] for name in plain}
    assert release.published_at is not None
    assert release.published_at.isoformat() == kept["published_at"]
    assert release.root == ROOT
    report = check(release.dataset.uid, deep=True, expected=expected_commits(release.dataset))
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
