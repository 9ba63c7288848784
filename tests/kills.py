"""SIGKILL at a chosen line, in a child process: what a crash leaves behind is what is tested."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.db import connections

POINTS = 24


def killed_at_line(number: int, work: Callable[[], object], *, within: str) -> bool:
    """Run in a child that dies at its n-th line `within`; False if it came to its end."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            die_at(number, within)
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def die_at(number: int, within: str) -> None:
    seen = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(within):
            return None
        if event == "line":
            seen += 1
            if seen >= number:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def lines_of(work: Callable[[], object], *, within: str) -> int:
    """Count the lines `within` that the work runs through."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(within):
            return None
        seen += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return seen


def spread(total: int, points: int = POINTS) -> list[int]:
    return sorted({1 + number * total // points for number in range(points)})
