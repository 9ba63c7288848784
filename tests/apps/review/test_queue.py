"""The order of what waits, what is told of a case, and what reviewers leave beside it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.detection.kinds import FindingKindUnknownError
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from apps.review.actions import (
    AnsweredError,
    add_comment,
    answer_changes,
    assign_clips,
    confirm_clearance,
    decide_finding,
    note_time,
    request_changes,
    undo_decision,
)
from apps.review.models import ReviewTime
from apps.review.queue import (
    ORDER,
    count_progress,
    fetch_decision,
    fetch_original,
    fetch_review_case,
    fetch_review_clip,
    find_own_last_decision,
    find_place,
    list_awaiting_second,
    list_visible_cases,
)
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.facts import FindingState
from tests.apps.review.reviewing import clip_at, found_in, second_reviewer
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, make_draft

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(cast: Cast, tmp_path: Path) -> Dataset:
    """Clips 0 and 1 are of one recording, 2 and 3 of another."""
    return make_draft(cast, tmp_path)


@pytest.fixture
def dan(cast: Cast) -> User:
    return second_reviewer(cast)


def paths(rows: Iterable[Clip]) -> list[str]:
    return [row.path[-7:-4] for row in rows]


def test_the_riskiest_comes_first_and_recordings_stay_together(cast: Cast, draft: Dataset) -> None:
    found_in(clip_at(draft, 0), kind="metadata", onset=None, offset=None, score=0.2)
    found_in(clip_at(draft, 1), score=0.5)
    found_in(clip_at(draft, 2), kind="date", score=0.1)
    found_in(clip_at(draft, 3), offset=9.0, score=0.9)
    found_in(clip_at(draft, 3), position=8, score=0.1)
    rows: list[Any] = list(list_visible_cases(cast.cleo))
    assert paths(rows) == ["003", "002", "001", "000"]
    assert rows[0].open_findings == 2
    assert rows[0].risk == rows[1].recording_risk > rows[1].risk
    assert all(0 <= row.risk <= 1 for row in rows)


def test_clips_without_a_recording_stand_alone(cast: Cast, draft: Dataset) -> None:
    for number, score in enumerate((0.9, 0.1, 0.5, 0.2)):
        found_in(clip_at(draft, number), score=score)
    Clip.objects.filter(dataset=draft).update(recording=None)
    rows: list[Any] = list(list_visible_cases(cast.cleo))
    assert paths(rows) == ["000", "002", "003", "001"]
    assert None not in [getattr(row, key.removeprefix("-")) for row in rows for key in ORDER]


def test_a_case_has_the_place_that_the_queue_gives_it(cast: Cast, draft: Dataset) -> None:
    """The risk of its recording is that of all its clips, not of this one alone."""
    found_in(clip_at(draft, 0), score=0.9)
    found_in(clip_at(draft, 1), score=0.1)
    rows = list_visible_cases(cast.cleo, dataset=draft)
    here: Any = find_place(rows, clip_at(draft, 1))
    assert here is not None
    assert here.recording_risk > here.risk
    assert find_place(rows, clip_at(draft, 3)) is None


def test_the_queue_is_filtered(cast: Cast, draft: Dataset, dan: User) -> None:
    speech = found_in(clip_at(draft, 0))
    found_in(clip_at(draft, 1), kind="spoken_name")
    assert paths(list_visible_cases(cast.cleo, kind="spoken_name")) == ["001"]
    assign_clips(actor=cast.cleo, clips=[clip_at(draft, 1)], reviewer=dan)
    assert paths(list_visible_cases(dan, mine=True)) == ["001"]
    assert paths(list_visible_cases(cast.cleo, assigned_to=dan)) == ["001"]
    assert paths(list_visible_cases(cast.cleo, unassigned=True)) == ["000"]
    assign_clips(actor=dan, clips=[clip_at(draft, 1)], reviewer=None)
    assert paths(list_visible_cases(dan, mine=True)) == []
    decision = decide_finding(
        actor=cast.cleo, finding=speech, verdict="clear", reason="ben", identifiable=True
    )
    assert paths(list_visible_cases(dan)) == ["001"]
    assert paths(list_visible_cases(dan, awaiting="second")) == ["000"]
    assert list_awaiting_second(dan, fetch_review_case(dan, clip_at(draft).uid)) == [speech.pk]
    assert list_awaiting_second(cast.cleo, fetch_review_case(cast.cleo, clip_at(draft).uid)) == []
    confirm_clearance(actor=dan, decision=decision, agree=True, reason="ben")
    assert paths(list_visible_cases(dan, awaiting="second")) == []
    request_changes(actor=cast.cleo, clip=clip_at(draft, 3), text="Name the recordist.")
    assert paths(list_visible_cases(dan, awaiting="changes")) == ["003"]
    with pytest.raises(InvalidError):
        list_visible_cases(dan, awaiting="godot")


def test_own_kinds_weigh_what_the_deployment_says_and_unknown_ones_are_refused(
    cast: Cast, draft: Dataset, tmp_path: Path, settings: LazySettings
) -> None:
    file = tmp_path / "detectors.json"
    file.write_text('{"kind": [{"name": "siren", "weight": 0.05}]}', encoding="utf-8")
    found_in(clip_at(draft, 0), kind="siren")
    found_in(clip_at(draft, 2), kind="date")
    assert paths(list_visible_cases(cast.cleo)) == ["000", "002"]
    settings.DETECTORS_FILE = str(file)
    assert paths(list_visible_cases(cast.cleo)) == ["002", "000"]
    assert paths(list_visible_cases(cast.cleo, kind="siren")) == ["000"]
    with pytest.raises(FindingKindUnknownError, match="no kind of finding 'speach'"):
        list_visible_cases(cast.cleo, kind="speach")


def test_nobody_else_sees_the_queue(cast: Cast, draft: Dataset) -> None:
    found_in(clip_at(draft))
    assert paths(list_visible_cases(cast.eve)) == paths(list_visible_cases(cast.dan)) == []
    for other in (cast.eve, cast.dan):
        with pytest.raises(NotFoundError):
            fetch_review_case(other, clip_at(draft).uid)


def test_a_case_tells_its_story(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    found_in(clip)
    other = found_in(clip_at(draft, 1))
    decided = decide_finding(actor=cast.cleo, finding=other, verdict="clear", reason="a tone")
    add_comment(actor=cast.olga, clip=clip, text="Listen at the end.")
    note_time(actor=cast.cleo, clip=clip, seconds=4)
    note_time(actor=cast.cleo, clip=clip, seconds=5)
    told = fetch_review_case(cast.cleo, clip.uid)
    assert [finding.kind for finding in told.findings] == ["speech"]
    assert [(one.clip.path[-7:-4], one.words) for one in told.neighbours] == [("001", "cleared")]
    assert [(one.contributor, one.valid) for one in told.consents] == [("ben", True)]
    assert "research.noncommercial" in told.consents[0].words
    assert [one.text for one in told.comments] == ["Listen at the end."]
    assert told.earlier == [decided]
    assert told.seconds_so_far == 9


def test_progress_counts_clips_and_time(cast: Cast, draft: Dataset) -> None:
    first, second = found_in(clip_at(draft, 0)), found_in(clip_at(draft, 1))
    decide_finding(actor=cast.cleo, finding=first, verdict="clear", reason="a tone")
    note_time(actor=cast.cleo, clip=first.clip, seconds=6)
    told = count_progress(cast.cleo, draft)
    assert (told.total, told.decided, told.open, told.per_clip) == (2, 1, 1, 6.0)
    assert [(one.username, one.decisions, one.clips) for one in told.by_reviewer] == [
        ("cleo", 1, 1)
    ]
    decide_finding(
        actor=cast.cleo, finding=second, verdict="clear", reason="ben", identifiable=True
    )
    assert count_progress(cast.cleo, draft).open == 1


def test_a_visit_counts_for_half_an_hour_at_most(cast: Cast, draft: Dataset) -> None:
    note_time(actor=cast.cleo, clip=clip_at(draft), seconds=1e9)
    assert ReviewTime.objects.get().seconds == 1800
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InvalidError):
            note_time(actor=cast.cleo, clip=clip_at(draft), seconds=wrong)


def test_a_change_asked_for_blocks_until_it_is_answered(cast: Cast, draft: Dataset) -> None:
    asked = request_changes(actor=cast.cleo, clip=clip_at(draft), text="Cut the last second.")
    release = create_release(actor=cast.ada, dataset=draft, version="1.0.0", purposes=PURPOSES)

    def states() -> list[FindingState]:
        facts = load_facts(release, at=timezone.now())
        return [finding.state for clip in facts.clips for finding in clip.findings]

    assert states() == [FindingState.CHANGE_ASKED]
    with pytest.raises(DeniedError):
        answer_changes(actor=cast.olga, request=asked, text="No.")
    answer_changes(actor=cast.ada, request=asked, text="Done.")
    assert states() == []
    with pytest.raises(AnsweredError):
        answer_changes(actor=cast.ada, request=asked, text="Done twice.")
    asked.refresh_from_db()
    asked.text = "Something else."
    with pytest.raises(DatabaseError, match="only answered"), transaction.atomic():
        asked.save()


def test_what_is_said_is_said_by_those_who_may_and_says_something(
    cast: Cast, draft: Dataset
) -> None:
    clip = clip_at(draft)
    with pytest.raises(DeniedError):
        add_comment(actor=cast.dan, clip=clip, text="Hello")
    with pytest.raises(InvalidError):
        add_comment(actor=cast.cleo, clip=clip, text=" ")
    with pytest.raises(DeniedError):
        request_changes(actor=cast.olga, clip=clip, text="Change it.")
    with pytest.raises(DeniedError):
        assign_clips(actor=cast.olga, clips=[clip], reviewer=None)
    with pytest.raises(InvalidError, match="does not review"):
        assign_clips(actor=cast.cleo, clips=[clip], reviewer=cast.eve)


def test_the_last_decision_is_found_while_it_is_in_force(cast: Cast, draft: Dataset) -> None:
    made = decide_finding(
        actor=cast.cleo, finding=found_in(clip_at(draft)), verdict="clear", reason="a tone"
    )
    assert find_own_last_decision(cast.cleo) == made
    assert fetch_decision(cast.olga, made.pk) == made
    with pytest.raises(NotFoundError):
        fetch_decision(cast.eve, made.pk)
    undo_decision(actor=cast.cleo, decision=made)
    assert find_own_last_decision(cast.cleo) is None


def test_the_original_is_for_the_ears_of_reviewers(cast: Cast, draft: Dataset) -> None:
    clip = clip_at(draft)
    before = clip.blob
    decide_finding(actor=cast.cleo, finding=found_in(clip), verdict="redact", reason="a name")
    clip = fetch_review_clip(cast.cleo, clip.uid)
    assert fetch_original(cast.cleo, clip) == before
    for other in (cast.olga, cast.ada):
        with pytest.raises(DeniedError):
            fetch_original(other, clip)
    with pytest.raises(NotFoundError):
        fetch_original(cast.cleo, clip_at(draft, 2))
