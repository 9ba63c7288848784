"""Bodies on a real server: with a length, in chunks, and torn."""

import hashlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]
CONTENT = bytes(range(256)) * 4096


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "tests.doors.api.stream_app", "-k", "gthread"]
    command += ["--threads", "2", "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def test_a_body_with_a_length_comes_whole(server: int) -> None:
    answer = requests.put(f"http://127.0.0.1:{server}/hashed", data=CONTENT, timeout=30).json()
    assert answer == {
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": len(CONTENT),
        "declared": len(CONTENT),
    }


def test_a_body_in_chunks_comes_whole(server: int) -> None:
    chunks = (CONTENT[at : at + 10_000] for at in range(0, len(CONTENT), 10_000))
    answer = requests.put(f"http://127.0.0.1:{server}/hashed", data=chunks, timeout=30).json()
    assert (answer["sha256"], answer["declared"]) == (hashlib.sha256(CONTENT).hexdigest(), None)


def test_chunks_that_stop_in_the_middle_are_noticed(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), 30) as connection:
        connection.sendall(
            b"PUT /hashed HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nhello\r\nff\r\nnot all of it"
        )
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b'{"torn":"UnreadablePostError"}' in body
