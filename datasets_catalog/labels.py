"""Strong labels: their vocabulary of states, what makes one valid, and the digest of a clip's."""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.event_columns import FIRST_EVENT_COLUMNS, IN_LABELS, OF_THE_CLIP

# Tables round times up, and lossy codecs shorten files: an offset may lie this many seconds
# beyond the end of its clip before it is called wrong.
END_TOLERANCE = 0.05
MAX_LABEL_LENGTH = 200


class Source(StrEnum):
    """Where an event comes from."""

    HUMAN = "human"
    MODEL = "model"
    IMPORT = "import"
    SYNTHETIC = "synthetic"


class Status(StrEnum):
    """Whether a second look confirmed an event."""

    SUGGESTED = "suggested"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Presence(StrEnum):
    """Whether the sound is there; `NO` is an explicit negative."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Event:
    """One strong label. Times are in seconds from the clip's start, half-open; pitch in hertz."""

    event_id: str
    label: str
    onset: float
    offset: float
    term: str | None = None
    f_low: float | None = None
    f_high: float | None = None
    channel: int | None = None
    confidence: float | None = None
    source: Source = Source.IMPORT
    status: Status = Status.SUGGESTED
    presence: Presence = Presence.YES
    annotator: str | None = None
    verifier: str | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """The room a clip gives its events: seconds, hertz, channels."""

    duration: float
    sample_rate: int
    channels: int

    @property
    def nyquist(self) -> float:
        return self.sample_rate / 2


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of an event, in words that say what was expected."""

    field: str
    value: object
    message: str


def find_event_problems(event: Event, clip: Extent) -> tuple[Problem, ...]:
    """Return everything that makes this event invalid in this clip; nothing when it is valid."""
    return tuple(problem for check in CHECKS for problem in check(event, clip))


def find_repetitions(events: Iterable[Event]) -> tuple[Problem, ...]:
    """Return a problem for each event of a clip that says again what another one says."""
    seen: set[tuple[object, ...]] = set()
    found = []
    for event in events:
        key = _identify_event(event)
        if key in seen:
            message = (
                f"{event.label} from {event.onset} to {event.offset} s is there twice, by the same"
                " annotator, in the same band and channel."
            )
            found.append(Problem("label", event.label, message))
        seen.add(key)
    return tuple(found)


def count_overlaps(events: Iterable[Event]) -> int:
    """Count the events that begin before another one of the same kind has ended.

    Of the same kind: label, frequency bounds, channel and annotator are the same, and the sound is
    there. That is nothing wrong (two dogs bark at once), but whoever counts events has to know.
    """
    ends: dict[tuple[object, ...], float] = {}
    count = 0
    for event in sorted(events, key=lambda each: each.onset):
        if event.presence is not Presence.YES:
            continue
        kind = (event.label, event.f_low, event.f_high, event.channel, event.annotator)
        end = ends.get(kind)
        count += end is not None and event.onset < end
        ends[kind] = event.offset if end is None else max(end, event.offset)
    return count


def _identify_event(event: Event) -> tuple[object, ...]:
    return (
        event.label,
        event.onset,
        event.offset,
        event.f_low,
        event.f_high,
        event.channel,
        event.annotator,
        event.presence,
    )


def select_released(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return the events a release carries: all that nobody rejected."""
    return tuple(event for event in events if event.status is not Status.REJECTED)


def compute_verified_share(events: Iterable[Event]) -> float:
    """Return the verified part, 0 to 1, of the events a release carries; 1 when there are none."""
    carried = select_released(events)
    return compute_share(sum(event.status is Status.VERIFIED for event in carried), len(carried))


def compute_share(part: int, whole: int) -> float:
    """Return part / whole, and 1 for a part of nothing."""
    return part / whole if whole else 1.0


def digest_labels(events: Iterable[Event]) -> str:
    """Return the hexadecimal SHA-256 of a clip's events; pass the released ones only."""
    return digest_label_rows(_build_row(event) for event in events)


