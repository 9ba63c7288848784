"""From files to a published release, each step by the person whose step it is."""

import threading
import uuid
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit.chain import find_breaks
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Dataset
from apps.detection.models import Finding, Scan
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import (
    freeze_release,
    reopen_release,
    settle_release,
    sign_off_release,
    submit_release,
)
from apps.releases.errors import (
    DraftMovedError,
    EmptyDraftError,
    GatesFailedError,
    OwnReleaseError,
    VersionTakenError,
)
from apps.releases.models import GateResult, Release, SignOff
from apps.review.actions import decide_finding
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.release_states import ReleaseState, ReleaseStateError
from tests.cast import Cast, assemble
from tests.factories.drafts import (
    approve,
    make_dataset,
    make_draft,
    make_published,
    make_release,
)

pytestmark = pytest.mark.django_db


def test_a_folder_becomes_a_published_release(cast: Cast, tmp_path: Path) -> None:
    row = Release.objects.get(pk=make_published(cast, tmp_path).pk)
    assert row.state == ReleaseState.PUBLISHED
    assert len(row.root) == 64
    assert len(row.dvc_commit) == 40
    assert (row.clips, row.events) == (4, 4)
    assert set(row.licence.split(" AND ")) == {"CC0-1.0", "CC-BY-4.0"}
    assert row.dataset.released_at is not None
    assert list(find_breaks()) == []


def test_the_same_draft_frozen_again_has_the_same_root(cast: Cast, tmp_path: Path) -> None:
    first = make_release(cast, make_draft(cast, tmp_path))
    root = first.root
    again = freeze_release(actor=cast.ada, release=reopen_release(actor=cast.ada, release=first))
    assert again.root == root


