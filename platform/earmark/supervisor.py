"""Keeps the web server and the worker running, for one machine without a service manager."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from django.conf import settings

PR_SET_PDEATHSIG = 1
# A child that dies sooner than this (seconds) is started again more and more slowly.
STABLE_AFTER = 30.0
LONGEST_PAUSE = 30.0
TEND_EVERY = 0.2
# Looking at every module costs some 20 ms.
RELOAD_EVERY = 1.0


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process that should be running."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.0
    not_before: float = 0.0

    def keep_running(self, say: Callable[[str], None]) -> None:
        """Start it if it is not running and may be started again."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            lived = now - self.started
            self.pause = 0.5 if lived > STABLE_AFTER else min(LONGEST_PAUSE, self.pause * 2 + 0.5)
            say(f"{self.name} ended with {self.process.returncode}: starting it again")
            self.process, self.not_before = None, now + self.pause
        if now >= self.not_before:
            self.started = now
            self.process = subprocess.Popen(self.command, preexec_fn=_die_with_parent)  # noqa: S603, PLW1509  (our own command; the hook only sets a flag)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        if self.process is not None:
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()


def build_children() -> list[Child]:
    """The web server (many threads: slow readers must not starve pages) and one worker."""
    here = Path(sys.executable).parent
    address = urlsplit(settings.BASE_URL)
    web = [
        str(here / "gunicorn"),
        "earmark.wsgi:application",
        f"--bind={address.hostname}:{address.port or 80}",
        "--worker-class=gthread",
        "--workers=1",
        "--threads=128",
        "--timeout=120",
        "--graceful-timeout=10",
        "--access-logfile=/dev/null",
        "--log-level=warning",
    ]
    worker = [
        str(here / "celery"),
        "--app=earmark",
        "worker",
        "--concurrency=1",
        "--loglevel=WARNING",
        "--without-gossip",
        "--without-mingle",
    ]
    return [Child("web", web), Child("worker", worker)]


def find_newest_change() -> float:
    """When the newest of our own modules was written, in seconds since the epoch."""
    root = Path(__file__).resolve().parents[2]
    folders = [root / name for name in ("apps", "datasets_catalog", "platform")]
    return max(path.stat().st_mtime for folder in folders for path in folder.rglob("*.py"))


def supervise_children(say: Callable[[str], None], *, reload: bool = False) -> None:
    """Run until a signal says stop; with `reload`, start anew whenever our code changes."""
    stopping = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "earmark.settings.embedded")
    tended = build_children()
    written = find_newest_change() if reload else 0.0
    while not stopping:
        for child in tended:
            child.keep_running(say)
        time.sleep(RELOAD_EVERY if reload else TEND_EVERY)
        if reload and (newest := find_newest_change()) > written:
            written = newest
            for child in tended:
                child.stop()
                child.wait(15.0)
    for child in tended:
        child.stop()
    for child in tended:
        child.wait(15.0)
