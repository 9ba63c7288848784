"""A minor's consent counts with a guardian, and their own once they are of age."""

from datetime import UTC, datetime

import pytest

from apps.audit.models import AuditEvent
from apps.consent.actions import ConsentEntry, mark_of_age, record_consents
from apps.consent.ledger import consents_of
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.ledger import Ledger, Refusal
from datasets_catalog.purposes import Answer, Purpose
from tests.cast import Cast

pytestmark = pytest.mark.django_db

PURPOSE = Purpose.RESEARCH_NONCOMMERCIAL
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def answer(cast: Cast, *, month: int, guardian: str = "") -> None:
    entry = ConsentEntry(
        contributor="ben",
        form="voices",
        form_version="1",
        given_at=datetime(2026, month, 1, tzinfo=UTC),
        answers={PURPOSE: Answer.ALLOWED},
        guardian=guardian,
    )
    record_consents(actor=cast.ada, organisation=cast.acme, entries=[entry])


def refusal(cast: Cast) -> Refusal | None:
    return Ledger(consents_of(cast.acme)).refusal("ben", PURPOSE, at=NOW)


def test_a_guardians_answer_counts(cast: Cast) -> None:
    answer(cast, month=1, guardian="g1")
    assert refusal(cast) is None


def test_a_minors_own_answer_does_not_count(cast: Cast) -> None:
    answer(cast, month=1, guardian="g1")
    answer(cast, month=2)
    assert refusal(cast) is Refusal.GUARDIAN_MISSING


def test_it_counts_once_they_are_of_age(cast: Cast) -> None:
    answer(cast, month=1, guardian="g1")
    answer(cast, month=2)
    mark_of_age(actor=cast.ada, organisation=cast.acme, code="ben", reason="turned 18")
    assert refusal(cast) is None
    assert AuditEvent.objects.filter(kind="contributor.of_age").count() == 1


def test_saying_so_takes_a_reason_a_right_and_somebody_on_record(cast: Cast) -> None:
    answer(cast, month=1, guardian="g1")
    with pytest.raises(InvalidError):
        mark_of_age(actor=cast.ada, organisation=cast.acme, code="ben", reason=" ")
    with pytest.raises(DeniedError):
        mark_of_age(actor=cast.cleo, organisation=cast.acme, code="ben", reason="x")
    with pytest.raises(NotFoundError):
        mark_of_age(actor=cast.ada, organisation=cast.acme, code="nobody", reason="x")
