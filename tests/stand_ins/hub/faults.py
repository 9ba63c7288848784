"""Faults on demand: what a test wants to go wrong, how often, and at which requests."""

import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Literal

Kind = Literal[
    "answer", "drop", "lose_answer", "hold", "hold_answer", "slow", "corrupt", "headers", "outrun"
]


@dataclass
class Fault:
    """One way to fail.

    `at` is a regular expression searched in `METHOD path`; the fault skips `skip` such requests,
    then strikes `times` of them. Kinds: `answer` (this status, headers and body, the hub does
    nothing), `drop` (the connection closes, nothing done), `lose_answer` (done, then the connection
    closes), `hold` and `hold_answer` (wait for release before doing, or before answering), `slow`
    (`seconds` late), `corrupt` (one byte of the answer is flipped), `headers` (these replace the
    answer's), `outrun` (somebody else commits to main first).
    """

    at: str
    kind: Kind
    times: int = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = '{"error": "Out of order"}'
    seconds: float = 0.0
    struck: int = 0


class FaultPlan:
    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._released = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._released.clear()
            self._faults.append(fault)

    def clear(self) -> None:
        """Forget all faults and let go of held requests."""
        with self._lock:
            self._faults.clear()
            self._released.set()

    def wait_for_release(self) -> None:
        self._released.wait(timeout=120)

    def strike(self, method: str, path: str) -> list[Fault]:
        """Return the faults that this request meets."""
        met = []
        with self._lock:
            for fault in self._faults:
                if not re.search(fault.at, f"{method} {path}"):
                    continue
                if fault.skip:
                    fault.skip -= 1
                elif fault.struck < fault.times:
                    fault.struck += 1
                    met.append(fault)
        return met

    def report(self) -> list[dict[str, object]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]
