"""How many long transfers one web process sends at once, so that slow readers leave it threads."""

from __future__ import annotations

from functools import lru_cache
from threading import BoundedSemaphore

from django.conf import settings

# Seconds after which a reader that was turned away may come back.
COME_BACK = 10


@lru_cache(maxsize=1)
def _get_places() -> BoundedSemaphore:
    return BoundedSemaphore(settings.TRANSFERS_AT_ONCE)


def take_place() -> bool:
    """Whether there is room for one more long transfer; if so `give_place` has to follow."""
    return _get_places().acquire(blocking=False)


def give_place() -> None:
    _get_places().release()
