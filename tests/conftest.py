"""What every test may lean on."""

import os

import psycopg
import pytest
from django.db import connection
from pytest_socket import socket_allow_hosts

from tests.cast import Cast, assemble


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite leave out tests that empty the tables behind them: append-only ones refuse."""
    if os.environ.get("EARMARK_TEST_DATABASE") != "sqlite":
        return
    kept = [item for item in items if not _empties_tables(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def _empties_tables(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    named = {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
    return bool(named or (marker and marker.kwargs.get("transaction")))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish() -> None:
    """Let go of the test database: a live server's thread may still hold on to it."""
    database = connection.settings_dict
    if connection.vendor != "postgresql" or not str(database["NAME"]).startswith("test_"):
        return
    address = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    named = {key: value for key, value in address.items() if value}
    with psycopg.connect(dbname="postgres", password=database["PASSWORD"], **named) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database["NAME"]],
        )


def pytest_runtest_setup() -> None:
    """Test traffic stays on loopback."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()
