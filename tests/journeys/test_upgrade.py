"""A database of the first release becomes one of now, with its rows and its triggers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from tests.golden.keeping import FIRST, Golden
from tests.golden.rows import load_rows, without_triggers
from tests.test_docs import named, section, text

ALIAS = "upgraded"
FIRST_RELEASE = (
    ("access", "0002_initial"),
    ("accounts", "0001_initial"),
    ("admin", "0003_logentry_add_action_flag_choices"),
    ("api_door", "0001_initial"),
    ("audit", "0002_append_only"),
    ("consent", "0002_append_only"),
    ("datasets", "0001_initial"),
    ("ingest", "0001_initial"),
    ("jobs", "0001_initial"),
    ("licensing", "0001_initial"),
    ("privacy", "0002_append_only"),
    ("publishing", "0001_initial"),
    ("releases", "0002_guards"),
    ("sessions", "0001_initial"),
    ("storage", "0002_blobs_keep_their_identity"),
)
BYTES, CELLS = "a" * 64, "b" * 64


@pytest.fixture
def old(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """An SQLite file of its own, whatever the other tests run on."""
    told = {
        **connections.settings["default"],
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "old.sqlite3"),
        "OPTIONS": {},
        "ATOMIC_REQUESTS": False,
    }
    connections[ALIAS] = DatabaseWrapper(told, ALIAS)
    with django_db_blocker.unblock():
        yield connections[ALIAS]
        connections[ALIAS].close()
    del connections[ALIAS]


def test_an_old_database_is_brought_up_to_date(old: BaseDatabaseWrapper) -> None:
    first = MigrationExecutor(old)
    first.migrate(list(FIRST_RELEASE))
    fill(first.loader.project_state(list(FIRST_RELEASE)).apps)
    before = tables(old)
    filled = ("privacy_decision", "releases_release", "audit_auditevent")
    assert all(before[name] for name in filled)
    assert [person.pop("is_minor") for person in before["consent_contributor"]] == [False]
    now = MigrationExecutor(old)
    now.migrate(now.loader.graph.leaf_nodes())
    assert_kept(before, tables(old))
    assert found(old, "PRAGMA foreign_key_check") == []
    page = section(text("docs/privacy.md"), "## What the database itself refuses")
    there = dict(found(old, "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"))
    assert set(there) == named(page.split("The second is constraints")[0])
    for table in set(there.values()):
        # Makes the programs of its triggers, which fails where they name what is gone.
        found(old, f"EXPLAIN UPDATE {table} SET id = id")
        found(old, f"EXPLAIN DELETE FROM {table}")
        found(old, f"EXPLAIN INSERT INTO {table} DEFAULT VALUES")
    # Who had a guardian and was said to be of age is so from the day after the guardian's last.
    ages = found(old, "SELECT is_minor, of_age_on FROM consent_contributor")
    assert ages == [(True, date(2025, 3, 2))]
    reached = "SELECT f.name, d.name FROM consent_formreach r JOIN consent_consentform f"
    reached += " ON f.id = r.form_id JOIN datasets_dataset d ON d.id = r.dataset_id"
    assert found(old, f"{reached} WHERE f.uid IS NOT NULL") == [("voices", "tones")]
    for table in ("privacy_decision", "audit_auditevent"):
        with pytest.raises(IntegrityError, match="append-only"):
            found(old, f"DELETE FROM {table}")


def test_the_database_of_a_golden_release_is_brought_up_to_date(old: BaseDatabaseWrapper) -> None:
    kept = Golden(FIRST).read()
    migrations = [(room, name) for room, name in kept["migrations"]]
    first = MigrationExecutor(old)
    first.migrate(migrations)
    with without_triggers(old):
        load_rows(kept["rows"], first.loader.project_state(migrations).apps, ALIAS)
    before = tables(old)
    assert len(before["releases_release"]) == 1
    now = MigrationExecutor(old)
    now.migrate(now.loader.graph.leaf_nodes())
    after = tables(old)
    cut = [clip for clip in before["datasets_clip"] if clip["recording_id"]]
    digests = {clip["id"]: clip["cells_sha256"] for clip in after["datasets_clip"]}
    assert len(cut) == 2
    for clip in cut:
        # The name of its recording counts among its texts since.
        assert clip.pop("cells_sha256") != digests[clip["id"]]
    assert_kept(before, after)
    assert found(old, "PRAGMA foreign_key_check") == []


def test_what_the_reviews_added_can_be_taken_away_again(old: BaseDatabaseWrapper) -> None:
    MigrationExecutor(old).migrate([("privacy", "0004_review_guards")])
    back = MigrationExecutor(old)
    back.migrate([("privacy", "0002_append_only")])
    there = {name for (name,) in found(old, "SELECT name FROM sqlite_master WHERE type='trigger'")}
    assert {"privacy_decision_no_update", "privacy_decision_no_delete"} <= there


def fill(apps: Any) -> None:
    """One of each that triggers speak of, by the models of that time."""

    def made(room: str, model: str, **values: Any) -> Any:
        return apps.get_model(room, model).objects.using(ALIAS).create(**values)

    ada, cleo = (made("accounts", "User", username=name) for name in ("ada", "cleo"))
    acme = made("accounts", "Organisation", name="acme")
    dataset = made(
        "datasets", "Dataset", organisation=acme, name="tones", created_by=ada, vertical="wildlife"
    )
    blob = made("storage", "Blob", store=dataset.uid, oid="c" * 32, sha256=BYTES, size=1)
    clip = made(
        "datasets", "Clip", dataset=dataset, path="a.wav", blob=blob, added_by=ada,
        media_type="audio/wav", codec="pcm", sample_rate=16000, channels=1, frames=1,
        duration=1.0, cells_sha256=CELLS,
    )  # fmt: skip
    ben = made("consent", "Contributor", organisation=acme, code="ben")
    form = made("consent", "ConsentForm", organisation=acme, name="voices", version="1")
    made(
        "consent", "Consent", contributor=ben, form=form, guardian="g1", recorded_by=ada,
        given_at=datetime(2025, 3, 1, tzinfo=UTC),
    )  # fmt: skip
    made("consent", "Participation", contributor=ben, clip=clip)
    scan = made(
        "privacy", "Scan", dataset=dataset, content_sha256=BYTES, detector="speech",
        detector_version="1", parameters_sha256="d" * 64,
    )  # fmt: skip
    finding = made(
        "privacy", "Finding", clip=clip, scan=scan, position=0, content_sha256=BYTES, kind="speech"
    )
    made(
        "privacy", "Decision", finding=finding, verdict="clear", reason="a bird",
        content_sha256=BYTES, decided_by=cleo, uploaded_by=ada,
    )  # fmt: skip
    made("releases", "Release", dataset=dataset, version="1.0.0", order=1, created_by=ada)
    made(
        "audit", "AuditEvent", sequence=1, at=datetime(2026, 1, 1, tzinfo=UTC), kind="x",
        actor="ada", subject="acme", previous_hash="0" * 64, hash="e" * 64,
    )  # fmt: skip


def tables(old: BaseDatabaseWrapper) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for the notes of migrations."""
    names = found(old, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {
        name: rows(old, name)
        for (name,) in names
        if not name.startswith(("sqlite_", "django_migrations"))
    }


def rows(old: BaseDatabaseWrapper, table: str) -> list[dict[str, Any]]:
    with old.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def assert_kept(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]
) -> None:
    for name, kept in before.items():
        now = after[name]
        assert len(now) == len(kept), name
        for one, other in zip(kept, now, strict=True):
            assert one.items() <= other.items(), name


def found(old: BaseDatabaseWrapper, query: str) -> list[Any]:
    with old.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
