"""No answer is lost: what contradicts the ledger or itself is named, and nothing of it recorded."""

import hashlib
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.audit.models import AuditEvent
from apps.consent.actions import record_consents
from apps.consent.errors import ConsentsRefusedError
from apps.consent.models import Consent, ConsentAnswer, Contributor
from apps.datasets.models import Dataset
from datasets_catalog.errors import DeniedError
from datasets_catalog.ledger import Refusal
from datasets_catalog.purposes import Answer
from tests.apps.consent.answers import (
    EVIDENCE,
    GATED,
    OPEN,
    RESEARCH,
    answers,
    day,
    only_consent,
    put_in_clip,
    record,
    refusal,
    scope,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_the_same_consent_again_changes_nothing(cast: Cast, tones: Dataset) -> None:
    entry = answers(allowed=[RESEARCH], denied=[GATED], evidence_sha256=EVIDENCE)
    assert record(cast, entry).added == 1
    again = record(cast, entry, entry)
    assert (again.added, again.known) == (0, 2)
    assert Consent.objects.count() == 1


def test_the_hash_of_an_empty_file_shows_nothing(cast: Cast, tones: Dataset) -> None:
    nothing = hashlib.sha256(b"").hexdigest()
    with pytest.raises(ConsentsRefusedError, match="this is that of an empty one"):
        record(cast, answers(allowed=[RESEARCH], evidence_sha256=nothing))


def test_answers_of_a_person_who_is_written_otherwise_are_refused(
    cast: Cast, tones: Dataset
) -> None:
    """They would be somebody else's, and the no of who is in the clips would not reach them."""
    put_in_clip(tones, "ben")
    with pytest.raises(ConsentsRefusedError, match="contributor Ben: expected ben"):
        record(cast, answers("Ben", denied=[RESEARCH]))
    with pytest.raises(ConsentsRefusedError, match="contributor KIM: expected kim"):
        record(cast, answers("kim", allowed=[RESEARCH]), answers("KIM", denied=[RESEARCH]))
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("other", "column", "shown"),
    [
        ({"denied": [RESEARCH]}, "research.noncommercial", "denied"),
        ({"allowed": [RESEARCH], "valid_until": day(9, 9)}, "valid_until", "2026-09-09"),
        ({"allowed": [RESEARCH], "valid_from": day(9)}, "valid_from", "2026-03-09"),
        ({"allowed": [RESEARCH], "territories": frozenset({"DE"})}, "territories", "DE"),
        ({"allowed": [RESEARCH], "evidence_sha256": EVIDENCE}, "evidence_sha256", EVIDENCE),
        ({"allowed": [RESEARCH], "guardian": "g1"}, "guardian", "g1"),
        ({"allowed": [RESEARCH, OPEN]}, "publish.open", "allowed"),
        ({}, "research.noncommercial", "empty"),
    ],
)
def test_the_same_moment_with_other_content_is_refused_and_both_are_shown(
    cast: Cast, tones: Dataset, other: dict[str, Any], column: str, shown: str
) -> None:
    record(cast, answers(allowed=[RESEARCH]))
    with pytest.raises(ConsentsRefusedError) as refused:
        record(cast, answers(**other))
    assert f"{column} " in refused.value.message
    assert f"on record stands {column}" in refused.value.message
    assert shown in refused.value.message
    assert Consent.objects.count() == 1


def test_of_two_rows_that_contradict_each_other_neither_is_taken(
    cast: Cast, tones: Dataset
) -> None:
    with pytest.raises(ConsentsRefusedError) as refused:
        record(cast, answers(allowed=[RESEARCH]), answers(denied=[RESEARCH]))
    assert [text.split(",")[0] for text in refused.value.detail["problems"]] == [
        "consent 1",
        "consent 2",
    ]
    assert not Consent.objects.exists()


@pytest.mark.parametrize("backwards", [False, True])
def test_at_one_moment_the_narrower_answer_holds_whatever_comes_first(
    cast: Cast, tones: Dataset, *, backwards: bool
) -> None:
    pair = [
        answers(form="taking part", allowed=[RESEARCH, GATED]),
        answers(form="withdrawal", denied=[RESEARCH]),
    ]
    for entry in reversed(pair) if backwards else pair:
        record(cast, entry)
    assert refusal(tones, RESEARCH) is Refusal.DENIED
    assert refusal(tones, GATED) is None


