"""Every kind of event is written down with all that was said, onto the end of the chain."""

import inspect
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit import chain, record
from apps.audit.chain import GENESIS, append_event, compute_event_hash, find_breaks
from apps.audit.models import AuditEvent, ChainHead
from tests.kills import killed_at_line, lines_of, spread
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db
ONE_WRITER = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
# Said by the kind of the event, not in its detail.
IN_THE_KIND = {("access_seat_moved", "given"), ("lowering_moved", "state"),
               ("access_change_moved", "state")}  # fmt: skip


def made_up(name: str, hint: Any) -> Any:
    """A value of the type that is like no other argument's."""
    number = sum(name.encode())
    if get_origin(hint) in {dict, Mapping}:
        return {f"{name} key": f"{name} value"}
    if get_origin(hint) is list:
        inner = get_args(hint)[0]
        return [made_up(f"{name} {at}", inner) for at in range(2)]
    kinds: dict[Any, Any] = {str: f"{name} said", int: number, float: number + 0.5, bool: True}
    return kinds.get(hint, kinds[int])


def write(name: str) -> tuple[dict[str, Any], AuditEvent]:
    function = getattr(record, name)
    hints = get_type_hints(function)
    said = {each: made_up(each, hints[each]) for each in inspect.signature(function).parameters}
    function(**said)
    return said, AuditEvent.objects.latest("sequence")


def leaves(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


@pytest.mark.parametrize("name", record.__all__)
def test_nothing_that_was_said_of_an_event_is_lost(name: str) -> None:
    said, event = write(name)
    assert event.actor == said.pop("actor")
    assert event.organisation == said.pop("organisation", event.organisation)
    written = leaves([event.organisation, event.subject, event.detail])
    for argument, value in said.items():
        if (name, argument) in IN_THE_KIND:
            continue
        for leaf in leaves(value):
            assert leaf in written, argument
    assert list(find_breaks()) == []


def test_each_function_writes_a_kind_of_its_own() -> None:
    kinds = [write(name)[1].kind for name in record.__all__]
    assert len(set(kinds)) == len(kinds)
    assert all("." in kind and len(kind) <= 64 for kind in kinds)
    assert list(find_breaks()) == []


@pytest.mark.parametrize(
    ("function", "argument", "kinds"),
    [
        ("access_seat_moved", {True: "access.seat_given", False: "access.seat_taken"}, "given"),
    ],
)
def test_what_is_moved_one_way_and_the_other_are_two_kinds(
    function: str, argument: dict[bool, str], kinds: str
) -> None:
    named = {"actor": "ada", "organisation": "acme", "dataset": "acme/tones", "user": "eve"}
    for value, kind in argument.items():
        getattr(record, function)(**named, **{kinds: value})
        assert AuditEvent.objects.latest("sequence").kind == kind


def some(subject: str = "acme", **detail: Any) -> AuditEvent:
    return append_event(
        kind="test.happened", actor="ada", organisation="acme", subject=subject, detail=detail
    )


def test_each_event_holds_the_hash_of_the_one_before() -> None:
    events = [some(number=number) for number in range(3)]
    assert events[0].previous_hash == GENESIS
    assert [each.previous_hash for each in events[1:]] == [each.hash for each in events[:2]]
    head = ChainHead.objects.get()
    assert (head.sequence, head.hash) == (3, events[2].hash)


def test_the_hash_is_the_same_after_the_database_and_sees_every_column() -> None:
    some(number=1, text="ü\n", nested={"b": [1, 2.5, None], "a": True})
    event = AuditEvent.objects.get()
    assert compute_event_hash(event) == event.hash
    changes: dict[str, Any] = {
        "sequence": 2, "kind": "x", "actor": "x", "organisation": "x", "subject": "x",
        "detail": {}, "previous_hash": "x",
    }  # fmt: skip
    for name, value in changes.items():
        before = getattr(event, name)
        setattr(event, name, value)
        assert compute_event_hash(event) != event.hash, name
        setattr(event, name, before)


def test_a_long_subject_is_cut_and_the_chain_holds() -> None:
    assert len(some("s" * 400).subject) == 300
    assert list(find_breaks()) == []


def test_the_database_wants_somebody_who_did_it_and_one_end() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        append_event(kind="test", actor="", organisation="", subject="x", detail={})
    some()
    with pytest.raises(IntegrityError), transaction.atomic():
        ChainHead.objects.create(id=2)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.update(detail={})
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.get().delete()


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_many_writers_at_once_make_one_chain_without_gaps() -> None:
    some()
    assert run_at_once(*[lambda: [some() for _ in range(3)]] * 4) == []
    assert list(AuditEvent.objects.values_list("sequence", flat=True)) == list(range(1, 14))
    assert list(find_breaks()) == []


@pytest.mark.django_db(transaction=True)
@ONE_WRITER
def test_killed_midway_an_event_is_there_with_its_end_or_not_at_all() -> None:
    here = chain.__file__
    total = lines_of(some, within=here)
    for line in spread(total, points=5):
        before = AuditEvent.objects.count()
        assert killed_at_line(line, some, within=here)
        assert AuditEvent.objects.count() == before
        assert list(find_breaks()) == []
