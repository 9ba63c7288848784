"""The audit chain shows every change to it."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.audit import record
from apps.audit.chain import find_breaks
from apps.audit.models import AuditEvent, ChainHead

pytestmark = pytest.mark.django_db


def write_three() -> None:
    for name in ("acme", "birds", "cars"):
        record.organisation_created(actor="ada", organisation=name)


def tamper(sql: str, table: str = "audit_auditevent") -> None:
    """Change the table behind the triggers' back, as somebody with the database's keys could."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql)
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        else:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_update")
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")
            cursor.execute(sql)


def test_an_untouched_chain_holds() -> None:
    write_three()
    assert list(find_breaks()) == []
    assert [event.sequence for event in AuditEvent.objects.all()] == [1, 2, 3]


def test_an_empty_log_holds() -> None:
    assert list(find_breaks()) == []


@pytest.mark.parametrize(
    "verb", ["UPDATE audit_auditevent SET actor = 'eve'", "DELETE FROM audit_auditevent"]
)
def test_the_database_refuses_to_change_or_delete_events(verb: str) -> None:
    write_three()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        connection.cursor().execute(verb)
    assert list(find_breaks()) == []


def test_a_changed_event_is_found() -> None:
    write_three()
    tamper("UPDATE audit_auditevent SET actor = 'eve' WHERE sequence = 2")
    assert [(found.sequence, found.problem) for found in find_breaks()] == [
        (2, "its content was changed")
    ]


def test_a_deleted_event_is_found() -> None:
    write_three()
    tamper("DELETE FROM audit_auditevent WHERE sequence = 2")
    assert next(iter(find_breaks())).problem == "missing: the next event is 3"


def test_a_cut_tail_is_found() -> None:
    write_three()
    tamper("DELETE FROM audit_auditevent WHERE sequence = 3")
    assert next(iter(find_breaks())).problem.startswith("the end was cut")


def test_a_swapped_order_is_found() -> None:
    write_three()
    tamper("UPDATE audit_auditevent SET sequence = 9 WHERE sequence = 1")
    tamper("UPDATE audit_auditevent SET sequence = 1 WHERE sequence = 2")
    tamper("UPDATE audit_auditevent SET sequence = 2 WHERE sequence = 9")
    assert {found.sequence for found in find_breaks()} >= {1, 2}


def test_a_missing_head_is_found() -> None:
    write_three()
    ChainHead.objects.all().delete()
    assert [found.problem for found in find_breaks()] == ["the head of the chain is missing"]


def test_what_is_rolled_back_is_not_in_the_log() -> None:
    write_three()
    with transaction.atomic():
        record.organisation_created(actor="ada", organisation="never")
        transaction.set_rollback(True)
    assert AuditEvent.objects.count() == 3
    assert list(find_breaks()) == []
