"""No code path, page, call, row or query leads around the privacy review."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.actions import remove_clips
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.registry import list_detectors
from apps.detection.models import Finding, Scan
from apps.detection.scanning import list_scans, scan_dataset
from apps.ingest.actions import import_clips
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import freeze_release, reopen_release, submit_release
from apps.releases.errors import GatesFailedError
from apps.releases.models import (
    DetectorInForce,
    GateResult,
    Release,
    ReleaseBlob,
    SignOff,
)
from apps.review.actions import decide_finding
from apps.review.models import Decision
from datasets_catalog.errors import EarmarkError
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast, assemble
from tests.factories.drafts import approve, make_draft, make_published, make_release
from tests.factories.published import keep
from tests.factories.sounds import sound_bytes
from tests.marked import write_marked

pytestmark = pytest.mark.django_db
SEEN = [{"kind": "speech", "onset": 0.1, "offset": 0.2, "score": 1, "detail": "", "evidence": {}}]


@pytest.fixture
def approved(cast: Cast, tmp_path: Path) -> Release:
    """Signed for by everybody, one step before it goes out."""
    return approve(cast, make_release(cast, make_draft(cast, tmp_path)))


def out_by(cast: Cast, release: Release) -> dict[str, object]:
    """The columns of a release that is out, as publication writes them."""
    return {
        "state": "published",
        "dvc_commit": "a" * 40,
        "published_by_id": cast.rita.pk,
        "published_at": timezone.now(),
    }


def update(release: Release, **columns: object) -> None:
    Release.objects.filter(pk=release.pk).update(**columns)


def save(release: Release, **columns: object) -> None:
    row = Release.objects.get(pk=release.pk)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save()


def query(release: Release, **columns: object) -> None:
    names = ", ".join(f"{name} = %s" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE releases_release SET {names} WHERE id = %s",
            [*list[Any](columns.values()), release.pk],
        )


WAYS = pytest.mark.parametrize("way", [update, save, query])
Way = Callable[..., None]


def refused(cast: Cast, release: Release, match: str, way: Way = update) -> None:
    with pytest.raises(DatabaseError, match=match), transaction.atomic():
        way(release, **out_by(cast, release))


def finding_in(clip: Clip, **more: Any) -> Finding:
    """What a detector in force saw in the clip's present bytes."""
    scan = Scan.objects.filter(content_sha256=clip.blob.sha256).first()
    assert scan is not None
    values = {"position": 7, "content_sha256": clip.blob.sha256, "kind": "speech", **more}
    return Finding.objects.create(clip=clip, scan=scan, **values)


def first_clip(release: Release) -> Clip:
    return release.dataset.clips.select_related("blob").get(path="field/000.wav")


@WAYS
@pytest.mark.parametrize("state", ["draft", "frozen", "in_review"])
def test_no_state_is_jumped_over(cast: Cast, tmp_path: Path, way: Way, state: str) -> None:
    release = make_release(cast, make_draft(cast, tmp_path))
    if state == "draft":
        release = reopen_release(actor=cast.ada, release=release)
    if state == "in_review":
        release = submit_release(actor=cast.ada, release=release)
    refused(cast, release, "cannot go|sign-offs|not seen|no root|has_root|does not hold", way)
    assert Release.objects.get(pk=release.pk).state == state


@WAYS
def test_an_approved_release_goes_out_when_nothing_is_wrong(
    cast: Cast, approved: Release, way: Way
) -> None:
    """Without which the refusals below would prove nothing."""
    way(approved, **out_by(cast, approved))
    assert Release.objects.get(pk=approved.pk).state == "published"


@WAYS
def test_an_open_finding_keeps_it_in(cast: Cast, approved: Release, way: Way) -> None:
    finding = finding_in(first_clip(approved))
    refused(cast, approved, "a finding stands open", way)
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        publish_release_here(actor=cast.rita, release=approved)
    decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")
    publish_release_here(actor=cast.rita, release=approved)


def insert_decision(cast: Cast, finding: Finding, **more: Any) -> Decision:
    values = {
        "verdict": "clear",
        "reason": "nothing in it",
        "content_sha256": finding.content_sha256,
        "decided_by": cast.cleo,
        "uploaded_by": finding.clip.added_by,
        **more,
    }
    return Decision.objects.create(finding=finding, **values)


@WAYS
def test_a_decision_by_the_uploader_keeps_it_in(cast: Cast, approved: Release, way: Way) -> None:
    finding = finding_in(first_clip(approved))
    for uploader in (cast.ada, cast.cleo):
        with pytest.raises(DatabaseError, match="does not judge them"), transaction.atomic():
            insert_decision(cast, finding, decided_by=cast.ada, uploaded_by=uploader)
    insert_decision(cast, finding)
    # Who decided says afterwards to have brought it in.
    Clip.objects.filter(pk=finding.clip_id).update(added_by=cast.cleo)
    refused(cast, approved, "a decision does not hold", way)
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        publish_release_here(actor=cast.rita, release=approved)


