"""Decisions: one and many, taken back, and confirmed by a second reviewer."""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.datasets.models import Clip, Dataset, Event
from apps.detection.models import Finding
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from apps.releases.models import Release
from apps.review import undo
from apps.review.access import filter_open_findings, filter_unsettled_findings, name_finding_state
from apps.review.actions import (
    NotAlikeError,
    NotAwaitingError,
    OwnWorkError,
    UndoError,
    confirm_clearance,
    decide_finding,
    decide_findings_alike,
    undo_batch,
    undo_decision,
)
from apps.review.models import Batch, Confirmation, Decision, Redaction, Revocation
from apps.review.playback_records import (
    NotHeardError,
    choose_batch_sample,
    find_span,
    note_playback,
)
from apps.review.replacements import repeat_redaction
from datasets_catalog.errors import DeniedError, EarmarkError, InvalidError
from datasets_catalog.facts import FindingState
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_draft, make_release
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path)


@pytest.fixture
def dan(cast: Cast) -> User:
    return second_reviewer(cast)


def identifiable(cast: Cast, finding: Finding) -> Decision:
    return decide_finding(
        actor=cast.cleo,
        finding=finding,
        verdict="clear",
        reason="ben, who agreed",
        identifiable=True,
    )


def states(dataset: Dataset) -> list[FindingState]:
    release = Release.objects.filter(dataset=dataset).first() or create_release(
        actor=dataset.created_by, dataset=dataset, version="0.1.0", purposes=PURPOSES
    )
    facts = load_facts(release, at=timezone.now())
    return [finding.state for clip in facts.clips for finding in clip.findings]


