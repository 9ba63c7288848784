"""What every test may lean on."""

import pytest
from pytest_socket import socket_allow_hosts

from tests.cast import Cast, assemble


def pytest_runtest_setup() -> None:
    """Test traffic stays on loopback."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def cast(db: None) -> Cast:
    return assemble()
