"""Whether what somebody was played holds a stretch of a sound."""

from collections.abc import Iterable

Stretch = tuple[float, float]
# Seconds: windows are asked for in thousandths, and a decoder may end a frame early.
SLACK = 0.05


def covers_stretch(played: Iterable[Stretch], onset: float, offset: float) -> bool:
    """Whether the stretches that were played leave out nothing from onset to offset, in seconds.

    Of a stretch so short that the slack holds it, half has to have been played.
    """
    slack = min(SLACK, max(offset - onset, 0.0) / 2)
    reached, was_played = onset, False
    for start, end in sorted(played):
        if start > reached + slack:
            break
        was_played = was_played or end > onset
        reached = max(reached, end)
    return was_played and reached >= offset - slack
