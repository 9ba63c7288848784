"""Whether what somebody was played holds a stretch of a sound."""

from collections.abc import Iterable

Stretch = tuple[float, float]
# Seconds: windows are asked for in thousandths, and a decoder may end a frame early.
SLACK = 0.05


def covers(played: Iterable[Stretch], onset: float, offset: float) -> bool:
    """Whether the stretches that were played leave out nothing from onset to offset, in seconds."""
    reached = onset
    for start, end in sorted(played):
        if start > reached + SLACK:
            break
        reached = max(reached, end)
    return reached >= offset - SLACK
