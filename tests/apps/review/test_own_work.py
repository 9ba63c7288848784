"""Who worked on a sound does not judge it, under whatever name, clip or dataset it comes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from apps.accounts.models import Membership, Organisation, User
from apps.datasets.actions import create_dataset, remove_clips
from apps.datasets.models import Clip, Dataset, EarlierWork
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.ingest.label_imports import import_labels
from apps.review.actions import count_people, decide_finding
from apps.review.decisions import OwnWorkError, find_own_work
from apps.review.models import Confirmation, Decision, Headcount, Hearing
from apps.review.playback_records import note_playback
from apps.review.sampling import draw_sample, record_hearing
from datasets_catalog.roles import Role
from tests.apps.review.reviewing import clip_at, found_in
from tests.cast import Cast
from tests.factories.drafts import make_dataset, make_draft, write_table
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db
REFUSED = "does not judge them"


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Ada brought it in and labelled it, and may review; dan is a second steward."""
    dataset = make_draft(cast, tmp_path)
    for user, role in ((cast.ada, Role.PRIVACY_REVIEWER), (cast.dan, Role.STEWARD)):
        Membership.objects.create(user=user, organisation=cast.acme, role=role)
    return dataset


def bring(user: User, dataset: Dataset, folder: Path, source: Path, path: str, **said: str) -> Clip:
    """The bytes of `source` under another name, from a folder of their own."""
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, folder / path)
    table = write_table(folder / "clips.csv", [{"path": path, "licence": "CC0-1.0", **said}])
    report = import_clips(actor=user, dataset=dataset, source=folder, metadata=table)
    assert report.is_clean, report.sentences()
    scan_dataset(actor=user, dataset=dataset)
    return Clip.objects.select_related("blob", "dataset__organisation").get(
        dataset=dataset, path=path
    )


def describe_anew(cast: Cast, draft: Dataset, base: Path) -> Clip:
    table = write_table(base / "again.csv", [{"path": "field/000.wav", "title": "A tone"}])
    report = import_clips(actor=cast.dan, dataset=draft, source=base / "sounds", metadata=table)
    assert report.changed == 1
    assert clip_at(draft).added_by == cast.dan
    return clip_at(draft)


def under_another_name(cast: Cast, draft: Dataset, base: Path) -> Clip:
    source = base / "sounds" / "field" / "000.wav"
    return bring(cast.dan, draft, base / "dan", source, "renamed.wav")


def removed_and_brought_back(cast: Cast, draft: Dataset, base: Path) -> Clip:
    remove_clips(actor=cast.dan, dataset=draft, paths=["field/000.wav"])
    return under_another_name(cast, draft, base)


def in_another_dataset(cast: Cast, draft: Dataset, base: Path) -> Clip:
    source = base / "sounds" / "field" / "000.wav"
    return bring(cast.dan, make_dataset(cast, "other"), base / "dan", source, "new.wav")


def replaced_and_brought_back(cast: Cast, draft: Dataset, base: Path) -> Clip:
    """The clip that ada brought has other bytes by now, which she brought as well."""
    sounds = base / "sounds" / "field"
    bring(cast.ada, draft, base / "ada", sounds / "003.wav", "field/000.wav")
    return under_another_name(cast, draft, base)


def redacted_and_brought_back(cast: Cast, draft: Dataset, base: Path) -> Clip:
    finding = found_in(clip_at(draft))
    decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="somebody speaks")
    assert clip_at(draft).original is not None
    return under_another_name(cast, draft, base)


WAYS = [
    describe_anew,
    under_another_name,
    removed_and_brought_back,
    in_another_dataset,
    replaced_and_brought_back,
    redacted_and_brought_back,
]
Way = Callable[[Cast, Dataset, Path], Clip]


@pytest.mark.parametrize("way", WAYS)
def test_no_other_hand_name_or_dataset_lets_nobody_judge_their_own_work(
    cast: Cast, draft: Dataset, tmp_path: Path, way: Way
) -> None:
    clip = way(cast, draft, tmp_path)
    finding = found_in(clip)

    with pytest.raises(OwnWorkError, match="under another name"):
        decide_finding(actor=cast.ada, finding=finding, verdict="clear", reason="only a tone")
    with pytest.raises(OwnWorkError):
        count_people(
            actor=cast.ada, clip=clip, people_heard=0, somebody_unknown=False, reason="nobody"
        )
    assert decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone").pk


@pytest.mark.parametrize("way", WAYS)
def test_the_database_refuses_it_as_well(
    cast: Cast, draft: Dataset, tmp_path: Path, way: Way
) -> None:
    clip = way(cast, draft, tmp_path)
    finding: Finding = found_in(clip)
    play(cast.ada, clip)
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        decision_by(cast.ada, finding)
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        count_by(cast.ada, clip)
    decision = decision_by(cast.cleo, finding)
    with pytest.raises(DatabaseError, match=r"own work|does not judge"), transaction.atomic():
        Confirmation.objects.create(
            finding=finding,
            decision=decision,
            agree=True,
            reason="so it is",
            confirmed_by=cast.ada,
            decided_by=cast.cleo,
            uploaded_by=cast.dan,
        )


