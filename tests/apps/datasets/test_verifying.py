"""Confirming events: by a second person, all or none, and once."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.datasets.label_verification import (
    AT_ONCE,
    SECOND_PERSON,
    EventUnknownError,
    OwnEventError,
    verify_events,
)
from apps.datasets.models import Dataset, Event
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.labels import Status
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import coming_with_token, person_with, roles_with
from tests.apps.datasets.rows import add_clip, add_event, touched
from tests.cast import Cast, assemble
from tests.factories.drafts import make_dataset
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def vera(cast: Cast) -> User:
    return person_with(cast.acme, Role.VERIFIER, name="vera")


@pytest.fixture
def events(tones: Dataset) -> list[Event]:
    """An event in each of three clips, which Ada brought in."""
    return [add_event(add_clip(tones, path)) for path in ("a.wav", "b.wav", "c.wav")]


def verify(
    actor: User, dataset: Dataset, events: Sequence[Event], verdict: str = Status.VERIFIED
) -> int:
    uids = [event.uid for event in events]
    return verify_events(actor=actor, dataset=dataset, events=uids, verdict=verdict)


def said_of(event: Event) -> tuple[str, str, User | None]:
    row = Event.objects.get(pk=event.pk)
    return row.status, row.verifier, row.verified_by


UNTOUCHED = (Status.SUGGESTED, "", None)


@pytest.mark.parametrize("role", Role)
def test_verifiers_confirm_and_nobody_else(
    cast: Cast, tones: Dataset, events: list[Event], role: Role
) -> None:
    somebody = person_with(cast.acme, role)
    if role in roles_with(Permission.EVENT_VERIFY):
        assert verify(somebody, tones, events) == 3
        return
    with pytest.raises(DeniedError, match="event:verify"):
        verify(somebody, tones, events)
    assert said_of(events[0]) == UNTOUCHED


def test_a_token_confirms_where_it_reaches(tones: Dataset, events: list[Event], vera: User) -> None:
    with pytest.raises(DeniedError):
        verify(coming_with_token(vera, "umbrella/tones"), tones, events)
    assert verify(coming_with_token(vera, "acme/tones"), tones, events) == 3


def test_what_is_confirmed_names_who_and_when_and_touches_its_clips_alone(
    tones: Dataset, events: list[Event], vera: User
) -> None:
    before = timezone.now()
    assert verify(vera, tones, events[:2]) == 2
    row = Event.objects.get(pk=events[0].pk)
    assert (row.status, row.verifier, row.verified_by) == ("verified", "vera", vera)
    assert row.verified_at is not None
    assert before <= row.verified_at <= timezone.now()
    assert said_of(events[2]) == UNTOUCHED
    assert touched(tones) == {"a.wav": 1, "b.wav": 1, "c.wav": 0}
    assert Event.objects.filter(SECOND_PERSON).count() == 2
    log = AuditEvent.objects.get(kind="events.verified")
    assert (log.actor, log.subject, log.detail["verdict"]) == ("vera", "acme/tones", "verified")
    assert log.detail["events"] == sorted(str(event.uid) for event in events[:2])


def test_said_again_it_is_no_news_and_said_otherwise_it_is(
    tones: Dataset, events: list[Event], vera: User
) -> None:
    verify(vera, tones, events)
    assert verify(vera, tones, events) == 0
    assert Dataset.objects.get(pk=tones.pk).draft_serial == 1
    assert verify(vera, tones, events[:1], Status.REJECTED) == 1
    assert said_of(events[0]) == ("rejected", "vera", vera)
    assert Event.objects.filter(SECOND_PERSON).count() == 2
    assert AuditEvent.objects.filter(kind="events.verified").count() == 2


def test_another_verifier_may_say_so_too_and_stands_for_it_then(
    cast: Cast, tones: Dataset, events: list[Event], vera: User
) -> None:
    verify(vera, tones, events)
    tom = person_with(cast.acme, Role.VERIFIER, name="tom")
    assert verify(tom, tones, events) == 3
    assert said_of(events[0]) == ("verified", "tom", tom)


def test_nobody_confirms_what_they_brought_in_or_labelled_themselves(
    tones: Dataset, events: list[Event], vera: User
) -> None:
    clip = events[0].clip
    brought = add_event(clip, "Meow", created_by=vera)
    labelled = add_event(clip, "Purr", annotator="vera")
    for own in (brought, labelled):
        with pytest.raises(OwnEventError, match=r"in a\.wav is your own work"):
            verify(vera, tones, [*events, own])
    assert {said_of(event) for event in (*events, brought, labelled)} == {UNTOUCHED}
    assert not AuditEvent.objects.filter(kind="events.verified").exists()


@pytest.mark.parametrize("verdict", ["suggested", "", "right", "VERIFIED"])
def test_an_event_is_right_or_wrong(
    tones: Dataset, events: list[Event], vera: User, verdict: str
) -> None:
    with pytest.raises(InvalidError, match="an event is verified or rejected"):
        verify(vera, tones, events, verdict)


def test_one_event_that_is_not_in_the_draft_keeps_all(
    cast: Cast, tones: Dataset, events: list[Event], vera: User
) -> None:
    gone, elsewhere = events[2], add_event(add_clip(make_dataset(cast, "other")))
    gone.clip.state = "removed"
    gone.clip.save(update_fields=["state"])
    nowhere = uuid.UUID(int=7)
    for wrong in (gone.uid, elsewhere.uid, nowhere):
        with pytest.raises(EventUnknownError, match=f"acme/tones has no event {wrong}") as refusal:
            verify_events(actor=vera, dataset=tones, events=[events[0].uid, wrong])
        assert refusal.value.detail["missing"] == [str(wrong)]
    assert said_of(events[0]) == UNTOUCHED


@pytest.mark.parametrize("count", [0, AT_ONCE + 1])
def test_between_one_event_and_a_bound_are_confirmed_at_once(
    tones: Dataset, vera: User, count: int
) -> None:
    named = [uuid.UUID(int=number) for number in range(count)]
    with pytest.raises(InvalidError, match="between one and 5000 events"):
        verify_events(actor=vera, dataset=tones, events=named)


def test_an_event_named_twice_is_confirmed_once(
    tones: Dataset, events: list[Event], vera: User
) -> None:
    assert verify(vera, tones, [events[0], events[0]]) == 1


@pytest.mark.parametrize(
    "change",
    [{"label": "Meow"}, {"onset": 0.0}, {"offset": 0.15}, {"f_low": 100.0}, {"channel": 1},
     {"presence": "no"}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_the_database_lets_nothing_that_was_confirmed_change_under_the_name(
    tones: Dataset, events: list[Event], vera: User, change: dict[str, Any]
) -> None:
    verify(vera, tones, events)
    rows = Event.objects.filter(pk=events[0].pk)
    with pytest.raises(DatabaseError, match="confirmed anew"), transaction.atomic():
        rows.update(**change)
    rows.update(**change, verified_by=None, verified_at=None, verifier="", status="suggested")


def test_the_database_knows_who_cannot_have_confirmed(
    cast: Cast, events: list[Event], vera: User
) -> None:
    now = timezone.now()
    full = {"status": "verified", "verified_by": vera, "verified_at": now, "verifier": "vera"}
    rows = Event.objects.filter(pk=events[0].pk)
    for wrong in (
        {"verified_by": cast.ada, "verifier": "ada"},
        {"verifier": ""},
        {"verified_at": None},
        {"status": "suggested"},
        {"annotator": "vera"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**{**full, **wrong})
    assert rows.update(**full) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_two_verifiers_at_once_leave_one_verdict_of_each_event() -> None:
    cast = assemble()
    dataset = make_dataset(cast)
    event = add_event(add_clip(dataset))
    people = [person_with(cast.acme, Role.VERIFIER, name=name) for name in ("vera", "tom")]
    problems = run_at_once(
        lambda: verify(people[0], dataset, [event]),
        lambda: verify(people[1], dataset, [event], Status.REJECTED),
    )
    assert problems == []
    last = AuditEvent.objects.filter(kind="events.verified").latest("sequence")
    assert said_of(event)[:2] == (last.detail["verdict"], last.actor)
    assert Dataset.objects.get(pk=dataset.pk).draft_serial == 2