def test_an_identifiable_person_waits_for_a_second_reviewer(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    finding = found_in(clip_at(draft))
    decision = identifiable(cast, finding)
    assert FindingState.AWAITING_SECOND in states(draft)
    assert not filter_open_findings(Finding.objects.all()).exists()
    assert list(filter_unsettled_findings(Finding.objects.all())) == [finding]
    assert name_finding_state(Finding.objects.get(pk=finding.pk)) == "awaiting_second"
    made = confirm_clearance(actor=dan, decision=decision, agree=True, reason="ben, heard it too")
    assert made.confirmed_by == dan
    assert states(draft) == []
    assert name_finding_state(Finding.objects.get(pk=finding.pk)) == "clear"


def test_what_a_second_reviewer_does_not_agree_with_is_open_again(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    finding = found_in(clip_at(draft))
    decision = identifiable(cast, finding)
    confirm_clearance(actor=dan, decision=decision, agree=False, reason="not ben")
    assert list(filter_open_findings(Finding.objects.all())) == [finding]
    taken = Revocation.objects.get()
    assert (taken.decided_by, taken.revoked_by, taken.cause) == (cast.cleo, dan, "not_confirmed")
    assert not Confirmation.objects.get().agree
    again = identifiable(cast, finding)
    confirm_clearance(actor=dan, decision=again, agree=True, reason="heard it twice: ben")
    assert states(draft) == []


def test_the_second_is_neither_the_first_nor_of_the_work_nor_without_the_role(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    clip = clip_at(draft)
    decision = identifiable(cast, found_in(clip))
    with pytest.raises(OwnWorkError):
        confirm_clearance(actor=cast.cleo, decision=decision, agree=True, reason="me again")
    with pytest.raises(DeniedError):
        confirm_clearance(actor=cast.olga, decision=decision, agree=True, reason="I only look")
    Event.objects.filter(clip=clip).update(created_by=dan)
    with pytest.raises(OwnWorkError):
        confirm_clearance(actor=dan, decision=decision, agree=True, reason="I labelled it")


@pytest.mark.parametrize("who", ["cleo", "ada", "dan"])
def test_the_database_refuses_a_second_who_is_none(
    cast: Cast, draft: Dataset, dan: User, who: str
) -> None:
    """The first reviewer, the uploader, and an annotator."""
    clip = clip_at(draft)
    decision = identifiable(cast, found_in(clip))
    Event.objects.filter(clip=clip).update(created_by=dan)
    with pytest.raises(DatabaseError, match=r"second|uploader"), transaction.atomic():
        Confirmation.objects.create(
            finding=decision.finding,
            decision=decision,
            agree=True,
            reason="x",
            confirmed_by=getattr(cast, who),
            decided_by=cast.cleo,
            uploaded_by=cast.ada,
        )


def test_a_plain_clearance_waits_for_nobody(cast: Cast, draft: Dataset, dan: User) -> None:
    finding = found_in(clip_at(draft))
    decision = decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")
    with pytest.raises(NotAwaitingError):
        confirm_clearance(actor=dan, decision=decision, agree=True, reason="yes")
    assert states(draft) == []


def test_findings_alike_are_decided_on_at_once(cast: Cast, draft: Dataset) -> None:
    findings = [found_in(clip_at(draft, number)) for number in range(4)]
    made = decide_findings_alike(
        actor=cast.cleo, findings=findings, verdict="exclude", reason="a conversation in all"
    )
    batch = Batch.objects.get()
    assert (batch.count, batch.kind, batch.made_by) == (4, "speech", cast.cleo)
    assert {decision.batch_id for decision in made} == {batch.pk}
    assert Clip.objects.filter(dataset=draft, state="excluded").count() == 4
    event = AuditEvent.objects.get(kind="findings.decided")
    assert event.detail["batch"]["count"] == 4


def test_of_many_all_are_decided_or_none(cast: Cast, draft: Dataset, dan: User) -> None:
    findings = [found_in(clip_at(draft, number)) for number in range(4)]
    Event.objects.filter(clip=findings[3].clip).update(created_by=dan)
    with pytest.raises(OwnWorkError, match=r"003\.wav"):
        decide_findings_alike(actor=dan, findings=findings, verdict="clear", reason="tones")
    decide_finding(actor=cast.cleo, finding=findings[1], verdict="clear", reason="a tone")
    with pytest.raises(EarmarkError, match="already"):
        decide_findings_alike(actor=cast.cleo, findings=findings, verdict="clear", reason="tones")
    assert Decision.objects.count() == 1
    assert Batch.objects.count() == 0


def test_findings_that_are_not_alike_are_not_decided_on_together(
    cast: Cast, draft: Dataset
) -> None:
    mixed = [found_in(clip_at(draft, 0)), found_in(clip_at(draft, 1), kind="spoken_name")]
    with pytest.raises(NotAlikeError, match="speech, spoken_name"):
        decide_findings_alike(actor=cast.cleo, findings=mixed, verdict="clear", reason="tones")
    with pytest.raises(InvalidError):
        decide_findings_alike(actor=cast.cleo, findings=[], verdict="clear", reason="tones")
    with pytest.raises(InvalidError, match="reason"):
        decide_findings_alike(actor=cast.cleo, findings=mixed[:1], verdict="clear", reason=" ")


def test_many_decisions_take_few_queries(
    cast: Cast, draft: Dataset, django_assert_max_num_queries: pytest.FixtureRequest
) -> None:
    findings = [
        found_in(clip_at(draft, number), position=10 + position)
        for number in range(4)
        for position in range(25)
    ]
    with django_assert_max_num_queries(40):  # type: ignore[operator]
        decide_findings_alike(actor=cast.cleo, findings=findings, verdict="clear", reason="tones")
    assert Decision.objects.count() == 100


def test_findings_of_one_clip_are_taken_out_together(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    before = clip.blob
    findings = [
        found_in(clip, position=8, onset=0.05, offset=0.1),
        found_in(clip, position=9, onset=0.2, offset=0.25),
    ]
    decide_findings_alike(actor=cast.cleo, findings=findings, verdict="redact", reason="two words")
    row = Redaction.objects.get()
    assert row.intervals == [[0.05, 0.1], [0.2, 0.25]]
    assert (row.before, row.method, row.made_by) == (before, "mute", cast.cleo)
    clip.refresh_from_db()
    assert clip.blob == row.after
    assert clip.original == before


@pytest.mark.parametrize("method", ["mute", "bleep", "noise"])
def test_a_recorded_redaction_gives_the_same_bytes_again(
    cast: Cast, draft: Dataset, tmp_path: Path, method: str
) -> None:
    finding = found_in(clip_at(draft))
    decide_finding(
        actor=cast.cleo, finding=finding, verdict="redact", reason="a name", method=method
    )
    row = Redaction.objects.select_related("before", "after").get()
    target = tmp_path / "again"
    repeat_redaction(row, target)
    assert row.after.size == target.stat().st_size
    assert sha256(target) == row.after.sha256
    assert (row.version, row.method) == ("1", method)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_clearance_is_taken_back_and_stays_in_the_record(cast: Cast, draft: Dataset) -> None:
    finding = found_in(clip_at(draft))
    decision = decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")
    undo_decision(actor=cast.cleo, decision=decision, reason="wrong key")
    assert list(filter_open_findings(Finding.objects.all())) == [finding]
    row = Revocation.objects.get()
    assert (row.verdict, row.reason, row.why) == ("clear", "a tone", "wrong key")
    decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="a voice")
    assert Decision.objects.get().verdict == "exclude"
    with pytest.raises(UndoError, match="already"):
        undo_decision(actor=cast.cleo, decision=decision)


def test_an_exclusion_taken_back_returns_the_clip(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    first, second = found_in(clip), found_in(clip, position=8)
    one = decide_finding(actor=cast.cleo, finding=first, verdict="exclude", reason="a voice")
    two = decide_finding(actor=cast.cleo, finding=second, verdict="exclude", reason="another")
    undo_decision(actor=cast.cleo, decision=one)
    clip.refresh_from_db()
    assert clip.state == "excluded"
    before = Dataset.objects.get(pk=draft.pk).draft_serial
    undo_decision(actor=cast.cleo, decision=two)
    clip.refresh_from_db()
    assert clip.state == "active"
    assert Dataset.objects.get(pk=draft.pk).draft_serial == before + 1


def test_a_redaction_taken_back_restores_bytes_and_events(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    event = Event.objects.get(clip=clip)
    finding = found_in(clip, onset=event.onset, offset=event.offset)
    before = clip.blob
    decision = decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="a name")
    event.refresh_from_db()
    assert event.status == "rejected"
    undo_decision(actor=cast.cleo, decision=decision)
    clip.refresh_from_db()
    event.refresh_from_db()
    assert (clip.blob, clip.original) == (before, None)
    assert event.status != "rejected"
    assert list(filter_open_findings(Finding.objects.filter(pk=finding.pk))) == [finding]


def test_a_batch_is_taken_back_as_a_whole(cast: Cast, draft: Dataset) -> None:
    findings = [found_in(clip_at(draft, number)) for number in range(4)]
    decide_findings_alike(actor=cast.cleo, findings=findings, verdict="clear", reason="tones")
    assert undo_batch(actor=cast.cleo, batch=Batch.objects.get()) == 4
    assert Decision.objects.count() == 0
    assert Revocation.objects.count() == 4


def test_it_is_too_late_after_a_while_after_a_freeze_and_after_an_agreement(
    cast: Cast, draft: Dataset, dan: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed = identifiable(cast, found_in(clip_at(draft, 0)))
    confirm_clearance(actor=dan, decision=agreed, agree=True, reason="ben")
    with pytest.raises(UndoError, match="agreed"):
        undo_decision(actor=cast.cleo, decision=agreed)
    decision = decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(draft, 1)), verdict="clear", reason="a tone"
    )
    with pytest.raises(DeniedError):
        undo_decision(actor=dan, decision=decision)
    with monkeypatch.context() as patched:
        patched.setattr(undo, "UNDO_WITHIN", timedelta(0))
        with pytest.raises(UndoError, match="minutes"):
            undo_decision(actor=cast.cleo, decision=decision)
    make_release(cast, draft)
    with pytest.raises(UndoError, match="frozen"):
        undo_decision(actor=cast.cleo, decision=decision)


def test_a_decision_leaves_only_into_the_record(cast: Cast, draft: Dataset) -> None:
    decision = decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(draft)), verdict="clear", reason="a tone"
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).delete()
    # A record that says something else does not open the way.
    Revocation.objects.create(
        finding=decision.finding,
        decision_number=decision.pk,
        verdict="exclude",
        reason="another",
        identifiable=False,
        content_sha256=decision.content_sha256,
        decided_by=cast.cleo,
        decided_at=decision.decided_at,
        cause="undone",
        revoked_by=cast.cleo,
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).delete()


@pytest.mark.parametrize("model", [Batch, Revocation, Confirmation, Redaction])
def test_what_was_written_down_stays(
    cast: Cast, draft: Dataset, dan: User, model: type[Batch | Revocation]
) -> None:
    first, second = found_in(clip_at(draft, 0)), found_in(clip_at(draft, 1))
    confirm_clearance(actor=dan, decision=identifiable(cast, first), agree=False, reason="no")
    decide_findings_alike(actor=cast.cleo, findings=[second], verdict="redact", reason="a name")
    everything: Any = model.objects.all()
    for attempt in (
        lambda: everything._raw_delete(using="default"),
        lambda: model.objects.update(id=10_000),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()


def test_who_clears_and_who_agrees_was_played_it(cast: Cast, draft: Dataset, dan: User) -> None:
    finding = found_in(clip_at(draft), played=False)
    with pytest.raises(NotHeardError, match=r"play 0\.10 to 0\.20 s of field/000\.wav"):
        identifiable(cast, finding)
    with pytest.raises(DatabaseError, match="was sent all of it"), transaction.atomic():
        Decision.objects.create(
            finding=finding,
            verdict="clear",
            reason="not heard",
            content_sha256=finding.content_sha256,
            decided_by=cast.cleo,
            uploaded_by=cast.ada,
        )
    play(cast.cleo, finding.clip)
    decision = identifiable(cast, finding)
    with pytest.raises(NotHeardError):
        confirm_clearance(actor=dan, decision=decision, agree=True, reason="ben")
    play(dan, finding.clip)
    confirm_clearance(actor=dan, decision=decision, agree=True, reason="ben")


def test_what_was_played_of_other_bytes_counts_for_nothing(cast: Cast, draft: Dataset) -> None:
    first, second = clip_at(draft), clip_at(draft, 1)
    play(cast.cleo, second)
    finding = found_in(first, played=False)
    with pytest.raises(NotHeardError):
        decide_finding(actor=cast.cleo, finding=finding, verdict="clear", reason="a tone")


def test_a_large_batch_is_heard_by_a_random_part_that_nobody_chooses(
    cast: Cast, draft: Dataset
) -> None:
    clip = clip_at(draft)
    findings = [
        found_in(clip, position=at, onset=at / 1000, offset=at / 1000 + 0.0005, played=False)
        for at in range(300)
    ]
    sample = choose_batch_sample(findings)
    assert sample is not None
    assert sample.findings == tuple(sorted(findings, key=lambda row: row.uid)[:61])
    assert 0.04 < sample.bound <= 0.05
    with pytest.raises(NotHeardError, match="300 are cleared together once 61 of them"):
        decide_findings_alike(actor=cast.cleo, findings=findings, verdict="clear", reason="tones")
    # One of them is a voice: the same order goes on, and more of it is to be heard.
    voice = sample.findings[3]
    decide_finding(actor=cast.cleo, finding=voice, verdict="exclude", reason="a voice")
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.ACTIVE)
    rest = [row for row in findings if row != voice]
    more = choose_batch_sample(rest)
    assert more is not None
    assert len(more.findings) > 90
    assert set(more.findings) > set(sample.findings) - {voice}
    play(cast.cleo, clip)
    decide_findings_alike(actor=cast.cleo, findings=rest, verdict="clear", reason="tones")
    batch = Batch.objects.get()
    assert (batch.count, batch.heard, batch.bound) == (299, len(more.findings), more.bound)


def test_what_was_heard_and_left_out_of_a_batch_counts_as_otherwise(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    """Or whoever hears a part, and clears together what was not bad in it, proves nothing."""
    clip = clip_at(draft)
    findings = [
        found_in(clip, position=at, onset=at / 1000, offset=at / 1000 + 0.0005, played=False)
        for at in range(300)
    ]
    ordered = sorted(findings, key=lambda row: row.uid)
    voices, rest = ordered[:4], ordered[4:]
    for row in voices:
        onset, offset = find_span(row) or (0.0, 0.0)
        note_playback(
            actor=dan,
            dataset=draft,
            content=row.content_sha256,
            onset=onset,
            offset=offset,
        )
    left_out = choose_batch_sample(rest)
    assert left_out is not None
    assert len(left_out.findings) > 100
    # Nobody heard these: they were left out without regard to what is in them.
    unheard = choose_batch_sample([*voices, *rest[5:]])
    assert unheard is not None
    assert len(unheard.findings) < 70
    decide_findings_alike(actor=cast.cleo, findings=voices, verdict="exclude", reason="voices")
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.ACTIVE)
    assert choose_batch_sample(rest) == left_out
