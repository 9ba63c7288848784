"""A random sample, drawn, heard, and what a miss in it leads to."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.actions import remove_clips
from apps.datasets.models import Clip, Dataset, Event
from apps.detection.models import Finding, Scan
from apps.releases.actions import create_release, freeze_release, submit_release
from apps.releases.facts import load_facts
from apps.releases.models import GateResult
from apps.review.access import filter_open_findings
from apps.review.actions import OwnWorkError, decide_finding
from apps.review.models import Hearing, Sample, SampleClip
from apps.review.playback_records import NotHeardError, note_playback
from apps.review.sampling import (
    HeardError,
    NothingToSampleError,
    draw_sample,
    fetch_sample_clip,
    find_latest_sample,
    load_frame,
    load_sample_progress,
    record_hearing,
)
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.gates.privacy import PrivacySampled
from datasets_catalog.sampling import derive_seed, draw_contents
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_draft
from tests.factories.reviews import play

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    return make_draft(cast, tmp_path)


@pytest.fixture
def dan(cast: Cast) -> User:
    return second_reviewer(cast)


def hear_out(actor: User, row: SampleClip) -> SampleClip:
    """Be played it to the end, and say that nobody is in it."""
    play(actor, row.clip)
    return record_hearing(actor=actor, sample_clip=row, missed=False)


def hear_all(actor: User, sample: Sample) -> None:
    for row in sample.clips.all():
        hear_out(actor, row)


def test_a_sample_is_drawn_again_from_what_is_kept_of_it(cast: Cast, draft: Dataset) -> None:
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    contents = sorted(Clip.objects.filter(dataset=draft).values_list("blob__sha256", flat=True))
    assert load_frame(sample) == contents
    assert sample.seed == derive_seed(
        dataset=str(draft.uid), sample=str(sample.uid), contents=contents, number=1
    )
    kept = list(sample.clips.values_list("content_sha256", flat=True))
    assert kept == draw_contents(seed=sample.seed, contents=contents, count=sample.size)
    assert (sample.population, sample.size) == (4, 4)


def test_what_a_detector_flagged_is_not_drawn(cast: Cast, draft: Dataset) -> None:
    flagged = clip_at(draft)
    found_in(flagged)
    found_in(clip_at(draft, 1), kind="metadata", onset=None, offset=None)
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    assert flagged.blob.sha256 not in load_frame(sample)
    assert sample.population == 3


def test_heard_to_the_end_it_proves_its_bound(cast: Cast, draft: Dataset) -> None:
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    first, *rest = sample.clips.all()
    hear_out(cast.cleo, first)
    told = load_sample_progress(draft)
    assert told is not None
    assert (told.facts.heard, told.facts.due, list(told.due)) == (1, 3, rest)
    for row in rest:
        hear_out(cast.cleo, row)
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    verdict = PrivacySampled().check(load_facts(release, at=timezone.now()))
    assert verdict.passed
    assert "0 missed in 4 heard of 4" in verdict.summary


def test_beyond_a_gap_nothing_counts(cast: Cast, draft: Dataset) -> None:
    """Whoever picks what to hear may pick the harmless."""
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    rows = list(sample.clips.all())
    for row in (rows[0], rows[2], rows[3]):
        hear_out(cast.cleo, row)
    told = load_sample_progress(draft)
    assert told is not None
    assert told.facts.heard == 1


def test_a_miss_becomes_a_finding_that_blocks_and_asks_for_another_sample(
    cast: Cast, draft: Dataset
) -> None:
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    first, *rest = sample.clips.all()
    record_hearing(
        actor=cast.cleo, sample_clip=first, missed=True, note="A child laughs at the end."
    )
    scan = Scan.objects.get(detector="listener")
    assert scan.content_sha256 == first.content_sha256
    finding = Finding.objects.get(scan=scan)
    assert list(filter_open_findings(Finding.objects.all())) == [finding]
    for row in rest:
        hear_out(cast.cleo, row)
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    verdict = PrivacySampled().check(load_facts(release, at=timezone.now()))
    assert "1 missed in 4 heard of 4" in verdict.summary
    assert "What was missed re-opens the rest." in verdict.summary
    assert verdict.rows[0].advice.startswith("Draw another sample, and hear ")
    decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="a child")
    second = draw_sample(actor=cast.cleo, dataset=draft)
    assert (second.number, second.population) == (2, 3)
    # What was heard before, in the same bytes, stays heard.
    verdict = PrivacySampled().check(load_facts(release, at=timezone.now()))
    assert verdict.passed
    assert "0 missed in 3 heard of 3" in verdict.summary


def test_who_brought_it_in_or_annotated_it_does_not_hear_it(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    row = draw_sample(actor=cast.cleo, dataset=draft).clips.all()[0]
    Event.objects.filter(clip=row.clip).update(created_by=dan)
    with pytest.raises(OwnWorkError):
        hear_out(dan, row)
    with pytest.raises(DeniedError):
        hear_out(cast.ada, row)
    with pytest.raises(DeniedError):
        draw_sample(actor=cast.olga, dataset=draft)
    with pytest.raises(NotFoundError):
        fetch_sample_clip(cast.eve, row.uid)
    for who in (cast.ada, dan):
        with pytest.raises(DatabaseError, match=r"uploader|annotated"), transaction.atomic():
            Hearing.objects.create(
                dataset=draft,
                content_sha256=row.content_sha256,
                sample_clip=row,
                missed=False,
                heard_by=who,
                uploaded_by=cast.ada,
            )


def test_who_was_not_played_a_clip_to_its_end_says_nothing_of_it(
    cast: Cast, draft: Dataset, dan: User
) -> None:
    """Three posts of a hearing without any sound counted as three clips heard."""
    row = draw_sample(actor=cast.cleo, dataset=draft).clips.all()[0]
    clip = row.clip
    with pytest.raises(NotHeardError, match="was sent to them to be played"):
        record_hearing(actor=cast.cleo, sample_clip=row, missed=False)
    play(dan, clip)
    half = clip.duration / 2
    note = partial(note_playback, actor=cast.cleo, dataset=draft, content=clip.blob.sha256)
    note(onset=0.0, offset=half)
    with pytest.raises(NotHeardError):
        record_hearing(actor=cast.cleo, sample_clip=row, missed=False)
    with (
        pytest.raises(DatabaseError, match="was sent all of it"),
        transaction.atomic(),
    ):
        Hearing.objects.create(
            dataset=draft,
            content_sha256=row.content_sha256,
            sample_clip=row,
            missed=False,
            heard_by=cast.cleo,
            uploaded_by=cast.ada,
        )
    note(onset=half - 0.1, offset=clip.duration)
    record_hearing(actor=cast.cleo, sample_clip=row, missed=False)


def test_what_left_before_it_was_heard_is_a_gap(cast: Cast, draft: Dataset) -> None:
    """Else the steward would take out what must not be heard, and the sample would be clean."""
    rows = list(draw_sample(actor=cast.cleo, dataset=draft).clips.all())
    remove_clips(actor=cast.ada, dataset=draft, paths=[rows[1].clip.path])
    for row in (rows[0], rows[2], rows[3]):
        hear_out(cast.cleo, row)
    told = load_sample_progress(draft)
    assert told is not None
    assert (told.facts.heard, told.facts.gone, told.facts.due) == (1, 1, 0)
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    verdict = PrivacySampled().check(load_facts(release, at=timezone.now()))
    assert not verdict.passed
    assert "1 of those drawn left or were flagged before anybody heard them" in verdict.summary


def test_each_draw_of_a_dataset_counts_and_has_a_seed_of_its_own(
    cast: Cast, draft: Dataset
) -> None:
    first, second = (draw_sample(actor=cast.cleo, dataset=draft) for _ in range(2))
    assert load_frame(first) == load_frame(second)
    assert (first.number, second.number) == (1, 2)
    assert first.seed != second.seed
    told = load_sample_progress(draft)
    assert told is not None
    assert (told.facts.number, told.facts.drawn_from) == (2, 4)


def test_bytes_are_heard_once_and_a_miss_says_what(cast: Cast, draft: Dataset) -> None:
    first, second, *_ = draw_sample(actor=cast.cleo, dataset=draft).clips.all()
    with pytest.raises(InvalidError, match="what you heard"):
        record_hearing(actor=cast.cleo, sample_clip=first, missed=True, note=" ")
    hear_out(cast.cleo, first)
    with pytest.raises(HeardError):
        record_hearing(actor=cast.cleo, sample_clip=first, missed=True, note="after all")
    remove_clips(actor=cast.ada, dataset=draft, paths=[second.clip.path])
    with pytest.raises(HeardError, match="not in the draft"):
        hear_out(cast.cleo, second)


def test_clips_that_leave_and_clips_that_come_in_after_the_draw(
    cast: Cast, draft: Dataset, tmp_path: Path
) -> None:
    remove_clips(actor=cast.ada, dataset=draft, paths=["field/003.wav"])
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    hear_all(cast.cleo, sample)
    remove_clips(actor=cast.ada, dataset=draft, paths=["field/000.wav"])
    told = load_sample_progress(draft)
    assert told is not None
    facts = told.facts
    assert (facts.drawn_from, facts.population, facts.heard, facts.outside) == (3, 2, 3, 0)
    Clip.objects.filter(dataset=draft, state="removed").update(state="active")
    told = load_sample_progress(draft)
    assert told is not None
    assert (told.facts.population, told.facts.heard, told.facts.outside) == (3, 3, 1)


def test_a_draft_without_unflagged_clips_has_nothing_to_sample(cast: Cast, draft: Dataset) -> None:
    for number in range(4):
        found_in(clip_at(draft, number))
    with pytest.raises(NothingToSampleError):
        draw_sample(actor=cast.cleo, dataset=draft)
    assert find_latest_sample(draft) is None


def test_hearing_leaves_what_is_frozen_as_it_is(cast: Cast, draft: Dataset) -> None:
    sample = draw_sample(actor=cast.cleo, dataset=draft)
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)
    release = submit_release(
        actor=cast.ada, release=freeze_release(actor=cast.ada, release=release)
    )
    gate = GateResult.objects.get(release=release, code="privacy.sampled")
    root, serial = release.root, Dataset.objects.get(pk=draft.pk).draft_serial
    hear_all(cast.cleo, sample)
    release.refresh_from_db()
    assert (release.root, release.state) == (root, "in_review")
    assert Dataset.objects.get(pk=draft.pk).draft_serial == serial
    assert GateResult.objects.get(pk=gate.pk).summary == gate.summary


@pytest.mark.parametrize("model", [Sample, SampleClip, Hearing])
def test_what_was_drawn_and_heard_stays(
    cast: Cast, draft: Dataset, model: type[Sample | SampleClip | Hearing]
) -> None:
    hear_all(cast.cleo, draw_sample(actor=cast.cleo, dataset=draft))
    everything: Any = model.objects.all()
    for attempt in (
        lambda: everything._raw_delete(using="default"),
        lambda: model.objects.update(id=10_000),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            attempt()
