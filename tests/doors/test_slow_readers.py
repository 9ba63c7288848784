"""Readers that take their time hold a bounded number of threads; pages find one."""

import http.client
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from tests.doors.web_server import gunicorn, write_file

THREADS = 128
AT_ONCE = 96


def slow_reader(port: int, stack: ExitStack) -> socket.socket:
    """Asks for the file and reads no more than the head of the answer."""
    reader = stack.enter_context(socket.socket())
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.settimeout(30)
    reader.connect(("127.0.0.1", port))
    reader.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
    return reader


def status_of(reader: socket.socket) -> bytes:
    return reader.recv(12)[-3:]


def page(port: int) -> float:
    """Seconds until a page is there."""
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/page")
    assert connection.getresponse().read() == b"a page"
    connection.close()
    return time.monotonic() - start


def test_128_slow_readers_leave_threads_for_pages(tmp_path: Path) -> None:
    write_file(tmp_path, b"sound" * 4_000_000)
    with gunicorn(tmp_path, threads=THREADS) as port, ExitStack() as stack:
        readers = [slow_reader(port, stack) for _ in range(THREADS)]
        answers = [status_of(reader) for reader in readers]
        assert answers.count(b"200") == AT_ONCE
        assert answers.count(b"503") == THREADS - AT_ONCE
        assert page(port) < 5


def test_a_reader_that_goes_away_makes_room_for_another(tmp_path: Path) -> None:
    write_file(tmp_path, b"sound" * 4_000_000)
    with gunicorn(tmp_path, threads=THREADS) as port:
        with ExitStack() as stack:
            readers = [slow_reader(port, stack) for _ in range(AT_ONCE)]
            assert {status_of(reader) for reader in readers} == {b"200"}
            assert status_of(slow_reader(port, stack)) == b"503"
        deadline = time.monotonic() + 20
        with ExitStack() as stack:
            while status_of(slow_reader(port, stack)) != b"200":
                assert time.monotonic() < deadline
                time.sleep(0.1)
