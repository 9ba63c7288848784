"""Who may be in a clip whom its record does not name."""

from dataclasses import replace

import pytest

from datasets_catalog.clip_people import (
    SURE,
    ClipPeople,
    UnrecordedReason,
    count_needed_reviewers,
    describe_fewer_recorded,
)
from datasets_catalog.consent import compute_coverage
from datasets_catalog.ledger import Ledger
from datasets_catalog.purposes import Purpose
from tests.rules.test_consent import NOW, clip_scope, consent

SILENT = ClipPeople("c1", "1.wav", (), 10.0)
SPOKEN = replace(SILENT, speech_heard=True)
NAMED = replace(SPOKEN, contributors=("p1",))


def reasons(clip: ClipPeople) -> list[UnrecordedReason]:
    return [reason for reason, _ in clip.explain_gaps()]


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (SILENT, []),
        (SPOKEN, [UnrecordedReason.SPEECH]),
        (replace(SPOKEN, nobody_identifiable=True), []),
        (replace(SPOKEN, agreement_due=True), [UnrecordedReason.AGREEMENT_DUE]),
        (replace(SPOKEN, identifiable=True), [UnrecordedReason.IDENTIFIABLE]),
        (
            replace(SPOKEN, identifiable=True, nobody_identifiable=True),
            [UnrecordedReason.IDENTIFIABLE],
        ),
        (NAMED, []),
        (replace(NAMED, people_heard=1), []),
        (replace(NAMED, people_heard=2), [UnrecordedReason.FEWER]),
        (replace(NAMED, people_heard=1, somebody_unknown=True), [UnrecordedReason.UNKNOWN]),
        (replace(NAMED, count_due=True), [UnrecordedReason.COUNT_DUE]),
        (replace(SILENT, people_heard=1), [UnrecordedReason.FEWER]),
        (replace(SILENT, people_heard=0), []),
    ],
)
def test_who_may_be_missing_from_the_record(
    clip: ClipPeople, expected: list[UnrecordedReason]
) -> None:
    assert reasons(clip) == expected


def test_speech_without_a_contributor_is_not_covered_for_any_purpose_and_named_once() -> None:
    found = compute_coverage(
        [SILENT, SPOKEN], [], [Purpose.PUBLISH_OPEN, Purpose.SHARE_RAW_AUDIO], NOW
    )
    assert (found.clips, found.needing, found.covered) == (2, 1, 0)
    assert [row.sentence for row in found.uncovered] == [
        "1.wav: speech was heard here, and no contributor is recorded"
    ]
    assert found.uncovered[0].purpose is None
    assert found.scope == frozenset()


def test_one_who_agreed_does_not_cover_somebody_unknown_beside() -> None:
    ledger = [consent("p1", allowed=tuple(Purpose))]
    purposes = [Purpose.RESEARCH_NONCOMMERCIAL]
    assert compute_coverage([NAMED], ledger, purposes, NOW).is_complete
    two = replace(NAMED, people_heard=2, somebody_unknown=True)
    found = compute_coverage([two], ledger, purposes, NOW)
    assert [row.detail for row in found.uncovered] == [
        "2 people are heard, 1 is recorded",
        "somebody is heard who is not recorded",
    ]
    assert clip_scope(Ledger(ledger), two) == frozenset()
    assert clip_scope(Ledger(ledger), NAMED) == frozenset(Purpose)


def test_where_the_detector_is_sure_two_reviewers_have_to_agree() -> None:
    assert (
        count_needed_reviewers(SURE - 0.01),
        count_needed_reviewers(SURE),
        count_needed_reviewers(1.0),
    ) == (
        1,
        2,
        2,
    )


@pytest.mark.parametrize(
    ("heard", "recorded", "words"),
    [
        (1, 0, "1 person is heard, none is recorded"),
        (2, 1, "2 people are heard, 1 is recorded"),
        (3, 2, "3 people are heard, 2 are recorded"),
    ],
)
def test_how_many_are_heard_and_recorded_in_words(heard: int, recorded: int, words: str) -> None:
    assert describe_fewer_recorded(heard, recorded) == words
