"""Real servers before one file: gunicorn, and nginx as docs/running.md sets it up."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNPACKED = ROOT / ".venv" / "clients" / "nginx" / "usr" / "sbin" / "nginx"
STORE = "00000000-0000-0000-0000-000000000001"


def write_file(root: Path, content: bytes) -> None:
    """The one file that `window_app` serves."""
    file = root / STORE / "files/md5/00" / ("0" * 30)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, **variables: str) -> Iterator[int]:
    """A server that listens on the port, for the time of the block."""
    server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **variables})
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, f"{command[0]} ended"
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


@contextmanager
def gunicorn(root: Path, *, threads: int, backend: str = "sendfile") -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "tests.doors.window_app", "-k", "gthread"]
    command += ["--threads", str(threads), "-b", f"127.0.0.1:{port}", "--log-level", "error"]
    with running(command, port, WINDOW_APP_ROOT=str(root), SERVE_BACKEND=backend) as there:
        yield there


def nginx_program() -> str:
    found = shutil.which("nginx") or (str(UNPACKED) if UNPACKED.exists() else None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no nginx: tests/clients/install fetches one")
        pytest.skip("there is no nginx")
    return found


def temporary_paths(work: Path) -> str:
    """Where nginx may write; its own places belong to an installed one."""
    names = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "".join(f"{name}_temp_path {work}/{name};\n" for name in names)


@contextmanager
def nginx(work: Path, root: Path, application: int) -> Iterator[int]:
    """The server block of the documents, on a free port, before the application's."""
    port = free_port()
    block = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/running.md").read_text(), re.DOTALL)
    assert block is not None
    server = (
        block[1]
        .replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
        .replace("http://127.0.0.1:8000", f"http://127.0.0.1:{application}")
        .replace("/srv/earmark/blobs/", f"{root}/")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (work / "nginx.conf").write_text(
        f"{user}daemon off;\npid {work}/pid;\nerror_log {work}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary_paths(work)}{server}}}\n"
    )
    command = [nginx_program(), "-c", str(work / "nginx.conf"), "-p", str(work)]
    with running([*command, "-e", str(work / "error.log")], port) as there:
        yield there
