"""What the migrations' steps make: a database that refuses, and refuses after a change too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.migrations import RunPython
from django.db.migrations.state import ProjectState

from apps.database.triggers import AlterGuarded, make_append_only, refuse_change

pytestmark = pytest.mark.django_db


class Editor:
    """Runs statements at once, inside the test's transaction."""

    connection = connection

    def execute(self, statement: str, params: Any = ()) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)


EDITOR: Any = Editor()
APPS: Any = None


def run(sql: str) -> None:
    EDITOR.execute(sql, None)


def names() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM scratch ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture(autouse=True)
def scratch(db: None) -> Iterator[None]:
    run("CREATE TABLE scratch (id integer PRIMARY KEY, name text, state text)")
    run("INSERT INTO scratch VALUES (1, 'one', 'open'), (2, 'two', 'open')")
    yield
    run("DROP TABLE scratch")


def refused(sql: str, message: str) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        run(sql)


def test_an_append_only_table_takes_rows_in_and_keeps_them() -> None:
    step = make_append_only("scratch")
    step.code(APPS, EDITOR)
    run("INSERT INTO scratch VALUES (3, 'three', 'open')")
    refused("UPDATE scratch SET name = 'x'", "scratch is append-only")
    refused("DELETE FROM scratch WHERE id = 1", "scratch is append-only")
    assert names() == ["one", "three", "two"]
    assert step.reverse_code is not None
    step.reverse_code(APPS, EDITOR)
    run("DELETE FROM scratch WHERE id = 3")
    run("UPDATE scratch SET name = 'x' WHERE id = 1")
    assert names() == ["two", "x"]


def test_a_table_may_be_append_only_for_one_verb() -> None:
    make_append_only("scratch", events=("DELETE",)).code(APPS, EDITOR)
    run("UPDATE scratch SET name = 'x' WHERE id = 1")
    refused("DELETE FROM scratch", "append-only")


@pytest.mark.parametrize(
    ("event", "when", "bad", "good"),
    [
        (
            "UPDATE",
            "OLD.state = 'closed' AND NEW.state <> 'closed'",
            "UPDATE scratch SET state = 'open' WHERE id = 2",
            "UPDATE scratch SET name = 'x' WHERE id = 2",
        ),
        (
            "INSERT",
            "EXISTS (SELECT 1 FROM scratch s WHERE s.name = NEW.name)",
            "INSERT INTO scratch VALUES (4, 'one', 'open')",
            "INSERT INTO scratch VALUES (3, 'x', 'open')",
        ),
        (
            "DELETE",
            "OLD.state = 'closed'",
            "DELETE FROM scratch WHERE id = 2",
            "DELETE FROM scratch WHERE id = 1",
        ),
    ],
)
def test_what_the_condition_says_is_refused_and_the_rest_is_done(
    event: str, when: str, bad: str, good: str
) -> None:
    run("UPDATE scratch SET state = 'closed' WHERE id = 2")
    step = refuse_change(
        "scratch", name="scratch_rule", event=event, when=when, message="not like this"
    )
    step.code(APPS, EDITOR)
    with pytest.raises(IntegrityError, match="not like this"), transaction.atomic():
        run(bad)
    before = names()
    run(good)
    assert names() != before
    assert step.reverse_code is not None
    step.reverse_code(APPS, EDITOR)
    run(bad)


def test_each_database_is_asked_in_its_own_words() -> None:
    refuse_change(
        "scratch",
        name="scratch_words",
        event="INSERT",
        when="CAST(NEW.name AS text) ~ '^x'" if connection.vendor == "postgresql" else "nonsense(",
        on_sqlite="NEW.name GLOB 'x*'",
        message="no x",
    ).code(APPS, EDITOR)
    refused("INSERT INTO scratch VALUES (3, 'xyz', 'open')", "no x")
    run("INSERT INTO scratch VALUES (3, 'abc', 'open')")


def make_anew(apps: Any, editor: Any) -> None:
    """Change the table as Django does: on SQLite a new one takes the place of the old."""
    if connection.vendor == "postgresql":
        run("ALTER TABLE scratch ADD COLUMN colour text")
        return
    run("CREATE TABLE new_scratch (id integer PRIMARY KEY, name text, state text, colour text)")
    run("INSERT INTO new_scratch SELECT id, name, state, NULL FROM scratch")
    run("DROP TABLE scratch")
    run("ALTER TABLE new_scratch RENAME TO scratch")


@pytest.mark.parametrize("way", ["forwards", "backwards"])
def test_triggers_are_there_after_a_change_of_their_table(way: str) -> None:
    make_append_only("scratch").code(APPS, EDITOR)
    operation = AlterGuarded(RunPython(make_anew, make_anew))
    change = getattr(operation, f"database_{way}")
    change("audit", EDITOR, ProjectState(), ProjectState())
    refused("UPDATE scratch SET colour = 'red'", "append-only")
    refused("DELETE FROM scratch", "append-only")
    assert names() == ["one", "two"]


def test_a_guarded_change_is_written_into_migrations_as_what_it_holds() -> None:
    inner = RunPython(make_anew, make_anew)
    name, arguments, keywords = AlterGuarded(inner).deconstruct()
    assert (name, list(arguments), keywords) == ("AlterGuarded", [inner], {})
