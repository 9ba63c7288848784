"""Who is in a clip, what was found in it and what was decided follow its sound."""

import shutil
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import Membership, User
from apps.audio.decoding import read_mono
from apps.audit.models import AuditEvent
from apps.consent.models import Participation, PeopleStatement
from apps.datasets.actions import remove_clips
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.ingest.import_report import Report
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from apps.releases.gate_results import judge_draft
from apps.releases.models import Release
from apps.review.access import filter_open_findings
from apps.review.actions import (
    confirm_clearance,
    count_people,
    decide_finding,
    decide_findings_alike,
    point_out_voice,
)
from apps.review.decisions import OwnWorkError
from apps.review.models import Decision, Headcount, Revocation
from apps.review.replacements import NotRedactableError
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import Role
from tests.apps.consent.answers import answers, record
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, ask_about, make_dataset, make_draft, write_table
from tests.factories.reviews import play
from tests.marked import with_artist
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, sounds_of
from tests.sounds import write_sound

pytestmark = pytest.mark.django_db
RATE = 16_000


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Two tones with ben in them, two without anybody."""
    return make_draft(cast, tmp_path)


@pytest.fixture
def dan(cast: Cast) -> User:
    return second_reviewer(cast)


def bring(
    cast: Cast, dataset: Dataset, tmp_path: Path, sounds: dict[str, Path], **people: str
) -> Report:
    """Import copies of files under these names; `people` is the cell of each name's stem."""
    folder = tmp_path / f"in-{Clip.objects.count()}-{PeopleStatement.objects.count()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rows = []
    for name, source in sounds.items():
        shutil.copyfile(source, folder / name)
        stem = Path(name).stem
        rows.append({"path": name, "licence": "CC0-1.0", "contributors": people.get(stem, "")})
    table = write_table(tmp_path / f"{folder.name}.csv", rows)
    report = import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
    assert report.is_clean, report.sentences()
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    return report


def say(cast: Cast, dataset: Dataset, tmp_path: Path, **people: str) -> Report:
    """Import the draft's own tones again, with other people named for some."""
    rows = [
        {"path": f"field/{stem[1:]}.wav", "contributors": cell} for stem, cell in people.items()
    ]
    table = write_table(tmp_path / "again.csv", rows)
    report = import_clips(
        actor=cast.ada, dataset=dataset, source=tmp_path / "sounds", metadata=table
    )
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    return report


def changed(dataset: Dataset) -> dict[str, str]:
    rows = filter_open_findings(
        Finding.objects.filter(clip__dataset=dataset, kind="people_changed")
    )
    return dict(rows.values_list("clip__path", "detail"))


def returned(dataset: Dataset) -> dict[str, str]:
    rows = filter_open_findings(Finding.objects.filter(clip__dataset=dataset, kind="returned"))
    return dict(rows.values_list("clip__path", "detail"))


def blocked(dataset: Dataset) -> set[str]:
    """Paths of clips that the gates on findings and scans hold back."""
    release = Release.objects.filter(dataset=dataset).first() or create_release(
        actor=dataset.created_by, dataset=dataset, version="0.1.0", purposes=PURPOSES
    )
    facts = load_facts(release, at=timezone.now())
    return {clip.path for clip in facts.clips if clip.findings or facts.detectors - clip.scans}


ONE_GONE = "1 person who was recorded for this sound before, and not for this clip now"


