"""What consent says at a date, and the laws of the consent algebra."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan, compute_coverage
from datasets_catalog.consent_digests import compute_consent_digest
from datasets_catalog.ledger import (
    EVERYTHING,
    Consent,
    ConsentInvalidError,
    Ledger,
    Refusal,
    Scope,
    meet_scopes,
)
from datasets_catalog.purposes import Answer, Purpose

RESEARCH = Purpose.RESEARCH_NONCOMMERCIAL
OPEN = Purpose.PUBLISH_OPEN
VOICE = Purpose.TRAIN_VOICE_SYNTHESIS
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
KEY = b"k" * 32


def consent(
    contributor: str = "p1",
    *,
    allowed: tuple[Purpose, ...] = (RESEARCH,),
    denied: tuple[Purpose, ...] = (),
    given_at: datetime = NOW - 100 * DAY,
    valid_until: datetime | None = None,
    withdrawn_at: datetime | None = None,
) -> Consent:
    answers = dict.fromkeys(allowed, Answer.ALLOWED) | dict.fromkeys(denied, Answer.DENIED)
    return Consent(
        contributor=contributor,
        form="voices",
        form_version="1",
        given_at=given_at,
        answers=answers,
        valid_until=valid_until,
        withdrawn_at=withdrawn_at,
    )


def refusal(*consents: Consent, purpose: Purpose = RESEARCH, at: datetime = NOW) -> Refusal | None:
    return Ledger(consents).refusal("p1", purpose, at=at)


def clip(number: int, *contributors: str, identifiable: bool = False) -> ClipPeople:
    return ClipPeople(f"c{number}", f"{number}.wav", contributors, 10.0, identifiable)


def clip_scope(ledger: Ledger, one: ClipPeople) -> Scope:
    return PeopleCoverage(ledger, Plan(()), NOW).scope(one)


def test_an_allowed_purpose_is_permitted() -> None:
    assert refusal(consent()) is None


def test_nobody_on_record_permits_nothing() -> None:
    assert refusal() is Refusal.NO_CONSENT


def test_a_purpose_that_was_never_asked_counts_as_denied() -> None:
    assert refusal(consent(), purpose=OPEN) is Refusal.NOT_ASKED


def test_an_explicit_not_asked_is_the_same_as_silence() -> None:
    silent = Consent("p1", "voices", "1", NOW, {RESEARCH: Answer.NOT_ASKED})
    assert refusal(silent) is Refusal.NOT_ASKED


def test_a_denied_purpose_is_refused() -> None:
    assert refusal(consent(allowed=(), denied=(RESEARCH,))) is Refusal.DENIED


def test_the_latest_answer_wins() -> None:
    first = consent(given_at=NOW - 9 * DAY)
    second = consent(allowed=(), denied=(RESEARCH,), given_at=NOW - 8 * DAY)
    third = consent(given_at=NOW - 7 * DAY)
    assert refusal(second, first) is Refusal.DENIED
    assert refusal(third, second, first) is None


def test_the_state_at_an_earlier_date_can_be_asked() -> None:
    first = consent(given_at=NOW - 9 * DAY)
    second = consent(allowed=(), denied=(RESEARCH,), given_at=NOW - 4 * DAY)
    assert refusal(first, second, at=NOW - 5 * DAY) is None
    assert refusal(first, second, at=NOW - 10 * DAY) is Refusal.NO_CONSENT


def test_a_later_form_that_does_not_ask_leaves_the_earlier_answer_in_force() -> None:
    first = consent(given_at=NOW - 9 * DAY)
    second = consent(allowed=(OPEN,), given_at=NOW - 8 * DAY)
    assert refusal(first, second) is None
    assert refusal(first, second, purpose=OPEN) is None


def test_consent_expires_at_the_end_of_its_validity_not_after() -> None:
    ends = consent(valid_until=NOW)
    assert refusal(ends, at=NOW - timedelta(seconds=1)) is None
    assert refusal(ends, at=NOW) is Refusal.EXPIRED


def test_an_older_consent_does_not_outlive_a_newer_one_that_expired() -> None:
    older = consent(given_at=NOW - 50 * DAY)
    newer = consent(given_at=NOW - 40 * DAY, valid_until=NOW - DAY)
    assert refusal(older, newer) is Refusal.EXPIRED


def test_a_consent_that_is_not_valid_yet_does_not_count() -> None:
    future = Consent(
        "p1", "voices", "2", NOW - DAY, {RESEARCH: Answer.ALLOWED}, valid_from=NOW + DAY
    )
    assert refusal(future) is Refusal.NOT_YET_VALID
    assert refusal(future, at=NOW + DAY) is None


def test_until_a_renewal_is_valid_the_consent_before_it_stays_in_force() -> None:
    old = consent(given_at=NOW - 50 * DAY, valid_until=NOW + DAY)
    renewal = Consent(
        "p1", "voices", "2", NOW - DAY, {RESEARCH: Answer.ALLOWED}, valid_from=NOW + DAY
    )
    assert refusal(old, renewal) is None
    assert refusal(old, renewal, at=NOW + DAY) is None


def test_a_denial_counts_from_the_moment_it_is_given() -> None:
    denial = Consent(
        "p1", "voices", "2", NOW - DAY, {RESEARCH: Answer.DENIED}, valid_from=NOW + DAY
    )
    assert refusal(consent(), denial) is Refusal.DENIED


def test_a_withdrawn_consent_permits_nothing_and_revives_nothing_older() -> None:
    older = consent(given_at=NOW - 50 * DAY)
    withdrawn = consent(given_at=NOW - 40 * DAY, withdrawn_at=NOW - DAY)
    assert refusal(older, withdrawn) is Refusal.WITHDRAWN
    assert refusal(older, withdrawn, at=NOW - 2 * DAY) is None


def test_a_withdrawn_renewal_is_withdrawn_even_before_its_validity_begins() -> None:
    renewal = Consent(
        "p1",
        "voices",
        "2",
        NOW - 5 * DAY,
        {RESEARCH: Answer.ALLOWED},
        valid_from=NOW + DAY,
        withdrawn_at=NOW - DAY,
    )
    assert refusal(consent(), renewal) is Refusal.WITHDRAWN


def test_a_person_may_consent_again_after_withdrawing() -> None:
    withdrawn = consent(given_at=NOW - 40 * DAY, withdrawn_at=NOW - 9 * DAY)
    assert refusal(withdrawn, consent(given_at=NOW - DAY)) is None


@pytest.mark.parametrize(
    ("guardian", "expected"), [(False, Refusal.GUARDIAN_MISSING), (True, None)]
)
def test_a_minor_needs_a_guardian(*, guardian: bool, expected: Refusal | None) -> None:
    young = Consent(
        "p1", "voices", "1", NOW - DAY, {RESEARCH: Answer.ALLOWED}, minor=True, guardian=guardian
    )
    assert refusal(young) is expected


@pytest.mark.parametrize(
    ("territories", "expected"),
    [
        (frozenset({"DE"}), None),
        (frozenset({"DE", "FR"}), None),
        (frozenset({"DE", "US"}), Refusal.OUT_OF_TERRITORY),
        (frozenset(), Refusal.OUT_OF_TERRITORY),
    ],
)
def test_consent_for_some_territories_does_not_cover_others(
    territories: frozenset[str], expected: Refusal | None
) -> None:
    european = Consent(
        "p1",
        "voices",
        "1",
        NOW - DAY,
        {RESEARCH: Answer.ALLOWED},
        territories=frozenset({"DE", "FR"}),
    )
    ledger = Ledger([european])
    assert ledger.refusal("p1", RESEARCH, at=NOW, territories=territories) is expected


def test_dates_without_a_time_zone_or_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ConsentInvalidError, match="time zone"):
        consent(given_at=NOW.replace(tzinfo=None))
    with pytest.raises(ConsentInvalidError, match="ends before it begins"):
        consent(valid_until=NOW - 200 * DAY)


def test_coverage_counts_clips_and_hours_and_names_what_binds() -> None:
    clips = [
        clip(1, "p1"),
        ClipPeople("c2", "2.wav", ("p1", "p2"), 30.0),
        clip(3),
        clip(4, identifiable=True),
    ]
    ledger = [consent("p1"), consent("p2", denied=(RESEARCH,), allowed=())]
    result = compute_coverage(clips, ledger, [RESEARCH], NOW)
    assert (result.clips, result.needing, result.covered) == (4, 3, 1)
    assert result.percent_of_clips == pytest.approx(100 / 3)
    assert result.percent_of_hours == pytest.approx(20.0)
    assert not result.is_complete
    assert result.binding_clips == ("c2", "c4")
    assert [(row.clip_id, row.contributor, row.refusal) for row in result.uncovered] == [
        ("c2", "p2", Refusal.DENIED),
        ("c4", None, Refusal.NO_CONTRIBUTOR),
    ]
    assert result.uncovered[0].sentence == "2.wav: p2, research.noncommercial: denied"


def test_a_release_without_people_is_covered() -> None:
    result = compute_coverage([clip(1), clip(2)], [], [OPEN], NOW)
    assert result.is_complete
    assert (result.percent_of_clips, result.percent_of_hours) == (100.0, 100.0)
    assert result.scope == EVERYTHING


def test_every_purpose_must_be_covered() -> None:
    result = compute_coverage([clip(1, "p1")], [consent("p1")], [RESEARCH, OPEN], NOW)
    assert [(row.purpose, row.refusal) for row in result.uncovered] == [(OPEN, Refusal.NOT_ASKED)]
    assert result.scope == {RESEARCH}


def test_coverage_of_a_large_release_is_quick() -> None:
    ledger = [consent(f"p{n}") for n in range(500)]
    clips = [clip(n, f"p{n % 500}", f"p{n % 7}") for n in range(50_000)]
    began = time.process_time()
    assert compute_coverage(clips, ledger, [RESEARCH], NOW).is_complete
    assert time.process_time() - began < 5


codes = st.sampled_from(["p1", "p2", "p3"])
instants = st.integers(-20, 20).map(lambda days: NOW + days * DAY)
consents = st.builds(
    Consent,
    contributor=codes,
    form=st.just("voices"),
    form_version=st.just("1"),
    given_at=instants,
    answers=st.dictionaries(st.sampled_from(Purpose), st.sampled_from(Answer), max_size=6),
    withdrawn_at=st.none() | instants,
    minor=st.booleans(),
    guardian=st.booleans(),
)
clips_of_people = st.lists(st.lists(codes, max_size=3, unique=True).map(tuple), max_size=5).map(
    lambda groups: [clip(n, *group) for n, group in enumerate(groups)]
)
scopes = st.frozensets(st.sampled_from(Purpose))


@given(st.lists(scopes), scopes)
def test_the_meet_is_monotone(parts: list[Scope], other: Scope) -> None:
    assert meet_scopes([*parts, other]) <= meet_scopes(parts)
    assert meet_scopes([*parts, other]) <= other
    assert meet_scopes([*parts, *parts]) == meet_scopes(parts)
    assert meet_scopes(reversed(parts)) == meet_scopes(parts)


@given(st.lists(scopes, min_size=1), st.data())
def test_narrowing_one_scope_never_widens_the_meet(parts: list[Scope], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(parts) - 1))
    narrower = [*parts]
    narrower[index] = parts[index] & data.draw(scopes)
    assert meet_scopes(narrower) <= meet_scopes(parts)


@given(st.lists(consents), codes, codes)
def test_adding_a_person_to_a_clip_never_widens_what_it_permits(
    history: list[Consent], one: str, other: str
) -> None:
    ledger = Ledger(history)
    alone = clip_scope(ledger, clip(1, one))
    together = clip_scope(ledger, clip(1, one, other))
    assert together <= alone
    assert together == alone & ledger.scope(other, at=NOW)


@given(st.lists(consents), clips_of_people, clips_of_people)
def test_adding_clips_never_widens_a_release(
    history: list[Consent], some: list[ClipPeople], more: list[ClipPeople]
) -> None:
    part = compute_coverage(some, history, list(Purpose), NOW)
    whole = compute_coverage([*some, *more], history, list(Purpose), NOW)
    assert whole.scope <= part.scope


@given(st.lists(consents), clips_of_people, st.sets(st.sampled_from(Purpose), min_size=1))
def test_a_release_is_covered_exactly_when_its_purposes_lie_in_its_scope(
    history: list[Consent], clips: list[ClipPeople], purposes: set[Purpose]
) -> None:
    result = compute_coverage(clips, history, sorted(purposes), NOW)
    told = [row for row in result.uncovered if row.purpose in purposes]
    assert (not told) == (purposes <= result.scope)
    assert result.is_complete == (not result.uncovered)
    ledger = Ledger(history)
    assert result.scope == meet_scopes(clip_scope(ledger, each) for each in clips)


@given(st.lists(consents), consents, instants)
def test_what_is_given_later_never_changes_what_held_before(
    history: list[Consent], late: Consent, at: datetime
) -> None:
    before = Ledger([c for c in history if c.given_at <= at])
    after = Ledger([*history, late] if late.given_at > at else history)
    assert before.scope("p1", at=at) == after.scope("p1", at=at)


def digest(*history: Consent, clip_id: str = "c1", people: tuple[str, ...] = ("p1",)) -> str | None:
    return compute_consent_digest(
        clip_id=clip_id, contributors=people, ledger=Ledger(history), at=NOW, key=KEY
    )


def test_a_clip_without_people_has_no_consent_digest() -> None:
    assert digest(consent(), people=()) is None


def test_the_consent_digest_sees_every_change_and_no_order() -> None:
    both = ("p1", "p2")
    first = digest(consent("p1"), consent("p2"), people=both)
    assert first == digest(consent("p2"), consent("p1"), people=tuple(reversed(both)))
    assert first != digest(consent("p1"), consent("p2", allowed=(OPEN,)), people=both)
    assert first != digest(consent("p1"), consent("p2", withdrawn_at=NOW), people=both)
    assert first == digest(
        consent("p1"), consent("p2"), consent("p1", given_at=NOW + DAY), people=both
    )


def test_the_same_person_in_two_clips_cannot_be_linked_by_digest() -> None:
    assert digest(consent(), clip_id="c1") != digest(consent(), clip_id="c2")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ConsentInvalidError, match="16 bytes"):
        compute_consent_digest(
            clip_id="c", contributors=["p1"], ledger=Ledger([]), at=NOW, key=b"short"
        )


def test_what_a_purpose_contains_is_asked_where_a_form_has_a_table_of_its_own() -> None:
    """A door gives through a gate what is cleared for everyone; this form did not say so."""
    own = replace(consent(allowed=(OPEN,)), implied={})
    [row] = compute_coverage([clip(1, "p1")], [own], [OPEN], NOW).uncovered
    assert (row.purpose, row.refusal) == (Purpose.PUBLISH_GATED, Refusal.NOT_ASKED)
    assert compute_coverage([clip(1, "p1")], [consent(allowed=(OPEN,))], [OPEN], NOW).is_complete


def test_what_follows_from_a_refused_purpose_is_not_named_again() -> None:
    rows = compute_coverage([clip(1, "p1")], [consent()], [OPEN], NOW).uncovered
    assert [row.purpose for row in rows] == [OPEN]
