"""What the shared components of the pages are given: plain values, no rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Tone(StrEnum):
    PLAIN = ""
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    INFO = "info"
    TAG = "tag"


@dataclass(frozen=True)
class Crumb:
    label: str
    url: str = ""


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True)
class Column:
    """A heading of a table; `key` is given when its rows can be sorted by it."""

    label: str
    key: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Bar:
    """One line of a small bar chart; `share` is between 0 and 1."""

    label: str
    value: str
    share: float
    bad: bool = False


@dataclass(frozen=True)
class Check:
    """One gate's verdict as the checklist shows it."""

    title: str
    code: str
    tone: Tone
    verdict: str
    summary: str = ""
    why: str = ""
    mend: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    rows_total: int = 0


@dataclass(frozen=True)
class Region:
    """A span of a clip drawn on its waveform; `onset` and `offset` in seconds."""

    label: str
    onset: float
    offset: float
    kind: str
    tone: Tone = Tone.INFO
    note: str = ""


@dataclass(frozen=True)
class Change:
    """One line of a comparison; an empty side means that it was not there."""

    subject: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class ChangeGroup:
    title: str
    summary: str
    changes: Sequence[Change] = field(default_factory=tuple)
    total: int = 0
    of_files: bool = False


@dataclass(frozen=True)
class Step:
    """One station of a way, and where one stands on it."""

    label: str
    done: bool = False
    current: bool = False