@WAYS
def test_a_decision_on_other_bytes_keeps_it_in(cast: Cast, approved: Release, way: Way) -> None:
    insert_decision(cast, finding_in(first_clip(approved)), content_sha256="0" * 64)
    refused(cast, approved, "a decision does not hold", way)
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        publish_release_here(actor=cast.rita, release=approved)


@pytest.mark.parametrize("verdict", ["redact", "exclude"])
def test_a_clip_that_was_to_leave_and_is_there_keeps_it_in(
    cast: Cast, approved: Release, verdict: str
) -> None:
    insert_decision(cast, finding_in(first_clip(approved)), verdict=verdict)
    refused(cast, approved, "a decision does not hold")
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        publish_release_here(actor=cast.rita, release=approved)


@WAYS
def test_a_scan_that_is_gone_keeps_it_in(cast: Cast, approved: Release, way: Way) -> None:
    Scan.objects.filter(detector="speech").delete()
    refused(cast, approved, "not seen by the detectors", way)
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        publish_release_here(actor=cast.rita, release=approved)


def test_a_scan_of_an_older_version_does_not_count_whatever_its_date(
    cast: Cast, approved: Release
) -> None:
    detector = list_detectors(approved.dataset.privacy_profile)[0]
    for scan in list_scans(approved.dataset, detector):
        Scan.objects.filter(pk=scan.pk).delete()
        scan.pk, scan.detector_version = None, "0.9"
        scan.finished_at = datetime(2020, 1, 1, tzinfo=UTC)
        scan.save(force_insert=True)
    refused(cast, approved, "not seen by the detectors")
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        publish_release_here(actor=cast.rita, release=approved)


def test_a_new_version_of_a_detector_keeps_it_in_once_any_gate_asked_for_it(
    cast: Cast, approved: Release
) -> None:
    DetectorInForce.objects.filter(detector="speech").update(detector_version="99")
    refused(cast, approved, "not seen by the detectors")
    DetectorInForce.objects.all().delete()
    refused(cast, approved, "not seen by the detectors")


def test_a_failed_scan_keeps_it_in(cast: Cast, approved: Release) -> None:
    scan = Scan.objects.filter(detector="speech").first()
    assert scan is not None
    Scan.objects.filter(pk=scan.pk).delete()
    scan.pk, scan.failed = None, True
    scan.save(force_insert=True)
    refused(cast, approved, "not seen by the detectors")
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        publish_release_here(actor=cast.rita, release=approved)


def test_a_scan_whose_findings_were_lost_keeps_it_in(cast: Cast, approved: Release) -> None:
    """The process died after it wrote down what it saw, before it made findings of it."""
    clip = first_clip(approved)
    scan = Scan.objects.get(detector="speech", content_sha256=clip.blob.sha256)
    Scan.objects.filter(pk=scan.pk).delete()
    scan.pk = None
    scan.seen = SEEN
    scan.save(force_insert=True)
    refused(cast, approved, "not seen by the detectors")
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        publish_release_here(actor=cast.rita, release=approved)
    scan_dataset(actor=cast.ada, dataset=approved.dataset)
    assert Finding.objects.filter(clip=clip, scan=scan).count() == 1


def test_a_stricter_profile_after_approval_keeps_it_in(cast: Cast, approved: Release) -> None:
    Dataset.objects.filter(pk=approved.dataset_id).update(privacy_profile="sensitive")
    refused(cast, approved, "not seen by the detectors")
    with pytest.raises(GatesFailedError, match=r"privacy\.scanned"):
        publish_release_here(actor=cast.rita, release=Release.objects.get(pk=approved.pk))


@pytest.mark.parametrize(
    "columns",
    [{"state": "removed"}, {"state": "excluded"}, {"blob": None}],
    ids=["removed", "excluded", "other bytes"],
)
def test_a_draft_changed_behind_the_release_keeps_it_in(
    cast: Cast, approved: Release, columns: dict[str, Any]
) -> None:
    clip = first_clip(approved)
    if "blob" in columns:
        columns = {"blob": keep(approved.dataset, sound_bytes(hertz=900))}
    Clip.objects.filter(pk=clip.pk).update(**columns)
    refused(cast, approved, "does not hold the clips|not seen by the detectors")


