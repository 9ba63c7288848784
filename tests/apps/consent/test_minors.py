"""A minor's consent counts with a guardian up to a day, and their own from that day on."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.consent.ages import mark_of_age, record_minor
from apps.consent.errors import AgeConflictError, ConsentsRefusedError, EvidenceMissingError
from apps.consent.models import Consent, Contributor
from apps.datasets.actions import update_dataset
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.ledger import Refusal
from tests.apps.consent.answers import EVIDENCE, RESEARCH, answers, day, record, refusal
from tests.cast import Cast

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date


def note_minor(cast: Cast, code: str = "ben", **more: Any) -> Contributor:
    return record_minor(actor=cast.ada, organisation=cast.acme, code=code, reason="said so", **more)


def note_of_age(
    cast: Cast, code: str = "ben", reason: str = "turned 18", evidence: str = EVIDENCE
) -> Contributor:
    return mark_of_age(
        actor=cast.ada,
        organisation=cast.acme,
        code=code,
        reason=reason,
        evidence_sha256=evidence,
    )


def test_a_guardians_answer_counts(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1"))
    assert refusal(tones, RESEARCH) is None


def test_a_minors_own_yes_neither_permits_nor_takes_a_guardians_away(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH], minor=True, given_at=day(2)))
    assert refusal(tones, RESEARCH) is Refusal.GUARDIAN_MISSING
    record(cast, answers(allowed=[RESEARCH], guardian="g1"))
    assert refusal(tones, RESEARCH) is None


def test_a_minors_own_no_counts(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1"))
    record(cast, answers(denied=[RESEARCH], given_at=day(2)))
    assert refusal(tones, RESEARCH) is Refusal.DENIED


def test_no_guardian_overrules_what_a_minor_denied(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(denied=[RESEARCH]))
    record(cast, answers(allowed=[RESEARCH], given_at=day(2), guardian="g1"))
    assert refusal(tones, RESEARCH) is Refusal.DENIED
    record(cast, answers(allowed=[RESEARCH], given_at=day(3)))
    assert refusal(tones, RESEARCH) is None


def test_of_two_guardians_neither_undoes_the_no_of_the_other(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(denied=[RESEARCH], guardian="g1"))
    record(cast, answers(allowed=[RESEARCH], given_at=day(2), guardian="g2"))
    assert refusal(tones, RESEARCH) is Refusal.DENIED
    record(cast, answers(allowed=[RESEARCH], given_at=day(3), guardian="G1"))
    assert refusal(tones, RESEARCH) is None
    # Who only takes it back for a time says no again afterwards.
    record(cast, answers(denied=[RESEARCH], given_at=day(4), guardian="g2"))
    record(cast, answers(allowed=[RESEARCH], given_at=day(5), guardian="g1"))
    for_now = answers(allowed=[RESEARCH], given_at=day(6), guardian="g2", valid_until=day(9))
    record(cast, for_now, answers(allowed=[RESEARCH], given_at=day(7), guardian="g1"))
    assert refusal(tones, RESEARCH, at=day(8)) is None
    assert refusal(tones, RESEARCH, at=day(9)) is Refusal.DENIED


def test_who_is_of_age_decides_over_what_guardians_denied(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(denied=[RESEARCH], guardian="g1", of_age_on=day(3).date()))
    record(cast, answers(allowed=[RESEARCH], given_at=day(4)))
    assert refusal(tones, RESEARCH) is None


def test_a_minor_can_be_on_record_before_any_guardian_and_blocks(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH], minor=True))
    assert refusal(tones, RESEARCH) is Refusal.GUARDIAN_MISSING
    note_minor(cast, "mia")
    record(cast, answers("mia", allowed=[RESEARCH]))
    assert refusal(tones, RESEARCH, "mia") is Refusal.GUARDIAN_MISSING
    record(cast, answers("mia", allowed=[RESEARCH], given_at=day(2), guardian="g1"))
    assert refusal(tones, RESEARCH, "mia") is None


def test_from_the_day_of_majority_the_guardians_answer_stops_counting(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1", of_age_on=date(2026, 6, 1)))
    assert refusal(tones, RESEARCH, at=day(31, 5)) is None
    assert refusal(tones, RESEARCH, at=day(1, 6)) is Refusal.OF_AGE
    record(cast, answers(allowed=[RESEARCH], given_at=day(5, 6)))
    assert refusal(tones, RESEARCH, at=day(5, 6)) is None


def test_a_guardians_no_outlives_majority(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(denied=[RESEARCH], guardian="g1", of_age_on=date(2026, 6, 1)))
    assert refusal(tones, RESEARCH, at=day(1, 7)) is Refusal.DENIED


def test_what_a_minor_answered_does_not_count_later_either(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], minor=True, of_age_on=date(2026, 6, 1)))
    assert refusal(tones, RESEARCH, at=day(1, 7)) is Refusal.GUARDIAN_MISSING


def test_a_dataset_may_give_notice(cast: Cast, tones: Dataset, streets: Dataset) -> None:
    record(
        cast,
        answers(allowed=[RESEARCH], guardian="g1", of_age_on=date(2026, 6, 1)),
        datasets=[tones, streets],
    )
    update_dataset(actor=cast.ada, dataset=tones, changes={"guardian_notice_days": 30})
    assert refusal(tones, RESEARCH, at=day(30, 6)) is None
    assert refusal(tones, RESEARCH, at=day(1, 7)) is Refusal.OF_AGE
    assert refusal(streets, RESEARCH, at=day(30, 6)) is Refusal.OF_AGE
    with pytest.raises(InvalidError):
        update_dataset(actor=cast.ada, dataset=tones, changes={"guardian_notice_days": 367})


def test_of_somebody_of_age_only_what_they_answer_from_then_on_counts(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1"))
    record(cast, answers("mia", allowed=[RESEARCH], minor=True))
    for code in ("ben", "mia"):
        note_of_age(cast, code)
    assert refusal(tones, RESEARCH) is Refusal.OF_AGE
    assert refusal(tones, RESEARCH, "mia") is Refusal.GUARDIAN_MISSING
    now = timezone.now()
    record(cast, *(answers(code, allowed=[RESEARCH], given_at=now) for code in ("ben", "mia")))
    assert refusal(tones, RESEARCH) is None
    assert refusal(tones, RESEARCH, "mia") is None
    events = AuditEvent.objects.filter(kind="contributor.of_age")
    assert [event.detail["evidence_sha256"] for event in events] == [EVIDENCE, EVIDENCE]


def test_no_word_alone_makes_a_minor_of_age_today_or_tomorrow(cast: Cast, tones: Dataset) -> None:
    note_minor(cast)
    for evidence, problem in (("", EvidenceMissingError), ("the passport", InvalidError)):
        with pytest.raises(problem):
            note_of_age(cast, evidence=evidence)
    tomorrow = TODAY() + timedelta(days=1)
    with pytest.raises(EvidenceMissingError, match="No day of majority is on record"):
        note_minor(cast, of_age_on=tomorrow)
    with pytest.raises(ConsentsRefusedError, match="shows that a minor on record is of age"):
        record(cast, answers(allowed=[RESEARCH], of_age_on=tomorrow))
    assert Contributor.objects.get(code="ben").of_age_on is None
    note_minor(cast, of_age_on=tomorrow, evidence_sha256=EVIDENCE)
    assert Contributor.objects.get(code="ben").of_age_on == tomorrow


def test_saying_so_takes_a_reason_a_right_and_a_minor_on_record(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1"), answers("mia", allowed=[RESEARCH]))
    with pytest.raises(InvalidError):
        note_of_age(cast, reason=" ")
    with pytest.raises(DeniedError):
        mark_of_age(actor=cast.cleo, organisation=cast.acme, code="ben", reason="x")
    with pytest.raises(NotFoundError):
        note_of_age(cast, "nobody")
    with pytest.raises(AgeConflictError):
        note_of_age(cast, "mia")


def test_another_day_of_majority_needs_its_evidence(cast: Cast, tones: Dataset) -> None:
    note_minor(cast, of_age_on=date(2031, 1, 1))
    with pytest.raises(EvidenceMissingError, match="2031-01-01 is on record"):
        note_minor(cast, of_age_on=date(2032, 1, 1))
    note_minor(cast, of_age_on=date(2032, 1, 1), evidence_sha256=EVIDENCE)
    event = AuditEvent.objects.filter(kind="contributor.minor").latest("sequence")
    assert event.detail["of_age_on"] == ["2031-01-01", "2032-01-01"]
    note_minor(cast, "mia")
    with pytest.raises(EvidenceMissingError, match="No day of majority is on record"):
        note_minor(cast, "mia", of_age_on=TODAY() - timedelta(days=1))
    with pytest.raises(DeniedError):
        record_minor(actor=cast.cleo, organisation=cast.acme, code="leo", reason="x")


def test_no_table_makes_a_minor_of_age_without_evidence(cast: Cast, tones: Dataset) -> None:
    note_minor(cast)
    past = answers(allowed=[RESEARCH], of_age_on=date(2020, 1, 1))
    with pytest.raises(ConsentsRefusedError, match="shows that a minor on record is of age"):
        record(cast, past)
    assert Contributor.objects.get(code="ben").of_age_on is None
    record(cast, answers(allowed=[RESEARCH], given_at=day(2)))
    assert refusal(tones, RESEARCH) is Refusal.GUARDIAN_MISSING
    record(cast, replace(past, given_at=day(3), evidence_sha256=EVIDENCE))
    assert refusal(tones, RESEARCH) is None


def test_nobody_is_of_age_before_the_day_on_record_by_a_word(cast: Cast, tones: Dataset) -> None:
    note_minor(cast, of_age_on=date(2040, 1, 1))
    with pytest.raises(AgeConflictError, match="2040-01-01, which is on record"):
        note_of_age(cast)
    record(cast, answers(allowed=[RESEARCH], given_at=timezone.now()))
    assert refusal(tones, RESEARCH) is Refusal.GUARDIAN_MISSING


@pytest.mark.parametrize("guardian", ["ben", "BEN", "\uff42\uff45\uff4e"])
def test_nobody_is_their_own_guardian(cast: Cast, tones: Dataset, guardian: str) -> None:
    with pytest.raises(ConsentsRefusedError, match="nobody is their own guardian"):
        record(cast, answers(allowed=[RESEARCH], guardian=guardian))


def test_a_minor_is_not_recorded_under_another_spelling(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    with pytest.raises(AgeConflictError, match="BEN would be somebody else than ben"):
        note_minor(cast, "BEN")
    assert [row.code for row in Contributor.objects.all()] == ["ben"]


def test_a_minor_is_nobodys_guardian(cast: Cast, tones: Dataset) -> None:
    note_minor(cast, "mia", of_age_on=date(2026, 3, 10))
    with pytest.raises(ConsentsRefusedError, match="the code of a minor"):
        record(cast, answers(allowed=[RESEARCH], guardian="mia", given_at=day(9)))
    record(cast, answers(allowed=[RESEARCH], guardian="mia", given_at=day(10)))
    with pytest.raises(ConsentsRefusedError, match="the code of a minor"):
        record(
            cast,
            answers("leo", allowed=[RESEARCH], guardian="kim"),
            answers("kim", allowed=[RESEARCH], minor=True),
        )


def test_a_guardian_who_turns_out_to_be_a_minor_was_none(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="mia"))
    note_minor(cast, "mia")
    assert refusal(tones, RESEARCH) is Refusal.GUARDIAN_MISSING


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"minor": False}, "on record as a minor"),
        ({"of_age_on": date(2033, 1, 1)}, "2032-01-01, which is on record"),
        ({"minor": True, "given_at": day(1).replace(year=2025)}, None),
    ],
)
def test_what_contradicts_the_age_on_record_is_refused(
    cast: Cast, tones: Dataset, more: dict[str, Any], expected: str | None
) -> None:
    note_minor(cast, of_age_on=date(2032, 1, 1))
    if expected is None:
        record(cast, answers(allowed=[RESEARCH], **more))
        return
    with pytest.raises(ConsentsRefusedError, match=expected):
        record(cast, answers(allowed=[RESEARCH], **more))


@pytest.mark.parametrize(
    "more",
    [
        {"guardian": "g1", "of_age_on": date(2026, 3, 1)},
        {"guardian": "g1", "minor": False},
        {"minor": True, "of_age_on": date(2026, 2, 1)},
        {"minor": False, "of_age_on": date(2026, 4, 1)},
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(
    cast: Cast, tones: Dataset, more: dict[str, Any]
) -> None:
    with pytest.raises(ConsentsRefusedError):
        record(cast, answers(allowed=[RESEARCH], **more))


def test_the_database_holds_to_guardians_and_minors(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH], guardian="g1"))
    note_minor(cast, "mia")
    row = Consent.objects.get()

    def put(guardian: str) -> None:
        Consent.objects.create(
            contributor=row.contributor,
            form=row.form,
            given_at=day(7),
            guardian=guardian,
            answered=0,
            recorded_by=cast.ada,
        )

    for guardian, message in (("Ben", "own guardian|for nobody"), ("mia", "answers for nobody")):
        with pytest.raises(DatabaseError, match=message), transaction.atomic():
            put(guardian)
    with pytest.raises(DatabaseError, match="stays on record as a minor"), transaction.atomic():
        Contributor.objects.filter(code="ben").update(is_minor=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        Contributor.objects.create(organisation=cast.acme, code="leo", of_age_on=date(2030, 1, 1))
