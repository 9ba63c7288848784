"""Triggers, so that the database itself refuses what the rules refuse.

Each function returns a migration step that works on PostgreSQL and on SQLite.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState, StateApps
from typing_extensions import override


def make_append_only(table: str, *, events: Sequence[str] = ("UPDATE", "DELETE")) -> RunPython:
    """Refuse to change or delete rows of `table`."""
    steps = [
        (f"{table}_no_{event.lower()}", event, "1 = 1", f"{table} is append-only")
        for event in events
    ]
    return _create_triggers(table, steps)


def refuse_change(
    table: str, *, name: str, event: str, when: str, message: str, on_sqlite: str = ""
) -> RunPython:
    """Refuse `event` (`INSERT`, `UPDATE`, `DELETE`) on a row of `table` where `when` holds.

    `when` is SQL over `NEW` and `OLD`; it may hold subqueries. Both databases understand it, or
    `on_sqlite` says the same in SQLite's words.
    """
    return _create_triggers(table, [(name, event, when, message)], on_sqlite)


def withdraw_trigger(step: RunPython) -> RunPython:
    """The step backwards: takes triggers away in whose place others come."""
    if step.reverse_code is None:
        raise ValueError("The step cannot be taken back.")
    return RunPython(step.reverse_code, step.code)


class AlterGuarded(SeparateDatabaseAndState):
    """Operations on tables that have triggers, after which every trigger is there as before.

    On SQLite Django changes a table by making it anew: its triggers go with the old one, and those
    of other tables that read it keep the new one from taking its name.
    """

    def __init__(self, *operations: Operation) -> None:
        super().__init__(database_operations=operations, state_operations=operations)

    @override
    def deconstruct(self) -> tuple[str, Sequence[Operation], dict[str, object]]:
        return type(self).__qualname__, self.database_operations, {}

    @override
    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with _keep_triggers(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    @override
    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        with _keep_triggers(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


@contextmanager
def _keep_triggers(editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    if editor.connection.vendor != "sqlite":
        yield
        return
    before = _list_sqlite_triggers(editor)
    editor.execute("PRAGMA legacy_alter_table = ON", params=None)
    yield
    editor.execute("PRAGMA legacy_alter_table = OFF", params=None)
    for name in before.keys() - _list_sqlite_triggers(editor).keys():
        editor.execute(before[name], params=None)


def _list_sqlite_triggers(editor: BaseDatabaseSchemaEditor) -> dict[str, str]:
    with editor.connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def _create_triggers(
    table: str, steps: Sequence[tuple[str, str, str, str]], on_sqlite: str = ""
) -> RunPython:
    def forwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        postgresql = editor.connection.vendor == "postgresql"
        make = _write_postgresql_trigger if postgresql else _write_sqlite_trigger
        for name, event, when, message in steps:
            said = when if postgresql else on_sqlite or when
            for statement in make(table, name, event, said, message):
                editor.execute(statement, params=None)

    def backwards(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        for name, *_ in steps:
            if editor.connection.vendor == "postgresql":
                editor.execute(f"DROP FUNCTION {name}() CASCADE")
            else:
                editor.execute(f"DROP TRIGGER {name}")

    return RunPython(forwards, backwards)


def _write_postgresql_trigger(
    table: str, name: str, event: str, when: str, message: str
) -> list[str]:
    # A trigger's WHEN may not hold subqueries on PostgreSQL, so the condition is in the body.
    row = "OLD" if event == "DELETE" else "NEW"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {when} THEN RAISE EXCEPTION '{message}'"
        f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]


def _write_sqlite_trigger(table: str, name: str, event: str, when: str, message: str) -> list[str]:
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    ]
