"""SIGKILL anywhere on the way of a release: nothing half done is seen, and again is enough."""

from collections.abc import Callable
from pathlib import Path

import pytest

import apps
from apps.audit.chain import find_breaks
from apps.datasets.models import Clip, Dataset, Event
from apps.ingest.actions import import_clips
from apps.ingest.label_imports import import_labels
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import freeze_release, settle_release, sign_off_release, submit_release
from apps.releases.models import Release, ReleaseBlob
from apps.storage.fsck import check_store
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast, assemble
from tests.factories.drafts import (
    approve,
    make_dataset,
    make_draft,
    make_release,
    write_folder,
)
from tests.kills import killed_at_line, lines_of, spread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

OURS = str(Path(apps.__file__).parent)
POINTS = 8


@pytest.fixture
def people() -> Cast:
    return assemble()


def killed_in(work: Callable[[], object], total: int) -> None:
    """Kill the work at points spread over it, one child after the other."""
    for number in spread(total, POINTS):
        assert killed_at_line(number, work, within=OURS)


def sound(dataset: Dataset) -> bool:
    return check_store(dataset.uid, deep=True).is_clean and not list(find_breaks())


def test_an_import_killed_anywhere_brings_all_clips_or_none(people: Cast, tmp_path: Path) -> None:
    folder = write_folder(tmp_path)

    def bring(dataset: Dataset) -> None:
        import_clips(actor=people.ada, dataset=dataset, source=folder.sounds, metadata=folder.clips)

    model = make_dataset(people, "model")
    total = lines_of(lambda: bring(model), within=OURS)
    dataset = make_dataset(people)
    for number in spread(total, POINTS):
        assert killed_at_line(number, lambda: bring(dataset), within=OURS)
        assert Clip.objects.filter(dataset=dataset).count() in {0, 4}
    bring(dataset)
    assert Clip.objects.filter(dataset=dataset).count() == 4
    assert sound(dataset)


def test_labels_killed_anywhere_come_in_whole_and_once(people: Cast, tmp_path: Path) -> None:
    dataset = make_draft(people, tmp_path)
    Event.objects.all().delete()

    def label() -> None:
        import_labels(
            actor=people.ada,
            dataset=dataset,
            source=tmp_path / "events.csv",
            format_name="native",
        )

    total = lines_of(label, within=OURS)
    Event.objects.all().delete()
    for number in spread(total, POINTS):
        assert killed_at_line(number, label, within=OURS)
        assert Event.objects.count() in {0, 4}
    label()
    assert Event.objects.count() == 4


def test_a_freeze_killed_anywhere_leaves_a_draft_or_a_whole_freeze(
    people: Cast, tmp_path: Path
) -> None:
    release = make_release(people, make_draft(people, tmp_path))
    root = release.root
    Release.objects.filter(pk=release.pk).update(
        state="draft", root="", frozen_by=None, frozen_at=None
    )
    ReleaseBlob.objects.all().delete()

    def again() -> None:
        freeze_release(actor=people.ada, release=Release.objects.get(pk=release.pk))

    total = lines_of(again, within=OURS)
    Release.objects.filter(pk=release.pk).update(
        state="draft", root="", frozen_by=None, frozen_at=None
    )
    ReleaseBlob.objects.all().delete()
    for number in spread(total, POINTS):
        if settle_release(release).state == ReleaseState.DRAFT:
            assert killed_at_line(number, again, within=OURS)
        row = Release.objects.get(pk=release.pk)
        assert (row.state == ReleaseState.FROZEN) == bool(row.root)
    if settle_release(release).state == ReleaseState.DRAFT:
        again()
    row = Release.objects.get(pk=release.pk)
    assert row.root == root
    assert row.holdings.count() == 4
    assert sound(row.dataset)


def test_review_killed_anywhere_goes_on_where_it_was(people: Cast, tmp_path: Path) -> None:
    release = make_release(people, make_draft(people, tmp_path))

    def review() -> None:
        row = Release.objects.get(pk=release.pk)
        if row.state == ReleaseState.FROZEN:
            row = submit_release(actor=people.ada, release=row)
        for part in ("privacy", "rights"):
            if row.state == ReleaseState.IN_REVIEW:
                row = sign_off_release(actor=people.cleo, release=row, part=part)

    for number in range(1, 1200, 150):
        killed_at_line(number, review, within=OURS)
        assert not list(find_breaks())
    review()
    row = Release.objects.get(pk=release.pk)
    assert row.state == ReleaseState.APPROVED
    assert row.sign_offs.count() == 2


def test_a_publish_killed_anywhere_is_completed_by_publishing_again(
    people: Cast, tmp_path: Path
) -> None:
    release = approve(people, make_release(people, make_draft(people, tmp_path)))

    def out() -> None:
        publish_release_here(actor=people.rita, release=Release.objects.get(pk=release.pk))

    for number in spread(6000, 12):
        killed_at_line(number, out, within=OURS)
        row = Release.objects.get(pk=release.pk)
        assert (row.state == ReleaseState.PUBLISHED) == bool(row.dvc_commit)
        assert row.state in {ReleaseState.APPROVED, ReleaseState.PUBLISHED}
    out()
    row = Release.objects.get(pk=release.pk)
    assert row.state == ReleaseState.PUBLISHED
    report = check_store(row.dataset.uid, deep=True, expected={"v1.0.0": row.dvc_commit})
    assert report.problems == []