def digest_label_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the hexadecimal SHA-256 of a clip's events, given as rows of events.parquet.

    Over the RFC 8785 JSON array of one object for each event, sorted by onset, offset, label and
    id. An object has every column but the clip's own (`clip_id`, `path`), null where unknown;
    columns that the first version lacked are left out where they are null.
    """
    objects = [_pick_hashed_members(row) for row in sorted(rows, key=_build_order_key)]
    return hashlib.sha256(to_canonical_json(objects)).hexdigest()


def _pick_hashed_members(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name not in OF_THE_CLIP and (value is not None or name in FIRST_EVENT_COLUMNS)
    }


def _build_row(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in IN_LABELS} | {
        "source": event.source.value,
        "status": event.status.value,
        "presence": event.presence.value,
    }


def _build_order_key(row: Mapping[str, Any]) -> tuple[float, float, str, str]:
    return (row["onset"], row["offset"], row["label"], row["event_id"])


def _check_label(event: Event, clip: Extent) -> Iterator[Problem]:
    if not event.label.strip():
        yield Problem("label", event.label, "A label needs a name.")
    elif len(event.label) > MAX_LABEL_LENGTH:
        expected = f"A label has at most {MAX_LABEL_LENGTH} characters, not {len(event.label)}."
        yield Problem("label", event.label, expected)


def _check_times(event: Event, clip: Extent) -> Iterator[Problem]:
    onset, offset = event.onset, event.offset
    for field, value in (("onset", onset), ("offset", offset)):
        if not math.isfinite(value):
            yield Problem(field, value, f"The {field} must be a number of seconds.")
            return
    if onset < 0:
        yield Problem("onset", onset, f"The onset {onset} s lies before the start of the clip.")
    if onset == offset:
        message = (
            f"Onset and offset are both {onset} s. Events are half-open, so a point has no "
            "length; give the moment a short duration."
        )
        yield Problem("offset", offset, message)
    elif offset < onset:
        yield Problem("offset", offset, f"The offset {offset} s lies before the onset {onset} s.")
    if offset > clip.duration + END_TOLERANCE:
        message = f"The offset {offset} s lies beyond the end of the clip ({clip.duration} s)."
        yield Problem("offset", offset, message)
    elif onset >= clip.duration:
        message = f"The onset {onset} s is not inside the clip ({clip.duration} s)."
        yield Problem("onset", onset, message)


def _check_frequencies(event: Event, clip: Extent) -> Iterator[Problem]:
    bounds = (("f_low", event.f_low), ("f_high", event.f_high))
    for field, value in bounds:
        if value is not None and not 0 <= value <= clip.nyquist:
            message = (
                f"{field} is {value} Hz; expected 0 to {clip.nyquist:g} Hz, half the clip's "
                "sample rate."
            )
            yield Problem(field, value, message)
    if event.f_low is not None and event.f_high is not None and event.f_low >= event.f_high:
        message = f"f_low ({event.f_low} Hz) must be below f_high ({event.f_high} Hz)."
        yield Problem("f_low", event.f_low, message)


def _check_channel(event: Event, clip: Extent) -> Iterator[Problem]:
    if event.channel is not None and not 0 <= event.channel < clip.channels:
        message = (
            f"Channel {event.channel} does not exist; the clip has {clip.channels}, counted from 0."
        )
        yield Problem("channel", event.channel, message)


def _check_confidence(event: Event, clip: Extent) -> Iterator[Problem]:
    if event.confidence is not None and not 0 <= event.confidence <= 1:
        message = f"The confidence is {event.confidence}; expected 0 to 1."
        yield Problem("confidence", event.confidence, message)


def _check_people(event: Event, clip: Extent) -> Iterator[Problem]:
    if event.verifier is not None and event.verifier == event.annotator:
        message = f"{event.verifier} annotated this event; somebody else must verify it."
        yield Problem("verifier", event.verifier, message)


CHECKS: tuple[Callable[[Event, Extent], Iterator[Problem]], ...] = (
    _check_label,
    _check_times,
    _check_frequencies,
    _check_channel,
    _check_confidence,
    _check_people,
)
