"""What a release says of itself on its card: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from datasets_catalog.facts import Detector, SampleFacts
from datasets_catalog.labels import Source
from datasets_catalog.outbound import Outbound
from datasets_catalog.purposes import Purpose
from datasets_catalog.usage import TakenAway
from datasets_catalog.verticals import Vertical


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One label: its events, the clips they are in, and their summed length in seconds."""

    label: str
    events: int
    clips: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SplitCount:
    """One split (None: clips in no split), its clips and seconds of sound."""

    name: str | None
    clips: int
    seconds: float


@dataclass(frozen=True, slots=True)
class VersionNote:
    """One version in the list of versions; `note` in the steward's words."""

    version: str
    published: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReviewCount:
    """How the findings of the detectors were decided."""

    cleared: int = 0
    redacted: int = 0
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """How many clips have people in them, how many consent covers, and seconds of the former."""

    needing: int
    covered: int
    seconds: float


@dataclass(frozen=True, slots=True)
class GateForm:
    """What the Hub asks whoever wants in; `fields` maps a question to the Hub's field type."""

    prompt: str
    fields: Mapping[str, str | Mapping[str, Any]] = field(default_factory=dict)
    heading: str = ""
    description: str = ""
    button: str = ""
    eu_disallowed: bool = False


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a release says of itself. Seconds of sound throughout; `root` in hexadecimal.

    `purposes` are those that consent and licences allow together, `taken_away` what licences took
    from those declared. `sources` counts the released events by source, `verified` those a second
    person confirmed.
    """

    full_name: str
    title: str
    description: str
    organisation: str
    version: str
    published: date
    root: str
    url: str
    vertical: Vertical
    clips: int
    seconds: float
    outbound: Outbound
    consent: ConsentCount
    purposes: tuple[Purpose, ...] = ()
    taken_away: tuple[TakenAway, ...] = ()
    provenance: str = ""
    limitations: str = ""
    languages: tuple[str, ...] = ()
    recordings: int = 0
    synthetic: int = 0
    redacted: int = 0
    sources: Mapping[Source, int] = field(default_factory=dict)
    verified: int = 0
    classes: tuple[ClassCount, ...] = ()
    splits: tuple[SplitCount, ...] = ()
    detectors: tuple[Detector, ...] = ()
    reviewed: ReviewCount = field(default_factory=ReviewCount)
    sample: SampleFacts | None = None
    versions: tuple[VersionNote, ...] = ()
    creators: tuple[str, ...] = ()
    gate: GateForm | None = None

    @property
    def events(self) -> int:
        return sum(self.sources.values())