def decision_by(user: User, finding: Finding) -> Decision:
    return Decision.objects.create(
        finding=finding,
        verdict="clear",
        reason="only a tone",
        content_sha256=finding.content_sha256,
        decided_by=user,
        uploaded_by=User.objects.get(username="dan"),
    )


def count_by(user: User, clip: Clip) -> Headcount:
    return Headcount.objects.create(
        dataset=clip.dataset,
        clip=clip,
        content_sha256=clip.blob.sha256,
        people_heard=0,
        somebody_unknown=False,
        people_recorded=0,
        reason="nobody",
        counted_by=user,
        uploaded_by=User.objects.get(username="dan"),
    )


def test_nobody_hears_their_own_sound_for_a_sample_under_another_name(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    clip = in_another_dataset(cast, draft, tmp_path)
    draw_sample(actor=cast.cleo, dataset=clip.dataset)
    drawn = clip.dataset.samples.get().clips.get()
    play(cast.ada, clip)

    with pytest.raises(OwnWorkError):
        record_hearing(actor=cast.ada, sample_clip=drawn, missed=False)
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        Hearing.objects.create(
            dataset=clip.dataset,
            content_sha256=clip.blob.sha256,
            sample_clip=drawn,
            missed=False,
            heard_by=cast.ada,
            uploaded_by=cast.dan,
        )


def test_what_somebody_labelled_stays_their_work_when_the_labels_are_taken_out(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    Membership.objects.create(user=cast.eve, organisation=cast.acme, role=Role.PRIVACY_REVIEWER)
    Membership.objects.create(user=cast.eve, organisation=cast.acme, role=Role.ANNOTATOR)
    label(cast.eve, draft, tmp_path, "evening", replace=False)
    assert find_own_work(cast.eve, [clip_at(draft).pk]) == ["field/000.wav"]

    label(cast.dan, draft, tmp_path, "dawn", replace=True)
    assert clip_at(draft).events.get().created_by == cast.dan
    clip = removed_and_brought_back(cast, draft, tmp_path)
    finding = found_in(clip)

    with pytest.raises(OwnWorkError):
        decide_finding(actor=cast.eve, finding=finding, verdict="clear", reason="a tone")
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        decision_by(cast.eve, finding)


def test_who_is_named_as_annotator_does_not_judge_what_another_brought_in_for_them(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    clip = clip_at(draft)
    label(cast.dan, draft, tmp_path, "dusk", replace=False, annotator="cleo")
    finding = found_in(clip)

    with pytest.raises(OwnWorkError):
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        decision_by(cast.cleo, finding)


def test_who_said_who_is_in_a_sound_does_not_judge_it_under_another_name(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    Membership.objects.create(user=cast.cleo, organisation=cast.acme, role=Role.STEWARD)
    table = write_table(
        tmp_path / "who.csv", [{"path": "field/000.wav", "contributors": "ben;mia"}]
    )
    # The row alone changes people, so that cleo described nothing else.
    import_clips(actor=cast.cleo, dataset=draft, source=tmp_path / "sounds", metadata=table)
    assert clip_at(draft).added_by == cast.ada
    clip = under_another_name(cast, draft, tmp_path)
    finding = found_in(clip)

    with pytest.raises(OwnWorkError):
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")
    with pytest.raises(DatabaseError, match=REFUSED), transaction.atomic():
        decision_by(cast.cleo, finding)


def test_the_same_bytes_of_another_organisation_are_nobodys_own_work_here(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    beta = Organisation.objects.create(name="beta", title="Beta")
    Membership.objects.create(user=cast.cleo, organisation=beta, role=Role.OWNER)
    Membership.objects.create(user=cast.cleo, organisation=beta, role=Role.STEWARD)
    there = create_dataset(actor=cast.cleo, organisation=beta, name="tones", vertical="sfx")
    source = tmp_path / "sounds" / "field" / "000.wav"
    clip = bring(cast.cleo, there, tmp_path / "beta", source, "tone.wav")

    assert clip.blob.sha256 == clip_at(draft).blob.sha256
    assert find_own_work(cast.cleo, [clip.pk]) == ["tone.wav"]
    assert find_own_work(cast.cleo, [clip_at(draft).pk]) == []
    assert decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(draft)), verdict="clear", reason="x"
    ).pk


def test_what_was_noted_as_work_is_never_forgotten(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    describe_anew(cast, draft, tmp_path)
    assert EarlierWork.objects.filter(user=cast.ada).exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        EarlierWork.objects.all().delete()


def test_who_heard_part_of_a_sound_is_no_author_of_it(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    note_playback(
        actor=cast.cleo, dataset=draft, content=clip.blob.sha256, onset=0.0, offset=clip.duration
    )
    assert find_own_work(cast.cleo, [clip.pk]) == []


def label(
    user: User, draft: Dataset, base: Path, name: str, *, replace: bool, annotator: str = ""
) -> None:
    row = {"path": "field/000.wav", "onset": 0.1, "offset": 0.3, "label": name}
    if annotator:
        row["annotator"] = annotator
    table = write_table(base / f"{name}.csv", [row])
    import_labels(actor=user, dataset=draft, source=table, format_name="native", replace=replace)
