"""The ledger's laws, on drawn histories: no order matters, no denial widens, nothing is lost."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan, compute_coverage, find_coverage_end
from datasets_catalog.corrections import is_narrower
from datasets_catalog.implications import parse_implications, settle_answers
from datasets_catalog.ledger import Consent, Ledger, Reach, Refusal, Scope
from datasets_catalog.purposes import IMPLIED_PURPOSES, Answer, Purpose, include_implied

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AREAS = [frozenset[str](), frozenset({"DE"}), frozenset({"EEA"}), frozenset({"EEA", "US"})]
REACHES = [None, frozenset({Reach("lab/a")}), frozenset({Reach("lab/b"), Reach("lab/a", "r1")})]
OPEN, GATED, RAW = Purpose.PUBLISH_OPEN, Purpose.PUBLISH_GATED, Purpose.SHARE_RAW_AUDIO
COMMERCIAL, RESEARCH = Purpose.RESEARCH_COMMERCIAL, Purpose.RESEARCH_NONCOMMERCIAL
ASKED = [OPEN, GATED, RAW, COMMERCIAL, RESEARCH, Purpose.TRANSFER_OUTSIDE_EEA]

# Noons, and midnights, which stand for days.
instants = st.builds(
    lambda days, hours: NOW + days * DAY + timedelta(hours=hours),
    st.integers(-4, 4),
    st.sampled_from([0, 12]),
)
answers = st.dictionaries(st.sampled_from(ASKED), st.sampled_from(Answer), max_size=5)
people = st.sampled_from(["p1", "p2"])


@st.composite
def drawn_consents(draw: st.DrawFn) -> Consent:
    given_at = draw(instants)
    starts = draw(st.none() | instants)
    begins = starts or given_at
    ends = draw(st.none() | st.integers(1, 5).map(lambda days: begins + days * DAY))
    minor = draw(st.booleans())
    guardian = minor and draw(st.booleans())
    of_age = draw(st.none() | instants) if minor else None
    return Consent(
        contributor=draw(people),
        form=draw(st.sampled_from(["a", "b"])),
        form_version="1",
        given_at=given_at,
        answers=draw(answers),
        valid_from=starts,
        valid_until=ends,
        territories=draw(st.sampled_from(AREAS)),
        minor=minor,
        guardian=guardian,
        of_age_at=of_age,
        guardian_until=None if of_age is None else of_age + draw(st.integers(0, 2)) * DAY,
        reach=draw(st.sampled_from(REACHES)),
        implied=draw(st.sampled_from([IMPLIED_PURPOSES, {}])),
        answered_by=draw(st.sampled_from(["g1", "g2"])) if guardian else "",
    )


consents = drawn_consents()
histories = st.lists(consents, max_size=6)


def asked(history: list[Consent], at: datetime, dataset: str = "lab/a") -> PeopleCoverage:
    plan = Plan((), frozenset({"DE"}), dataset)
    return PeopleCoverage(Ledger(history), plan, at)


def scope(history: list[Consent], at: datetime = NOW, recording: str = "r1") -> Scope:
    return asked(history, at).scope(ClipPeople("c", "c.wav", ("p1",), 1.0, recording=recording))


@given(histories, instants, st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(
    history: list[Consent], at: datetime, random: Random
) -> None:
    shuffled = [*history]
    random.shuffle(shuffled)
    assert scope(shuffled, at) == scope(history, at)
    plan = Plan((), frozenset({"DE"}))
    for purpose in ASKED:
        one = Ledger(history).refusal("p1", purpose, at=at, territories=plan.territories)
        other = Ledger(shuffled).refusal("p1", purpose, at=at, territories=plan.territories)
        assert one == other


@given(histories, consents, instants)
def test_a_consent_that_only_denies_never_widens(
    history: list[Consent], late: Consent, at: datetime
) -> None:
    denial = replace(late, answers=dict.fromkeys(late.answers, Answer.DENIED))
    assert scope([*history, denial], at) <= scope(history, at)


@given(histories, consents, st.sampled_from(ASKED), instants)
def test_turning_an_answer_into_a_denial_never_widens(
    history: list[Consent], one: Consent, purpose: Purpose, at: datetime
) -> None:
    no = replace(one, answers={**one.answers, purpose: Answer.DENIED})
    assert scope([*history, no], at) <= scope([*history, one], at)


@given(histories, st.sampled_from(ASKED), instants)
def test_a_denial_of_now_is_never_answered_with_a_yes(
    history: list[Consent], purpose: Purpose, at: datetime
) -> None:
    past = [
        replace(c, given_at=min(c.given_at, at), valid_from=None, valid_until=None) for c in history
    ]
    no = Consent("p1", "w", "1", at, {purpose: Answer.DENIED})
    for history_ in ([no, *past], [*past, no]):
        assert purpose not in scope(history_, at)


@given(histories, consents, consents, instants)
def test_a_narrower_record_in_the_place_of_another_permits_nothing_more(
    history: list[Consent], old: Consent, drawn: Consent, at: datetime
) -> None:
    new = replace(
        old,
        answers={**old.answers, **drawn.answers},
        territories=drawn.territories,
        valid_until=drawn.valid_until
        if drawn.valid_until and drawn.valid_until > old.starts_at
        else old.valid_until,
    )
    if is_narrower(new, old):
        for recording in ("r1", "r2"):
            assert scope([*history, new], at, recording) <= scope([*history, old], at, recording)


@given(st.lists(st.tuples(instants, st.sampled_from(["", "g1", "g2"]), st.sampled_from(Answer))))
def test_while_under_age_only_who_said_no_takes_it_back(
    said: list[tuple[datetime, str, Answer]],
) -> None:
    """Such as a minor, "", and two guardians, each for themselves."""
    history = [
        Consent(
            "p1",
            "a",
            "1",
            at,
            {OPEN: answer},
            minor=True,
            guardian=bool(person),
            answered_by=person,
        )
        for at, person, answer in said
    ]
    end = NOW + 9 * DAY
    if OPEN in scope(history, end):
        for person in ("", "g1", "g2"):
            mine = [(at, answer) for at, by, answer in said if by == person]
            denied = max((at for at, answer in mine if answer is Answer.DENIED), default=None)
            assert denied is None or any(at > denied and a is Answer.ALLOWED for at, a in mine)
        assert any(by and answer is Answer.ALLOWED for _, by, answer in said)


def test_taking_an_allowance_out_is_not_narrower_but_denying_it_is() -> None:
    old = Consent("p1", "a", "1", NOW, {GATED: Answer.ALLOWED})
    assert not is_narrower(replace(old, answers={}), old)
    assert is_narrower(replace(old, answers={GATED: Answer.DENIED}), old)
    assert not is_narrower(replace(old, answers={**old.answers, RESEARCH: Answer.ALLOWED}), old)


@given(answers)
def test_one_consent_holds_together(given_answers: dict[Purpose, Answer]) -> None:
    settled = settle_answers(given_answers)
    for purpose, answer in given_answers.items():
        if answer is Answer.DENIED:
            assert settled[purpose] is Answer.DENIED
    for purpose in Purpose:
        contained = include_implied({purpose}) - {purpose}
        if settled[purpose] is Answer.ALLOWED:
            assert all(settled[each] is Answer.ALLOWED for each in contained)
        if any(settled[each] is Answer.DENIED for each in contained):
            assert settled[purpose] is Answer.DENIED
    without = settle_answers(given_answers, {})
    assert all(without[p] is given_answers.get(p, Answer.NOT_ASKED) for p in Purpose)


@given(answers, st.sampled_from(ASKED))
def test_implications_are_monotone(given_answers: dict[Purpose, Answer], purpose: Purpose) -> None:
    """Saying yes instead of nothing permits no less, saying no permits no more."""
    before = settle_answers(given_answers)
    yes = settle_answers({**given_answers, purpose: Answer.ALLOWED})
    no = settle_answers({**given_answers, purpose: Answer.DENIED})
    allowed = [
        {p for p in Purpose if settled[p] is Answer.ALLOWED} for settled in (no, before, yes)
    ]
    assert allowed[0] <= allowed[1] <= allowed[2]


@pytest.mark.parametrize(
    ("given_answers", "purpose", "expected"),
    [
        ({OPEN: "allowed"}, GATED, "allowed"),
        ({OPEN: "allowed", GATED: "denied"}, OPEN, "denied"),
        ({GATED: "denied"}, OPEN, "denied"),
        ({GATED: "allowed"}, OPEN, "not_asked"),
        ({OPEN: "denied"}, GATED, "not_asked"),
        ({COMMERCIAL: "allowed"}, RESEARCH, "allowed"),
        ({RESEARCH: "denied"}, COMMERCIAL, "denied"),
        ({RAW: "allowed"}, Purpose.SHARE_FEATURES_ONLY, "allowed"),
    ],
)
def test_what_an_answer_says_of_what_was_not_asked(
    given_answers: dict[Purpose, str], purpose: Purpose, expected: str
) -> None:
    settled = settle_answers({p: Answer(a) for p, a in given_answers.items()})
    assert settled[purpose] == expected


def test_a_table_of_a_form_is_followed_all_the_way() -> None:
    table = parse_implications(
        {"publish.open": ["publish.gated"], "publish.gated": ["share.raw_audio"]}
    )
    assert settle_answers({OPEN: Answer.ALLOWED}, table)[RAW] is Answer.ALLOWED
    assert settle_answers({RAW: Answer.DENIED}, table)[OPEN] is Answer.DENIED
    assert parse_implications(None) is IMPLIED_PURPOSES
    assert parse_implications({}) == {}


@given(histories, st.sampled_from(ASKED), instants)
def test_answers_count_where_they_were_asked_for_alone(
    history: list[Consent], purpose: Purpose, at: datetime
) -> None:
    about = [c for c in history if c.speaks_for("lab/a", "r1")]
    assert scope(history, at) == scope(about, at)
    nowhere = [replace(c, reach=frozenset({Reach("lab/z")})) for c in history]
    assert scope(nowhere, at) == frozenset()


@given(histories, st.lists(st.lists(people, max_size=2, unique=True), max_size=3), instants)
def test_coverage_ends_at_the_first_moment_at_which_something_is_not_covered(
    history: list[Consent], groups: list[list[str]], at: datetime
) -> None:
    clips = [
        ClipPeople(str(n), f"{n}.wav", tuple(g), 1.0, recording="r1") for n, g in enumerate(groups)
    ]

    def is_covered(moment: datetime) -> bool:
        found = compute_coverage(
            clips, history, [RESEARCH], moment, territories=frozenset({"DE"}), dataset="lab/a"
        )
        return found.is_complete

    end = find_coverage_end(
        clips, history, [RESEARCH], at, territories=frozenset({"DE"}), dataset="lab/a"
    )
    hours = [at + timedelta(hours=6 * step) for step in range(80)]
    uncovered = [moment for moment in hours if not is_covered(moment)]
    if end is None:
        assert not uncovered
    else:
        assert not is_covered(end)
        assert all(moment >= end for moment in uncovered)


def test_nobody_who_denied_a_transfer_is_in_what_may_leave_the_eea() -> None:
    history = [
        Consent(
            "p1",
            "a",
            "1",
            NOW - DAY,
            {RESEARCH: Answer.ALLOWED, Purpose.TRANSFER_OUTSIDE_EEA: Answer.DENIED},
        )
    ]
    clip = ClipPeople("c", "c.wav", ("p1",), 1.0)

    def refused(*codes: str) -> list[Purpose | None]:
        found = compute_coverage([clip], history, [RESEARCH], NOW, territories=frozenset(codes))
        return [row.purpose for row in found.uncovered]

    assert refused("EEA") == []
    assert refused() == [Purpose.TRANSFER_OUTSIDE_EEA]
    assert refused("DE", "US") == [Purpose.TRANSFER_OUTSIDE_EEA]
    silent = [replace(history[0], answers={RESEARCH: Answer.ALLOWED})]
    assert compute_coverage([clip], silent, [RESEARCH], NOW).is_complete


def test_majority_ends_a_guardians_answer_and_begins_ones_own() -> None:
    of_age = datetime.combine(date(2026, 4, 20), time(), UTC)
    guided = Consent(
        "p1", "a", "1", NOW - 30 * DAY, {RESEARCH: Answer.ALLOWED},
        minor=True, guardian=True, of_age_at=of_age, guardian_until=of_age + 5 * DAY,
    )  # fmt: skip
    own = replace(guided, guardian=False)

    def at(moment: datetime, *history: Consent) -> Refusal | None:
        return Ledger(history).refusal("p1", RESEARCH, at=moment)

    assert at(of_age + 4 * DAY, guided) is None
    assert at(of_age + 5 * DAY, guided) is Refusal.OF_AGE
    assert at(NOW, own) is Refusal.GUARDIAN_MISSING
    assert at(NOW, guided, replace(own, given_at=of_age)) is None
    late = replace(guided, given_at=of_age)
    assert at(of_age, late) is Refusal.OF_AGE