def test_a_clip_taken_back_into_the_draft_behind_the_release_keeps_it_in(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path)
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    dataset.refresh_from_db()
    release = approve(cast, make_release(cast, dataset))
    Clip.objects.filter(dataset=dataset, state="removed").update(state="active")
    refused(cast, release, "does not hold the clips")


def test_bytes_slipped_into_a_release_keep_it_in(cast: Cast, approved: Release) -> None:
    clip = first_clip(approved)
    Clip.objects.filter(pk=clip.pk).update(original=keep(approved.dataset, sound_bytes(hertz=800)))
    clip.refresh_from_db()
    assert clip.original is not None
    ReleaseBlob.objects.create(release=approved, blob=clip.original)
    refused(cast, approved, "does not hold the clips")


def test_bytes_are_not_slipped_into_a_published_release(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    other = keep(release.dataset, sound_bytes(hertz=800))
    Clip.objects.filter(dataset=release.dataset, path="field/000.wav").update(original=other)
    holding = release.holdings.select_related("blob").first()
    assert holding is not None
    for attempt in (
        lambda: ReleaseBlob.objects.create(release=release, blob=other),
        lambda: ReleaseBlob.objects.filter(pk=holding.pk).update(blob=other),
        lambda: ReleaseBlob.objects.filter(pk=holding.pk).delete(),
    ):
        with pytest.raises(DatabaseError, match=r"takes no clip in|append-only|for good"):
            in_transaction(attempt)


def in_transaction(attempt: Callable[[], object]) -> None:
    with transaction.atomic():
        attempt()


def test_what_was_judged_does_not_change_afterwards(cast: Cast, approved: Release) -> None:
    for columns in (
        {"purposes": ["train.generative"]},
        {"draft_serial": 99},
        {"root": "0" * 64},
        {"frozen_by": cast.dan},
        {"clips": 3},
        {"clips_table": approved.events_table},
    ):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            update(approved, **columns)
    publish_release_here(actor=cast.rita, release=approved)
    for columns in ({"purposes": ["train.generative"]}, {"published_by": cast.dan}):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            update(approved, **columns)


def test_gates_and_sign_offs_are_not_rewritten(cast: Cast, approved: Release) -> None:
    gates = GateResult.objects.filter(release=approved)
    signs = SignOff.objects.filter(release=approved)
    attempts: list[Callable[[], object]] = [
        lambda: gates.update(passed=True),
        lambda: signs.update(signed_by=cast.dan),
    ]
    publish_release_here(actor=cast.rita, release=approved)
    attempts += [gates.delete, signs.delete]
    for attempt in attempts:
        with pytest.raises(DatabaseError, match=r"append-only|stay as they are"):
            in_transaction(attempt)


def test_a_sign_off_by_the_maker_under_another_name_keeps_it_in(cast: Cast, tmp_path: Path) -> None:
    release = submit_release(actor=cast.ada, release=make_release(cast, make_draft(cast, tmp_path)))
    for part in SignOff.Part.values:
        SignOff.objects.create(
            release=release, root=release.root, part=part, signed_by=cast.ada, frozen_by=cast.dan
        )
    with pytest.raises(DatabaseError, match="does not sign"), transaction.atomic():
        update(release, state="approved")


def test_findings_and_decisions_are_not_taken_back(cast: Cast, approved: Release) -> None:
    finding = finding_in(first_clip(approved))
    for attempt in (finding.delete, lambda: Finding.objects.filter(pk=finding.pk).update(kind="x")):
        with pytest.raises(DatabaseError, match="append-only"):
            in_transaction(attempt)
    with pytest.raises((DatabaseError, models.ProtectedError)):
        in_transaction(first_clip(approved).delete)
    assert Finding.objects.filter(pk=finding.pk).exists()


@pytest.mark.parametrize("verdict", ["redact", "exclude"])
def test_what_a_reviewer_took_out_does_not_come_back_by_another_import(
    cast: Cast, tmp_path: Path, verdict: str
) -> None:
    """The clip is removed from the draft, and the very same file is imported again."""
    dataset = make_draft(cast, tmp_path)
    folder = tmp_path / "more"
    folder.mkdir()
    write_marked(folder, "info").rename(folder / "tagged.wav")
    table = folder / "clips.csv"
    table.write_text("path,licence,split\ntagged.wav,CC0-1.0,train\n")

    def bring_in() -> None:
        import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
        scan_dataset(actor=cast.ada, dataset=dataset)

    bring_in()
    finding = Finding.objects.filter(clip__path="tagged.wav", kind="metadata").first()
    assert finding is not None
    before = finding.content_sha256
    for row in Finding.objects.filter(clip__path="tagged.wav", decision=None):
        row.clip.refresh_from_db()
        if row.clip.blob.sha256 == row.content_sha256 and row.clip.state == "active":
            decide_finding(actor=cast.cleo, finding=row, verdict=verdict, reason="a name")
    remove_clips(actor=cast.ada, dataset=dataset, paths=["tagged.wav"])
    bring_in()
    back = Clip.objects.select_related("blob").get(path="tagged.wav")
    assert (back.blob.sha256, back.state) == (before, "active")
    release = make_release(cast, Dataset.objects.get(pk=dataset.pk))
    with pytest.raises(GatesFailedError, match=r"privacy\.decided"):
        submit_release(actor=cast.ada, release=release)


def admin_addresses() -> Iterator[str]:
    for model in admin.site._registry:
        if model.__module__.startswith("apps.") and model is not User:
            yield f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


@pytest.mark.parametrize("address", sorted(admin_addresses()))
def test_operators_change_nothing_by_the_admin_pages(cast: Cast, address: str) -> None:
    root = User.objects.create_superuser("root", "root@example.org", "pw")
    client = Client()
    client.force_login(root)
    assert client.get(address).status_code == 200
    assert client.post(f"{address}add/", {"state": "published"}).status_code == 403
    for part in ("change", "delete"):
        assert client.post(f"{address}1/{part}/", {"state": "published"}).status_code in {302, 403}
    chosen = {"action": "delete_selected", "_selected_action": "1", "post": "yes"}
    assert client.post(address, chosen).status_code in {200, 302}


@pytest.mark.parametrize("step", ["submit", "sign-offs", "publish", "deprecate"])
def test_steps_in_an_odd_order_over_rest_move_nothing(
    cast: Cast, tmp_path: Path, client: Client, step: str
) -> None:
    release = reopen_release(
        actor=cast.ada, release=make_release(cast, make_draft(cast, tmp_path, clips=2))
    )
    for role in ("owner", "steward", "privacy_reviewer", "rights_reviewer", "release_manager"):
        cast.dan.memberships.create(organisation=cast.acme, role=role)
    client.force_login(cast.dan)
    address = f"/api/v1/datasets/acme/tones/releases/1.0.0/{step}/"
    body = {"sign-offs": {"part": "privacy"}, "deprecate": {"reason": "x"}}.get(step, {})
    for _ in range(2):
        response = client.post(address, body, content_type="application/json")
        assert response.status_code in {401, 403, 409}, response.content
        assert Release.objects.get(pk=release.pk).state == ReleaseState.DRAFT
        freeze_release(actor=cast.ada, release=release)
        reopen_release(actor=cast.ada, release=release)


def rescan(cast: Cast, release: Release, folder: Path) -> None:
    """A detector hears a voice where it heard none before, as `scan_clips` writes it down."""
    clip = first_clip(release)
    scan = Scan.objects.get(detector="speech", content_sha256=clip.blob.sha256)
    Scan.objects.filter(pk=scan.pk).delete()
    scan.pk = None
    scan.seen = SEEN
    scan.save(force_insert=True)
    scan_dataset(actor=cast.ada, dataset=release.dataset)


def take_out(cast: Cast, release: Release, folder: Path) -> None:
    remove_clips(actor=cast.ada, dataset=release.dataset, paths=["field/003.wav"])


def put_in(cast: Cast, release: Release, folder: Path) -> None:
    other = folder / "other" / "field"
    other.mkdir(parents=True)
    (other / "000.wav").write_bytes(sound_bytes(hertz=900))
    table = folder / "other.csv"
    table.write_text("path,licence\nfield/000.wav,CC0-1.0\n")
    import_clips(actor=cast.ada, dataset=release.dataset, source=other.parent, metadata=table)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("meddle", [rescan, take_out, put_in])
def test_what_happens_while_it_is_published_is_in_time_or_too_late(
    tmp_path: Path, meddle: Callable[[Cast, Release, Path], None]
) -> None:
    """Whatever comes first: a published release is the draft it was judged by, fully reviewed."""
    cast = assemble()
    release = approve(cast, make_release(cast, make_draft(cast, tmp_path)))
    start = threading.Barrier(2)
    problems: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as problem:  # noqa: BLE001  (told apart below)
            problems.append(problem)
        finally:
            connection.close()

    works = (
        lambda: meddle(cast, release, tmp_path),
        lambda: publish_release_here(actor=cast.rita, release=release),
    )
    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = Release.objects.get(pk=release.pk)
    late = [scan.finished_at for scan in Scan.objects.exclude(seen=[])]
    if row.state == ReleaseState.PUBLISHED:
        assert problems == []
        assert row.published_at is not None
        assert all(moment > row.published_at for moment in late)
    else:
        assert len(problems) == 1, problems
        assert isinstance(problems[0], EarmarkError | DatabaseError)
