"""A freeze that takes rows over from an earlier release makes what a full one would."""

import random
from pathlib import Path

import pytest

from apps.datasets.actions import remove_clips, touch_draft
from apps.releases import draft_rows, row_merging
from apps.releases.actions import create_release, freeze_release
from apps.releases.freezing import find_base, freeze_rows
from apps.releases.leaves import compute_leaf, compute_leaves
from apps.releases.models import Release
from apps.storage import parquet_tables
from apps.storage.blobs import find_local_path, open_local_copy
from apps.storage.parquet_tables import CLIPS, read_clips
from datasets_catalog.licences import Use
from tests.apps.releases.histories import History
from tests.cast import Cast
from tests.factories.drafts import make_dataset, make_draft, make_published, make_release

pytestmark = pytest.mark.django_db


def test_what_is_taken_over_is_what_would_be_computed(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for module, name, size in (
        (parquet_tables, "ROWS_PER_GROUP", 7),
        (row_merging, "READ_AT_ONCE", 5),
        (draft_rows, "CHUNK", 3),
    ):
        monkeypatch.setattr(module, name, size)
    history = History(cast, make_dataset(cast), tmp_path, random.Random(seed))
    for number in range(8):
        history.step()
        dataset = history.dataset
        quick = freeze_rows(dataset, use=Use.ADAPTATION, at=history.at)
        full = freeze_rows(dataset, use=Use.ADAPTATION, at=history.at, afresh=True)
        assert quick == full
        assert (find_base(dataset) is not None) == (number > 0)
        release = create_release(
            actor=cast.ada, dataset=dataset, version=f"0.{number}.0", purposes=["publish.gated"]
        )
        freeze_release(actor=cast.ada, release=release)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(6))


def test_leaves_of_columns_are_those_of_their_rows(cast: Cast, tmp_path: Path) -> None:
    history = History(cast, make_dataset(cast), tmp_path, random.Random(1))
    for _ in range(3):
        history.step()
    frozen = freeze_rows(history.dataset, use=Use.COLLECTION, at=history.at)
    with open_local_copy(frozen.clips_table) as table:
        released = list(read_clips(table))
    columns = {name: [row[name] for row in released] for name in CLIPS.names}
    assert compute_leaves(columns) == [compute_leaf(row).hex() for row in released]
    assert [row["leaf"] for row in released] == compute_leaves(columns)


def touched_ids(release: Release) -> set[str]:
    clips = release.dataset.clips.filter(touched__gt=release.draft_serial)
    return set(clips.values_list("path", flat=True))


def test_a_change_touches_the_clips_it_changes_and_no_others(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    assert touched_ids(release) == set()
    remove_clips(actor=cast.ada, dataset=release.dataset, paths=["field/003.wav"])
    assert touched_ids(release) == {"field/003.wav"}
    touch_draft(release.dataset)
    assert touched_ids(release) == set(release.dataset.clips.values_list("path", flat=True))


def test_rows_computed_by_another_definition_are_not_taken_over(cast: Cast, tmp_path: Path) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    assert find_base(release.dataset) == release
    Release.objects.filter(pk=release.pk).update(rows_version=draft_rows.ROWS_VERSION + 1)
    assert find_base(release.dataset) is None


def test_a_damaged_table_is_not_taken_over(cast: Cast, tmp_path: Path) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    assert release.clips_table is not None
    path = find_local_path(release.clips_table)
    assert path is not None
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert find_base(release.dataset) is None
    path.unlink()
    assert find_base(release.dataset) is None
