"""What of a clip its reviewer hears: short windows around what was found, and no more."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.review.playback_records import find_span
from datasets_catalog.errors import NotFoundError

# Seconds before and after a finding that its reviewer hears with it.
AROUND = 3.0
# The longest window, in seconds: longer stretches are heard one window after the other.
LONGEST = 60.0
# What is shown of a clip in which nothing was found in the sound.
OPENING = 20.0


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a clip, in seconds."""

    start: float
    end: float

    @property
    def length(self) -> float:
        return self.end - self.start

    def holds(self, finding: Finding) -> bool:
        return finding.onset is not None and self.start <= finding.onset < self.end

    def as_json(self) -> dict[str, float]:
        return {"start": round(self.start, 3), "end": round(self.end, 3)}


def find_windows(findings: Iterable[Finding], duration: float) -> list[Window]:
    """The windows in which the findings lie, in order; those that touch are one, if short enough.

    Each finding in the sound begins in exactly one of them, and they leave out nothing of it.
    Without any, the clip's opening; all of it where a finding is of the sound as a whole.
    """
    findings = list(findings)
    if any(row.onset is None and find_span(row) for row in findings):
        return split_into_windows(duration)
    spans = sorted(
        (finding.onset, finding.offset)
        for finding in findings
        if finding.onset is not None and finding.offset is not None and finding.onset < duration
    )
    found: list[Window] = []
    for onset, offset in spans:
        start, end = max(0.0, onset - AROUND), min(duration, offset + AROUND)
        last = found[-1] if found else Window(0.0, 0.0)
        if found and start <= last.end and max(end, last.end) - last.start <= LONGEST:
            found[-1] = Window(last.start, max(end, last.end))
        elif offset > last.end or not found:
            found += _split_span(max(start, last.end), end)
    return found or [Window(0.0, min(duration, OPENING))]


def _split_span(start: float, end: float) -> list[Window]:
    """What is longer than a window, one window after the other."""
    count = max(1, math.ceil((end - start) / LONGEST))
    return [
        Window(start + at * LONGEST, min(end, start + (at + 1) * LONGEST)) for at in range(count)
    ]


def split_into_windows(duration: float) -> list[Window]:
    """The whole clip, one window after the other."""
    count = max(1, math.ceil(duration / LONGEST))
    return [Window(at * LONGEST, min(duration, (at + 1) * LONGEST)) for at in range(count)]


def find_window_number(windows: list[Window], finding: Finding) -> int | None:
    """Which of the windows the finding begins in; None for what is not in the sound."""
    return next((at for at, window in enumerate(windows) if window.holds(finding)), None)


def parse_window(clip: Clip, start: str, end: str) -> Window:
    """The window that an address asks for, cut to the clip and to `LONGEST`."""
    try:
        first, last = max(0.0, float(start)), float(end)
    except ValueError:
        raise NotFoundError("Say from which second to which.") from None
    last = min(last, clip.duration, first + LONGEST)
    if not last > first:
        raise NotFoundError("There is no such stretch in this clip.")
    return Window(first, last)