def test_any_change_of_the_draft_voids_what_was_signed(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    release = approve(cast, make_release(cast, dataset))
    assert release.state == ReleaseState.APPROVED
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    with pytest.raises(DraftMovedError):
        submit_release(actor=cast.ada, release=release)
    row = settle_release(release)
    assert (row.state, row.root, row.sign_offs.count()) == (ReleaseState.DRAFT, "", 0)
    with pytest.raises(ReleaseStateError):
        publish_release_here(actor=cast.rita, release=release)


def test_letting_people_in_does_not_void_anything(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    release = approve(cast, make_release(cast, dataset))
    update_dataset(actor=cast.ada, dataset=dataset, changes={"access": "open"})
    assert publish_release_here(actor=cast.rita, release=release).state == ReleaseState.PUBLISHED


def test_nobody_signs_for_what_they_made_or_publishes_what_they_signed(
    cast: Cast, tmp_path: Path
) -> None:
    release = submit_release(actor=cast.ada, release=make_release(cast, make_draft(cast, tmp_path)))
    with pytest.raises(DeniedError):
        sign_off_release(actor=cast.ada, release=release, part="privacy")
    give(cast, "ada", "privacy_reviewer")
    with pytest.raises(OwnReleaseError, match="You made this"):
        sign_off_release(actor=cast.ada, release=release, part="privacy")
    for part in ("privacy", "rights"):
        release = sign_off_release(actor=cast.cleo, release=release, part=part)
    give(cast, "cleo", "release_manager")
    with pytest.raises(OwnReleaseError, match="You signed"):
        publish_release_here(actor=cast.cleo, release=release)
    give(cast, "ada", "release_manager")
    with pytest.raises(OwnReleaseError, match="You made this"):
        publish_release_here(actor=cast.ada, release=release)
    with pytest.raises(DeniedError):
        publish_release_here(actor=cast.eve, release=release)
    made = {"dvc_commit": "a" * 40, "published_by": cast.ada, "published_at": release.frozen_at}
    refused(release, "who made a release does not publish", state="published", **made)


def give(cast: Cast, username: str, role: str) -> None:
    user = getattr(cast, username)
    user.memberships.create(organisation=cast.acme, role=role)


def test_a_release_waits_for_both_parts(cast: Cast, tmp_path: Path) -> None:
    release = submit_release(actor=cast.ada, release=make_release(cast, make_draft(cast, tmp_path)))
    release = sign_off_release(actor=cast.cleo, release=release, part="rights")
    assert release.state == ReleaseState.IN_REVIEW
    with pytest.raises(ReleaseStateError):
        publish_release_here(actor=cast.rita, release=release)


def test_a_failing_gate_stops_a_release_and_says_which_rows(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    release = make_release(cast, dataset, purposes=["train.generative"])
    with pytest.raises(GatesFailedError, match=r"consent\.coverage"):
        submit_release(actor=cast.ada, release=release)
    assert settle_release(release).state == ReleaseState.FROZEN
    gate = GateResult.objects.get(release=release, code="consent.coverage")
    assert gate.failing_count == 2
    assert {row["path"] for row in gate.failing} == {"field/000.wav", "field/001.wav"}


def test_what_no_detector_saw_does_not_leave(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    release = make_release(cast, dataset)
    Scan.objects.filter(detector="speech").delete()
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        submit_release(actor=cast.ada, release=release)


def test_an_empty_draft_and_a_taken_version_are_refused(cast: Cast, tmp_path: Path) -> None:
    with pytest.raises(EmptyDraftError):
        make_release(cast, make_dataset(cast, "empty"))
    dataset = make_draft(cast, tmp_path)
    make_release(cast, dataset)
    with pytest.raises(VersionTakenError):
        make_release(cast, dataset)


@pytest.mark.parametrize("version", ["1", "1.0", "01.0.0", "1.0.0-rc1", "x", ""])
def test_odd_versions_are_refused(cast: Cast, version: str) -> None:
    with pytest.raises(InvalidError, match="three numbers"):
        make_release(cast, make_dataset(cast, "odd"), version)


def test_a_purpose_is_needed_and_known(cast: Cast) -> None:
    dataset = make_dataset(cast, "aims")
    with pytest.raises(InvalidError, match="at least one"):
        make_release(cast, dataset, purposes=[])
    with pytest.raises(InvalidError, match="no purpose"):
        make_release(cast, dataset, purposes=["world.domination"])


def refused(release: Release, match: str, **columns: object) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        Release.objects.filter(pk=release.pk).update(**columns)


def test_the_database_refuses_what_the_table_refuses(cast: Cast, tmp_path: Path) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    refused(release, "cannot go|both sign-offs|not seen", state="published")
    refused(release, "cannot go|both sign-offs", state="approved")
    release = submit_release(actor=cast.ada, release=release)
    refused(release, "needs both sign-offs", state="approved")
    with pytest.raises(DatabaseError, match="sign_off_not_by_maker"), transaction.atomic():
        SignOff.objects.create(
            release=release,
            root=release.root,
            part="privacy",
            signed_by=cast.ada,
            frozen_by=cast.ada,
        )
    for part in ("privacy", "rights"):
        release = sign_off_release(actor=cast.cleo, release=release, part=part)
    refused(release, "release_published_has_commit", state="published")
    refused(
        release,
        "who signed off does not publish",
        state="published",
        dvc_commit="a" * 40,
        published_by=cast.cleo,
        published_at=release.frozen_at,
    )
    clip = release.dataset.clips.get(path="field/000.wav")
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256).first()
    assert scan is not None
    finding = Finding.objects.create(
        clip=clip, scan=scan, position=7, content_sha256=clip.blob.sha256, kind="speech"
    )
    as_rita = {
        "dvc_commit": "a" * 40,
        "published_by": cast.rita,
        "published_at": release.frozen_at,
    }
    refused(release, "a finding stands open", state="published", **as_rita)
    decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone, not a voice")
    Dataset.objects.filter(pk=release.dataset_id).update(draft_serial=99)
    refused(release, "the draft changed", state="published", **as_rita)


def test_the_database_keeps_published_releases_as_they_are(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    refused(release, "never changes", root="0" * 64)
    refused(release, "never changes", dvc_commit="0" * 40)
    refused(release, "cannot go", state="draft")
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        Release.objects.filter(pk=release.pk)._raw_delete(using="default")
    release.pk, release.version, release.uid = None, "9.9.9", uuid.uuid4()
    with pytest.raises(DatabaseError, match="starts as a draft"), transaction.atomic():
        release.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
def test_two_people_pressing_publish_at_once_give_one_release(tmp_path: Path) -> None:
    cast = assemble()
    give(cast, "dan", "release_manager")
    release = approve(cast, make_release(cast, make_draft(cast, tmp_path)))
    start = threading.Barrier(2)
    commits: list[str] = []
    problems: list[Exception] = []

    def press(name: str) -> None:
        start.wait()
        try:
            commits.append(
                publish_release_here(actor=getattr(cast, name), release=release).dvc_commit
            )
        except Exception as problem:  # noqa: BLE001  (asserted on below)
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=(name,)) for name in ("rita", "dan")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(set(commits)) == 1
    assert Release.objects.filter(state="published").count() == 1
