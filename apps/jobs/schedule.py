"""Small things that the workers do from time to time, without a row of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.core.cache import cache

Work = Callable[[], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RegularWork:
    """Work that is done about every `seconds`, by one worker at a time where they share a cache."""

    name: str
    seconds: int
    work: Work


_REGULAR: dict[str, RegularWork] = {}


def run_regularly(name: str, *, seconds: int) -> Callable[[Work], Work]:
    """Have the workers' sweepers call the function about every `seconds`.

    It may be called more often, by several workers at once, and never when nothing runs: it looks
    at rows to find what is due, and claims what it does by conditional updates.
    """

    def register(work: Work) -> Work:
        _REGULAR[name] = RegularWork(name, seconds, work)
        return work

    return register


def run_due_work() -> None:
    """Do what is due; a failure is logged and does not keep back the rest."""
    for each in _REGULAR.values():
        if not cache.add(f"regularly:{each.name}", 1, each.seconds):
            continue
        try:
            each.work()
        except Exception:  # noqa: BLE001 - the rest goes on, and the log has it
            _log.exception("%s failed and is tried again later", each.name)