def test_the_same_bytes_in_a_new_dataset_keep_their_people(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    other = make_dataset(cast, "other")
    sounds = {
        "bird.wav": tmp_path / "sounds/field/000.wav",
        "same.wav": tmp_path / "sounds/field/001.wav",
        "none.wav": tmp_path / "sounds/field/003.wav",
    }
    bring(cast, other, tmp_path, sounds, same="ben")
    assert changed(other) == {"bird.wav": ONE_GONE}
    assert blocked(other) >= {"bird.wav"}
    remove_clips(actor=cast.ada, dataset=draft, paths=["field/000.wav"])
    scan_dataset(actor=cast.ada, dataset=other)
    assert changed(other) == {"bird.wav": ONE_GONE}


def test_a_sound_of_a_dataset_about_which_another_form_asked_waits_for_a_reviewer(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    sounds = {"same.wav": tmp_path / "sounds/field/001.wav"}
    both = make_dataset(cast, "both")
    ask_about(cast, both)
    bring(cast, both, tmp_path, sounds, same="ben")
    assert changed(both) == {}
    other = make_dataset(cast, "other")
    word = answers(form="street", allowed=[Purpose.TRAIN_DISCRIMINATIVE])
    record(cast, word, datasets=[other])
    bring(cast, other, tmp_path, sounds, same="ben")
    [said] = changed(other).items()
    assert said[0] == "same.wav"
    assert said[1].startswith("this sound was in another dataset or recording before")


def test_people_that_change_are_a_change_in_the_report_and_in_the_log(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    serial = draft.draft_serial
    report = say(cast, draft, tmp_path, f000="eva", f001="ben", f002="mia")
    assert (report.added, report.changed, report.unchanged) == (0, 2, 1)
    assert report.notes[-1] == "Who is in it has changed: field/000.wav, field/002.wav"
    assert draft.draft_serial == serial + 1
    event = AuditEvent.objects.get(kind="clip.people_changed")
    assert event.detail["changes"] == [
        {"clip": "field/000.wav", "before": ["ben"], "after": ["eva"]},
        {"clip": "field/002.wav", "before": [], "after": ["mia"]},
    ]
    rows = PeopleStatement.objects.values_list("clip__path", "before", "after", "said_by__username")
    assert list(rows) == [
        ("field/000.wav", ["ben"], ["eva"], "ada"),
        ("field/002.wav", [], ["mia"], "ada"),
    ]


def test_what_was_said_of_people_is_never_changed(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    say(cast, draft, tmp_path, f000="eva")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PeopleStatement.objects.update(before=[])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        PeopleStatement.objects.all().delete()


def test_an_empty_cell_says_nothing_and_a_hyphen_says_nobody(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    report = say(cast, draft, tmp_path, f000="", f001="", f002="-")
    assert (report.changed, report.unchanged) == (0, 3)
    assert Participation.objects.filter(clip__dataset=draft).count() == 2
    report = say(cast, draft, tmp_path, f000="-", f001="")
    assert (report.changed, report.unchanged) == (1, 1)
    assert changed(draft) == {"field/000.wav": ONE_GONE}


@pytest.mark.parametrize(
    ("cell", "found"), [("eva", True), ("-", True), ("ben;eva", False), ("ben", False)]
)
def test_fewer_or_other_people_wait_for_a_reviewer_and_more_do_not(
    cast: Cast, draft: Dataset, tmp_path: Path, cell: str, *, found: bool
) -> None:
    say(cast, draft, tmp_path, f000=cell)
    assert changed(draft) == ({"field/000.wav": ONE_GONE} if found else {})
    assert blocked(draft) == ({"field/000.wav"} if found else set())
    texts = [f"{row.detail} {row.evidence}" for row in Finding.objects.all()]
    assert not any("ben" in text or "eva" in text for text in texts)


def test_a_change_blocks_before_the_next_scan_too(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "t.csv", [{"path": "field/000.wav", "contributors": "-"}])
    import_clips(actor=cast.ada, dataset=draft, source=tmp_path / "sounds", metadata=table)
    assert blocked(draft) == {"field/000.wav"}


def test_a_confirmed_change_stands_until_somebody_is_named_again(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    say(cast, draft, tmp_path, f000="-")
    finding = Finding.objects.get(kind="people_changed")
    with pytest.raises(NotRedactableError, match="not in the sound"):
        decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="x")
    decide_finding(
        actor=cast.cleo, finding=finding, verdict="clear", reason="ben was not in it at all"
    )
    say(cast, draft, tmp_path, f001="ben")
    assert blocked(draft) == set()
    say(cast, draft, tmp_path, f000="eva")
    assert changed(draft) == {"field/000.wav": ONE_GONE}
    assert Revocation.objects.get().cause == "people_changed"


def test_who_named_the_people_does_not_confirm_the_change(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    say(cast, draft, tmp_path, f000="-")
    Clip.objects.filter(path="field/000.wav").update(added_by=cast.rita)
    finding = Finding.objects.get(kind="people_changed")
    Membership.objects.create(user=cast.ada, organisation=cast.acme, role=Role.PRIVACY_REVIEWER)
    with pytest.raises(OwnWorkError):
        decide_finding(actor=cast.ada, finding=finding, verdict="clear", reason="I know")


def test_decisions_that_relied_on_other_people_are_void(
    cast: Cast, draft: Dataset, tmp_path: Path, dan: User
) -> None:
    clip = clip_at(draft, 0)
    heard, tags = found_in(clip), found_in(clip, kind="metadata", position=8, onset=None)
    agreed = decide_finding(
        actor=cast.cleo, finding=heard, verdict="clear", reason="ben", identifiable=True
    )
    confirm_clearance(actor=dan, decision=agreed, agree=True, reason="ben")
    decide_finding(actor=cast.cleo, finding=tags, verdict="clear", reason="a tool's name")
    other = decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(draft, 1)), verdict="clear", reason="a tone"
    )
    say(cast, draft, tmp_path, f000="ben;eva")
    assert list(filter_open_findings(Finding.objects.filter(clip=clip))) == [heard]
    assert set(Decision.objects.values_list("finding", flat=True)) == {tags.pk, other.finding_id}
    gone = Revocation.objects.get()
    assert (gone.finding_id, gone.cause, gone.revoked_by) == (heard.pk, "people_changed", cast.ada)
    # Both are of one recording, which shares what is said of speech.
    assert blocked(draft) == {"field/000.wav", "field/001.wav"}


def test_the_same_bytes_under_another_name_keep_their_people(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    source = tmp_path / "sounds" / "field" / "000.wav"
    remove_clips(actor=cast.ada, dataset=draft, paths=["field/000.wav"])
    bring(cast, draft, tmp_path, {"other.wav": source})
    assert changed(draft) == {"other.wav": ONE_GONE}
    bring(cast, draft, tmp_path, {"third.wav": source}, third="ben")
    assert set(changed(draft)) == {"other.wav"}


def test_bytes_whose_clip_got_others_are_still_known(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    source = tmp_path / "sounds" / "field" / "000.wav"
    kept = shutil.copyfile(source, tmp_path / "kept.wav")
    shutil.copyfile(tmp_path / "sounds" / "field" / "003.wav", source)
    say(cast, draft, tmp_path, f000="")
    statement = PeopleStatement.objects.get()
    assert (statement.kept, statement.before, statement.after) == (True, ["ben"], ["ben"])
    bring(cast, draft, tmp_path, {"other.wav": Path(kept)})
    assert "other.wav" in changed(draft)


def named(package: str, stem: str) -> Path:
    return next(path for path in sounds_of(package) if path.stem == stem)


def recoded(source: Path, target: Path) -> Path:
    write_sound(target, read_mono(source, RATE) * 0.7, RATE)
    return target


def test_the_same_sound_in_another_coding_keeps_its_people(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast, "recoding")
    drums = named(INSTRUMENTS, "loop_amen")
    bell = named(DESKTOP, "bell")
    first = {
        "a.wav": recoded(drums, tmp_path / "a.wav"),
        "b.wav": recoded(bell, tmp_path / "b.wav"),
    }
    bring(cast, dataset, tmp_path, first, a="ben;eva")
    assert changed(dataset) == {}
    remove_clips(actor=cast.ada, dataset=dataset, paths=["a.wav"])
    bring(cast, dataset, tmp_path, {"c.ogg": recoded(drums, tmp_path / "c.ogg")}, c="ben")
    assert changed(dataset) == {"c.ogg": ONE_GONE}


def test_a_redacted_sound_that_comes_back_whole_keeps_its_people_and_is_known(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_dataset(cast, "redacting")
    drums = recoded(named(INSTRUMENTS, "loop_amen"), tmp_path / "a.wav")
    bring(cast, dataset, tmp_path, {"a.wav": drums}, a="ben")
    clip = Clip.objects.get(dataset=dataset)
    finding = point_out_voice(actor=cast.cleo, clip=clip, onset=0.1, offset=0.3, reason="somebody")
    decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="nobody knows who")
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert (changed(dataset), returned(dataset)) == ({}, {})
    remove_clips(actor=cast.ada, dataset=dataset, paths=["a.wav"])
    bring(cast, dataset, tmp_path, {"a.wav": drums}, a="ben")
    assert list(returned(dataset)) == ["a.wav"]
    bring(cast, dataset, tmp_path, {"z.wav": drums})
    assert set(returned(dataset)) == {"a.wav", "z.wav"}
    assert set(changed(dataset)) == {"z.wav"}


def test_an_exclusion_outlives_the_removal_of_its_clip(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast, "excluding")
    voice = sounds_of(VOICES)[3]
    bring(cast, dataset, tmp_path, {"voice.wav": voice})
    finding = Finding.objects.filter(clip__path="voice.wav", kind="speech").first()
    assert finding is not None
    decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="a stranger speaks")
    remove_clips(actor=cast.ada, dataset=dataset, paths=["voice.wav"])
    bring(cast, dataset, tmp_path, {"innocent.wav": voice})
    assert "voice.wav, excluded by review" in returned(dataset)["innocent.wav"]
    recoded(voice, tmp_path / "x.ogg")
    bring(cast, dataset, tmp_path, {"x.ogg": tmp_path / "x.ogg"})
    assert "voice.wav, excluded by review" in returned(dataset)["x.ogg"]


def test_what_a_person_heard_is_found_again_in_the_same_bytes_and_in_the_same_sound(
    cast: Cast, tmp_path: Path
) -> None:
    """No detector heard it, so no detector finds it when it comes back."""
    dataset = make_dataset(cast, "whispering")
    drums = recoded(named(INSTRUMENTS, "loop_amen"), tmp_path / "a.wav")
    bring(cast, dataset, tmp_path, {"a.wav": drums})
    point_out_voice(
        actor=cast.cleo,
        clip=Clip.objects.get(dataset=dataset),
        onset=0.1,
        offset=0.3,
        reason="somebody whispers",
    )
    remove_clips(actor=cast.ada, dataset=dataset, paths=["a.wav"])
    bring(cast, dataset, tmp_path, {"b.wav": drums})
    again = filter_open_findings(Finding.objects.filter(clip__path="b.wav", kind="speech"))
    assert [row.detail for row in again] == ["somebody whispers"]
    remove_clips(actor=cast.ada, dataset=dataset, paths=["b.wav"])
    bring(cast, dataset, tmp_path, {"c.ogg": recoded(drums, tmp_path / "c.ogg")})
    assert "in which speech was found and not decided on" in returned(dataset)["c.ogg"]


def test_somebody_unknown_is_remembered_in_another_coding(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast, "unknown")
    drums = recoded(named(INSTRUMENTS, "loop_amen"), tmp_path / "a.wav")
    bring(cast, dataset, tmp_path, {"a.wav": drums}, a="ben")
    count_people(
        actor=cast.cleo,
        clip=Clip.objects.get(dataset=dataset),
        people_heard=2,
        somebody_unknown=True,
        reason="a woman answers",
    )
    remove_clips(actor=cast.ada, dataset=dataset, paths=["a.wav"])
    bring(cast, dataset, tmp_path, {"c.ogg": recoded(drums, tmp_path / "c.ogg")}, c="ben")
    assert "in which somebody is not recorded" in returned(dataset)["c.ogg"]


def test_two_takes_whose_tags_were_stripped_are_not_taken_for_what_left(
    cast: Cast, tmp_path: Path
) -> None:
    """Stripping takes no sound away: there is nothing that could come back."""
    dataset = make_dataset(cast, "takes")
    drums = read_mono(named(INSTRUMENTS, "loop_amen"), RATE)
    takes = {
        name: with_artist(write_sound(tmp_path / name, drums * level, RATE))
        for name, level in (("one.wav", 0.7), ("two.wav", 0.35))
    }
    bring(cast, dataset, tmp_path, takes)
    tags = list(filter_open_findings(Finding.objects.filter(kind="metadata")))
    assert {finding.clip.path for finding in tags} == {"one.wav", "two.wav"}
    first = Clip.objects.select_related("blob", "dataset").get(path="one.wav")
    play(cast.cleo, first)
    count_people(
        actor=cast.cleo, clip=first, people_heard=0, somebody_unknown=False, reason="a drum"
    )
    for path in takes:
        one = [finding for finding in tags if finding.clip.path == path]
        decide_findings_alike(actor=cast.cleo, findings=one, verdict="redact", reason="tags")
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert returned(dataset) == {}
    first.refresh_from_db()
    assert {row.content_sha256 for row in Headcount.objects.all()} == {
        first.original.sha256 if first.original else "",
        first.blob.sha256,
    }


def test_the_gates_name_a_change_of_people(cast: Cast, draft: Dataset, tmp_path: Path) -> None:
    say(cast, draft, tmp_path, f000="-")
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    found = {verdict.code: verdict for verdict in judge_draft(release)}["privacy.decided"]
    assert [row.message for row in found.rows] == ["people_changed waits for a decision"]
