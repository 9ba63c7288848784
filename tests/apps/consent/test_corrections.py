"""What was recorded wrongly is corrected by a record in its place, and nothing is forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.consent.consent_corrections import correct_consent
from apps.consent.entries import ConsentEntry
from apps.consent.errors import ConsentsRefusedError, EvidenceMissingError, SupersededError
from apps.consent.ledger import load_consents
from apps.consent.models import Consent, Contributor
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.ledger import Refusal
from tests.apps.consent.answers import (
    EVIDENCE,
    GATED,
    RESEARCH,
    answers,
    day,
    only_consent,
    record,
    refusal,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def correct(cast: Cast, row: Consent, entry: ConsentEntry, reason: str = "mistyped") -> Consent:
    return correct_consent(actor=cast.ada, consent=row, entry=entry, reason=reason)


def test_a_narrower_record_takes_the_place_of_the_wrong_one(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH, GATED]))
    wrong = only_consent(cast)
    right = correct(cast, wrong, answers(allowed=[RESEARCH], denied=[GATED], valid_until=day(9, 9)))
    assert refusal(tones, GATED) is Refusal.DENIED
    assert refusal(tones, RESEARCH, at=day(1, 9)) is None
    assert refusal(tones, RESEARCH, at=day(9, 9)) is Refusal.EXPIRED
    assert Consent.objects.get(pk=wrong.pk).superseded_by == right
    assert set(wrong.answers.values_list("answer", flat=True)) == {"allowed"}
    event = AuditEvent.objects.get(kind="consent.corrected")
    assert event.detail["reason"] == "mistyped"
    assert "publish.gated allowed" in event.detail["before"]
    assert "publish.gated denied" in event.detail["after"]


@pytest.mark.parametrize(
    "wider",
    [
        {"allowed": [RESEARCH, GATED]},
        {"allowed": [RESEARCH], "valid_until": day(9, 10)},
        {"allowed": [RESEARCH], "valid_until": day(9, 9), "territories": frozenset({"EEA", "US"})},
        {"allowed": [RESEARCH], "denied": [GATED], "given_at": day(2)},
        {"denied": [GATED], "valid_until": day(9, 9), "territories": frozenset({"EEA"})},
    ],
)
def test_what_may_allow_more_needs_its_evidence(
    cast: Cast, tones: Dataset, wider: dict[str, Any]
) -> None:
    record(
        cast,
        answers(
            allowed=[RESEARCH],
            denied=[GATED],
            valid_until=day(9, 9),
            territories=frozenset({"EEA"}),
        ),
    )
    with pytest.raises(EvidenceMissingError):
        correct(cast, only_consent(cast), answers(**wider))
    assert Consent.objects.count() == 1
    correct(cast, only_consent(cast), answers(**wider, evidence_sha256=EVIDENCE))
    assert Consent.objects.count() == 2


def test_a_consent_of_the_wrong_person_is_voided(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    row = only_consent(cast)
    with pytest.raises(InvalidError, match="record those of mia anew"):
        correct(cast, row, answers("mia", allowed=[RESEARCH]))
    correct(cast, row, answers(evidence_sha256=EVIDENCE), "the answers are mia's")
    assert refusal(tones, RESEARCH) is Refusal.NOT_ASKED


def test_the_table_that_was_wrong_is_named_and_the_corrected_one_is_known(
    cast: Cast, tones: Dataset
) -> None:
    wrong = answers(allowed=[RESEARCH])
    right = answers(allowed=[RESEARCH], valid_until=day(9, 9))
    record(cast, wrong)
    correct(cast, only_consent(cast), right)
    assert record(cast, right).known == 1
    with pytest.raises(ConsentsRefusedError, match="valid_until 2026-09-09"):
        record(cast, wrong)


def test_a_record_is_corrected_once_and_the_newest_again(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    first = only_consent(cast)
    second = correct(cast, first, answers(allowed=[RESEARCH], valid_until=day(9, 9)))
    with pytest.raises(SupersededError, match=str(second.uid)):
        correct(cast, first, answers(denied=[RESEARCH]))
    correct(cast, second, answers(denied=[RESEARCH]))
    assert refusal(tones, RESEARCH) is Refusal.DENIED


def test_a_correction_takes_a_reason_a_right_and_a_difference(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    row = only_consent(cast)
    with pytest.raises(InvalidError, match="what was wrong"):
        correct(cast, row, answers(denied=[RESEARCH]), " ")
    with pytest.raises(InvalidError, match="nothing to correct"):
        correct(cast, row, answers(allowed=[RESEARCH]))
    with pytest.raises(InvalidError, match="nothing of age"):
        correct(cast, row, answers(denied=[RESEARCH], minor=True))
    with pytest.raises(DeniedError):
        correct_consent(actor=cast.cleo, consent=row, entry=answers(denied=[RESEARCH]), reason="x")


def test_a_correction_does_not_run_into_another_record(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]), answers(denied=[RESEARCH], given_at=day(5)))
    row = Consent.objects.get(given_at=day(1))
    with pytest.raises(ConsentsRefusedError, match="on record stands"):
        correct(cast, row, answers(allowed=[RESEARCH], given_at=day(5), evidence_sha256=EVIDENCE))


def test_the_ledger_of_before_the_correction_can_be_read(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    before = timezone.now()
    correct(cast, only_consent(cast), answers(denied=[RESEARCH]))
    assert [c.answers[RESEARCH] for c in load_consents(tones, known_at=before)] == ["allowed"]
    assert [c.answers[RESEARCH] for c in load_consents(tones)] == ["denied"]
    assert load_consents(tones, known_at=before - timedelta(days=1)) == []


def test_the_database_refuses_a_correction_of_somebody_else(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[RESEARCH]), answers("mia", allowed=[RESEARCH]))
    ben, mia = only_consent(cast), only_consent(cast, "mia")

    def put(reason: str, contributor: Contributor) -> None:
        Consent.objects.create(
            contributor=contributor,
            form=ben.form,
            given_at=day(3),
            answered=0,
            recorded_by=cast.ada,
            supersedes=ben,
            correction_reason=reason,
        )

    with pytest.raises(DatabaseError, match="the same contributor"), transaction.atomic():
        put("x", mia.contributor)
    with pytest.raises(IntegrityError), transaction.atomic():
        put("", ben.contributor)
    put("x", ben.contributor)
    with pytest.raises(IntegrityError), transaction.atomic():
        put("y", ben.contributor)
