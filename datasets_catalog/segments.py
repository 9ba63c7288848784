"""Half-open intervals of time `[onset, offset)` in seconds, and what muting does to events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, Self, TypeVar

from datasets_catalog.errors import InvalidError

# Two instants nearer than this are the same instant: a tenth of a sample at 1 MHz, and well
# above the rounding of float64 seconds in a recording of a day.
SAME_INSTANT = 1e-7


class SegmentError(InvalidError):
    """An interval is empty, reversed, negative or not a number."""

    code = "segments.invalid"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """The time from `onset` up to, not including, `offset`, in seconds."""

    onset: float
    offset: float

    def __post_init__(self) -> None:
        if not 0 <= self.onset < self.offset < float("inf"):
            raise SegmentError(
                f"A segment needs 0 <= onset < offset in seconds, not {self.onset} to "
                f"{self.offset}.",
                onset=self.onset,
                offset=self.offset,
            )

    @property
    def duration(self) -> float:
        return self.offset - self.onset

    def overlaps(self, other: Self) -> bool:
        return self.onset < other.offset and other.onset < self.offset


def merge_segments(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the same time as disjoint segments in order; touching ones become one."""
    merged: list[Segment] = []
    for segment in sorted(segments):
        if merged and segment.onset <= merged[-1].offset:
            last = merged[-1]
            merged[-1] = Segment(last.onset, max(last.offset, segment.offset))
        else:
            merged.append(segment)
    return tuple(merged)


def intersect_segments(left: Iterable[Segment], right: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the time that lies in both."""
    ours, theirs = merge_segments(left), merge_segments(right)
    shared: list[Segment] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        onset = max(ours[i].onset, theirs[j].onset)
        offset = min(ours[i].offset, theirs[j].offset)
        if onset < offset:
            shared.append(Segment(onset, offset))
        if ours[i].offset < theirs[j].offset:
            i += 1
        else:
            j += 1
    return tuple(shared)


def subtract_segments(left: Iterable[Segment], right: Iterable[Segment]) -> tuple[Segment, ...]:
    """Return the time of `left` that does not lie in `right`."""
    holes = merge_segments(right)
    rest: list[Segment] = []
    start = 0
    for segment in merge_segments(left):
        # Both lists are in order: a hole that ended before this segment is of no later use.
        while start < len(holes) and holes[start].offset <= segment.onset:
            start += 1
        onset = segment.onset
        for hole in holes[start:]:
            if hole.onset >= segment.offset:
                break
            if onset < hole.onset:
                rest.append(Segment(onset, hole.onset))
            onset = max(onset, hole.offset)
        if onset < segment.offset:
            rest.append(Segment(onset, segment.offset))
    return tuple(rest)


def sum_duration(segments: Iterable[Segment]) -> float:
    """Return the seconds covered, counting overlapped time once."""
    return sum(segment.duration for segment in merge_segments(segments))


class TimeSpan(Protocol):
    """Anything with an onset and an offset in seconds."""

    @property
    def onset(self) -> float: ...

    @property
    def offset(self) -> float: ...


T = TypeVar("T", bound=TimeSpan)


class Fate(StrEnum):
    """What muting left of an event's sound."""

    AUDIBLE = "audible"
    PARTLY_MUTED = "partly_muted"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class MutedEvent(Generic[T]):
    """An event after muting: the event itself, its fate, and the segments still to be heard."""

    event: T
    fate: Fate
    audible: tuple[Segment, ...]

    @property
    def audible_seconds(self) -> float:
        return sum_duration(self.audible)


def mute_events(events: Iterable[T], muted: Iterable[Segment]) -> tuple[MutedEvent[T], ...]:
    """Return every event with its fate once `muted` is silent. Nothing moves, nothing is dropped.

    Muting keeps a clip's length, so each event keeps its onset and offset:

    * no overlap: `AUDIBLE`, released as it is;
    * overlap, with something left to hear: `PARTLY_MUTED`, kept whole and flagged, because the
      sound began and ended when the label says (`audible` gives the parts for whoever trains
      on what is heard);
    * nothing left to hear (all but `SAME_INSTANT`): `MUTED`. The row stays in the catalog as
      history, and a release leaves it out: a label for a sound nobody can hear is false, and
      what it names (`Speech`) may be what was to be hidden.
    """
    silent = merge_segments(muted)
    return tuple(_mute_event(event, silent) for event in events)


def _mute_event(event: T, silent: Sequence[Segment]) -> MutedEvent[T]:
    whole = Segment(event.onset, event.offset)
    if not any(whole.overlaps(segment) for segment in silent):
        return MutedEvent(event, Fate.AUDIBLE, (whole,))
    audible = tuple(
        part for part in subtract_segments([whole], silent) if part.duration > SAME_INSTANT
    )
    return MutedEvent(event, Fate.PARTLY_MUTED if audible else Fate.MUTED, audible)
