"""What a release says of itself on its card: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from datasets_catalog.description_sheets import Creator
from datasets_catalog.facts import Detector, SampleFacts
from datasets_catalog.labels import Source
from datasets_catalog.outbound import Outbound
from datasets_catalog.purposes import Purpose
from datasets_catalog.usage import RefusedPurpose
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
    """What review said of the contents that the release holds.

    `findings` counts what detectors and listeners found in the present bytes and texts of released
    clips, once for each clip; `cleared` those that a reviewer let stand. `excluded` counts clips
    that review took out since the version before.
    """

    findings: int = 0
    cleared: int = 0
    excluded: int = 0


@dataclass(frozen=True, slots=True)
class RedactionCount:
    """Released clips whose bytes review changed, and in how many each was done.

    A clip in which more than one thing was done is in more than one count. `unknown` are those of
    which it was not written down.
    """

    clips: int = 0
    muted: int = 0
    bleeped: int = 0
    noised: int = 0
    stripped: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class VerifiedCount:
    """Released events by how they were verified.

    `here`: confirmed here by a second person. `stated`: the import says that somebody else than the
    annotator did. `unnamed`: the import says verified, and not by whom.
    """

    here: int = 0
    stated: int = 0
    unnamed: int = 0


@dataclass(frozen=True, slots=True)
class WeakClass:
    """One label and the clips of which a weak label says that it is somewhere in them."""

    label: str
    clips: int


@dataclass(frozen=True, slots=True)
class WeakCount:
    """Released weak labels: how many, in how many clips, by source and by label."""

    labels: int = 0
    clips: int = 0
    sources: Mapping[Source, int] = field(default_factory=dict)
    classes: tuple[WeakClass, ...] = ()


@dataclass(frozen=True, slots=True)
class VocabularyName:
    """Which vocabulary in which version, and the SHA-256 of its file, hexadecimal."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ConsentCount:
    """What the gate on consent measured on the day it let the release through.

    `needing` are the clips in which a person is, `covered` those of them that consent covers,
    `seconds` the length of the former.
    """

    needing: int
    covered: int
    seconds: float
    on: date | None = None


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
    from those declared. `sources` counts the released events by source. `before` is the version
    that it follows, "" for the first one. Clips, events, seconds and findings are rows of this
    release: the same bytes under two paths are two clips.
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
    taken_away: tuple[RefusedPurpose, ...] = ()
    provenance: str = ""
    limitations: str = ""
    funding: str = ""
    languages: tuple[str, ...] = ()
    recordings: int = 0
    synthetic: int = 0
    redactions: RedactionCount = field(default_factory=RedactionCount)
    sources: Mapping[Source, int] = field(default_factory=dict)
    verified: VerifiedCount = field(default_factory=VerifiedCount)
    classes: tuple[ClassCount, ...] = ()
    weak: WeakCount = field(default_factory=WeakCount)
    # Clips that somebody annotated and nobody found any of the labels in.
    found_empty: int = 0
    vocabulary: VocabularyName | None = None
    splits: tuple[SplitCount, ...] = ()
    detectors: tuple[Detector, ...] = ()
    # Whether the detectors are those that have seen every file; else those known to have run.
    scanned_whole: bool = True
    reviewed: ReviewCount = field(default_factory=ReviewCount)
    sample: SampleFacts | None = None
    versions: tuple[VersionNote, ...] = ()
    creators: tuple[Creator, ...] = ()
    before: str = ""
    gate: GateForm | None = None

    @property
    def events(self) -> int:
        return sum(self.sources.values())
