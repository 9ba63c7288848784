"""What every test may lean on."""

from pytest_socket import socket_allow_hosts


def pytest_runtest_setup() -> None:
    """Test traffic stays on loopback."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
