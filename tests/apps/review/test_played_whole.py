"""The database asks for the seconds that were sent to whom, as the actions do."""

import random
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from apps.review.actions import confirm_clearance, decide_finding, decide_findings_alike
from apps.review.models import Batch, Confirmation, Decision, Headcount, Hearing, Playback
from apps.review.sampling import draw_sample
from datasets_catalog.playback import covers_stretch
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import approve, make_draft, make_release
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path)


def send(listener: User, finding: Finding, *stretches: tuple[float, float]) -> None:
    Playback.objects.bulk_create(
        Playback(
            dataset=finding.clip.dataset,
            content_sha256=finding.content_sha256,
            listener=listener,
            onset=onset,
            offset=offset,
        )
        for onset, offset in stretches
    )


def decision_by(user: User, finding: Finding, **more: Any) -> Decision:
    values = {
        "verdict": "clear",
        "reason": "a tone",
        "content_sha256": finding.content_sha256,
        "decided_by": user,
        "uploaded_by": finding.clip.added_by,
        **more,
    }
    return Decision.objects.create(finding=finding, **values)


def refusal_of(user: User, finding: Finding) -> str:
    """What the database says to the clearance, which is undone in any case; empty where nothing."""
    try:
        with transaction.atomic():
            decision_by(user, finding)
            transaction.set_rollback(True)
    except DatabaseError as problem:
        return str(problem)
    return ""


def is_refused(user: User, finding: Finding) -> bool:
    said = refusal_of(user, finding)
    return "was sent all of it" in said if said else False


def test_the_database_sees_every_gap_that_the_rule_sees(cast: Cast, draft: Dataset) -> None:
    chance = random.Random(20)
    clip = clip_at(draft, 3)
    findings = [
        found_in(clip, position=20 + n, played=False, onset=onset, offset=offset)
        for n, (onset, offset) in enumerate([(0.0, 0.5), (0.1, 0.2), (0.1, 0.13), (0.2, 0.2)])
    ]
    answers = set()
    for _ in range(60):
        with transaction.atomic():
            points = [round(chance.uniform(0, 0.5), 2) for _ in range(8)]
            stretches = [
                (first, min(first + chance.choice([0.05, 0.1, 0.2, 0.4]), clip.duration))
                for first in points[: chance.randint(0, 8)]
            ]
            for finding in findings:
                span = finding.onset or 0.0, min(finding.offset or 0.0, clip.duration)
                with transaction.atomic():
                    send(cast.cleo, finding, *stretches)
                    expected = not covers_stretch(stretches, *span)
                    assert is_refused(cast.cleo, finding) is expected, (stretches, span)
                    answers.add(expected)
                    transaction.set_rollback(True)
    assert answers == {True, False}


def test_half_of_a_voice_is_not_all_of_it(cast: Cast, draft: Dataset) -> None:
    dan = second_reviewer(cast)
    finding = found_in(clip_at(draft), played=False, onset=0.1, offset=0.4)
    send(cast.cleo, finding, (0.1, 0.25))
    assert is_refused(cast.cleo, finding)
    send(cast.cleo, finding, (0.25, 0.4))
    made = decide_finding(
        actor=cast.cleo, finding=finding, verdict="clear", reason="ben", identifiable=True
    )
    send(dan, finding, (0.1, 0.25))
    second = {"finding": finding, "decision": made, "agree": True, "reason": "so it is"}
    people = {"confirmed_by": dan, "decided_by": cast.cleo, "uploaded_by": cast.ada}
    with pytest.raises(DatabaseError, match="all of the sound"), transaction.atomic():
        Confirmation.objects.create(**second, **people)
    send(dan, finding, (0.2, 0.4))
    assert confirm_clearance(actor=dan, decision=made, agree=True, reason="so it is").agree


def test_what_came_back_is_sent_as_a_whole(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    finding = found_in(clip, kind="returned", played=False, onset=None, offset=None)
    send(cast.cleo, finding, (0.0, clip.duration / 2))
    assert is_refused(cast.cleo, finding)
    play(cast.cleo, clip)
    assert not is_refused(cast.cleo, finding)


def test_the_end_of_a_clip_is_not_all_of_it(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft, 3)
    finding = found_in(clip, played=False)
    send(cast.cleo, finding, (clip.duration - 0.1, clip.duration))
    count = {"people_heard": 0, "somebody_unknown": False, "people_recorded": 0, "reason": "x"}
    with pytest.raises(DatabaseError, match="was sent all of it"), transaction.atomic():
        Headcount.objects.create(
            dataset=draft,
            clip=clip,
            content_sha256=clip.blob.sha256,
            counted_by=cast.cleo,
            uploaded_by=cast.ada,
            **count,
        )
    drawn = draw_sample(actor=cast.cleo, dataset=draft).clips.order_by("position").first()
    assert drawn is not None
    Playback.objects.create(
        dataset=draft,
        content_sha256=drawn.content_sha256,
        listener=cast.cleo,
        onset=drawn.clip.duration - 0.1,
        offset=drawn.clip.duration,
    )
    with pytest.raises(DatabaseError, match="was sent all of it"), transaction.atomic():
        Hearing.objects.create(
            dataset=draft,
            content_sha256=drawn.content_sha256,
            sample_clip=drawn,
            missed=False,
            heard_by=cast.cleo,
            uploaded_by=cast.ada,
        )


def test_a_batch_says_nothing_for_another_person_or_verdict(cast: Cast, draft: Dataset) -> None:
    dan = second_reviewer(cast)
    finding = found_in(clip_at(draft), played=False)
    batch = batch_of(draft, dan, count=1, heard=1)
    with pytest.raises(DatabaseError, match="was sent all of it"), transaction.atomic():
        decision_by(cast.cleo, finding, batch=batch)


def batch_of(draft: Dataset, user: User, *, count: int, heard: int) -> Batch:
    return Batch.objects.create(
        dataset=draft,
        kind="speech",
        verdict="clear",
        reason="tones",
        count=count,
        heard=heard,
        bound=0.05,
        made_by=user,
    )


def test_a_batch_of_which_too_little_was_sent_keeps_a_release_in(
    cast: Cast, draft: Dataset
) -> None:
    findings = [
        found_in(clip_at(draft, number), played=False, position=30 + n)
        for number in range(2)
        for n in range(6)
    ]
    play(cast.cleo, clip_at(draft, 0))
    batch = batch_of(draft, cast.cleo, count=12, heard=12)
    for finding in findings:
        decision_by(cast.cleo, finding, batch=batch)
    draft.refresh_from_db()
    release = approve(cast, make_release(cast, draft))
    with pytest.raises(DatabaseError, match="too few were sent"), transaction.atomic():
        out(cast, release)
    play(cast.cleo, clip_at(draft, 1))
    assert publish_release_here(actor=cast.rita, release=release).state == "published"


def out(cast: Cast, release: Release) -> None:
    Release.objects.filter(pk=release.pk).update(
        state="published",
        published_by=cast.rita,
        published_at=timezone.now(),
        dvc_commit="c" * 40,
    )


def test_a_batch_that_was_sampled_goes_out(cast: Cast, draft: Dataset) -> None:
    findings = [found_in(clip_at(draft, number), position=40) for number in range(4)]
    made = decide_findings_alike(
        actor=cast.cleo, findings=findings, verdict="clear", reason="tones"
    )
    assert made[0].batch is not None
    assert made[0].batch.heard == 4
    release = approve(cast, make_release(cast, draft))
    assert publish_release_here(actor=cast.rita, release=release).state == "published"