def test_a_denial_of_which_only_the_day_is_known_holds_to_the_end_of_the_day(
    cast: Cast, tones: Dataset
) -> None:
    midnight = day(4).replace(hour=0, minute=0)
    record(cast, answers(form="withdrawal", denied=[RESEARCH], given_at=midnight))
    record(cast, answers(allowed=[RESEARCH], given_at=day(4)))
    assert refusal(tones, RESEARCH) is Refusal.DENIED
    record(cast, answers(allowed=[RESEARCH], given_at=day(5)))
    assert refusal(tones, RESEARCH) is None


def test_an_older_refusal_that_arrives_late_does_not_undo_a_newer_permission(
    cast: Cast, tones: Dataset
) -> None:
    record(cast, answers(allowed=[RESEARCH], given_at=day(5)))
    record(cast, answers(form="old", denied=[RESEARCH, GATED], given_at=day(1)))
    assert refusal(tones, RESEARCH) is None
    assert refusal(tones, GATED) is Refusal.DENIED


def test_an_answer_from_the_future_is_refused(cast: Cast, tones: Dataset) -> None:
    with pytest.raises(ConsentsRefusedError, match="a moment that has passed"):
        record(cast, answers(denied=[RESEARCH], given_at=day(1).replace(year=2999)))


def test_territories_and_validity_are_kept_and_count(cast: Cast, tones: Dataset) -> None:
    record(
        cast,
        answers(
            allowed=[RESEARCH],
            territories=frozenset({"EEA"}),
            valid_from=day(2),
            valid_until=day(9),
        ),
    )
    row = only_consent(cast)
    assert (row.territories, row.valid_from, row.valid_until) == (["EEA"], day(2), day(9))
    assert refusal(tones, RESEARCH, at=day(1, 3)) is Refusal.NOT_YET_VALID
    assert refusal(tones, RESEARCH, at=day(5)) is None
    assert refusal(tones, RESEARCH, at=day(9)) is Refusal.EXPIRED


def test_what_an_answer_contains_is_allowed_with_it(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(allowed=[OPEN]), answers("mia", denied=[GATED]))
    assert {OPEN, GATED} <= scope(tones)
    assert refusal(tones, OPEN, "mia") is Refusal.DENIED


def test_a_change_of_answers_makes_what_was_frozen_stale(cast: Cast, tones: Dataset) -> None:
    put_in_clip(tones)
    record(cast, answers(allowed=[RESEARCH]))
    tones.refresh_from_db()
    before = tones.draft_serial
    record(cast, answers(denied=[RESEARCH], given_at=day(2)))
    tones.refresh_from_db()
    assert tones.draft_serial > before


def test_recording_takes_the_right_and_is_written_down(cast: Cast, tones: Dataset) -> None:
    with pytest.raises(DeniedError):
        record_consents(actor=cast.cleo, organisation=cast.acme, entries=[answers()])
    record(cast, answers(allowed=[RESEARCH]))
    kinds = AuditEvent.objects.filter(organisation="acme").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["form.registered", "form.bound", "consents.recorded"]


def test_the_database_keeps_a_consent_as_it_was_recorded(cast: Cast, tones: Dataset) -> None:
    record(cast, answers(denied=[RESEARCH]))
    row = only_consent(cast)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Consent.objects.filter(pk=row.pk).update(evidence_sha256=EVIDENCE)
    with pytest.raises(DatabaseError, match="keeps the answers"), transaction.atomic():
        ConsentAnswer.objects.create(consent=row, purpose=OPEN, answer=Answer.ALLOWED)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentAnswer.objects.filter(consent=row).update(answer=Answer.ALLOWED)
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(
            contributor=row.contributor,
            form=row.form,
            given_at=row.given_at,
            answered=0,
            recorded_by=cast.ada,
        )
    with pytest.raises(DatabaseError, match="keeps their code"), transaction.atomic():
        Contributor.objects.filter(code="ben").update(code="mia")
