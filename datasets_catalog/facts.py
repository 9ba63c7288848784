"""What is known about a release when its gates are asked: plain values, filled from rows elsewhere.

One `ReleaseFacts` holds everything the gates read; they ask nobody else. `clips` is walked
several times, so it may be any collection that can be iterated again, such as one read from a
file.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.ledger import Consent
from datasets_catalog.licence_conflicts import ClipLicence
from datasets_catalog.licence_terms import Terms
from datasets_catalog.licences import Use
from datasets_catalog.outbound import WantedOutcome
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_changes import VersionStep
from datasets_catalog.split_policies import DEFAULT as USUAL_SPLITS
from datasets_catalog.split_policies import SplitPolicy
from datasets_catalog.territories import EVERYWHERE
from datasets_catalog.verticals import Vertical

EVALUATION_SPLITS = frozenset({"test", "eval", "evaluation"})
NO_FIELDS: Mapping[str, Any] = {}


class BlobState(StrEnum):
    """What the store holds of a clip's bytes."""

    PRESENT = "present"
    MISSING = "missing"
    DAMAGED = "damaged"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector in one version (including its model and parameters)."""

    name: str
    version: str

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"


class FindingState(StrEnum):
    """Why a finding still stands in a release's way."""

    UNDECIDED = "undecided"
    UNNOTED = "unnoted"
    AWAITING_SECOND = "awaiting_second"
    CHANGE_ASKED = "change_asked"
    DECIDED_ON_OTHER_BYTES = "decided_on_other_bytes"
    DECIDED_BY_UPLOADER = "decided_by_uploader"
    REDACTION_PENDING = "redaction_pending"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """A finding that blocks: nobody decided, or what was decided is not done. Times in seconds."""

    finding_id: str
    kind: str
    state: FindingState = FindingState.UNDECIDED
    onset: float | None = None
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """One clip of the release.

    `duration` is in seconds, `sha256` that of the bytes. `scans` are the detectors that saw these
    very bytes to the end (a failed scan is none); share the set between clips. `findings` are
    only those that still block. `identifiable`, `speech_heard`, `nobody_identifiable`,
    `agreement_due`, `people_heard`, `somebody_unknown` and `count_due` are those of
    `people.ClipPeople`.
    `identifying` names tags of the file and cells of the row that may identify somebody and that
    no reviewer cleared. `label_problems` say what is wrong with its events and weak labels;
    `overlaps` counts events over another of their kind, `advised_against` labels that the
    vocabulary is against. `modified` says that
    the sound is not the one the licence was given for. `credited` says that the row names a title,
    an author or a source. `sound_group` joins clips that sound alike
    (near-duplicates), where they were looked for. `recording_offset` (seconds) is where the clip
    begins in its recording; `traits` are further columns that the policy of splits goes by.
    """

    clip_id: str
    path: str
    sha256: str
    duration: float
    licence: str | None = None
    contributors: tuple[str, ...] = ()
    recording: str | None = None
    split: str | None = None
    synthetic: bool = False
    modified: bool = False
    credited: bool = False
    identifiable: bool = False
    speech_heard: bool = False
    nobody_identifiable: bool = False
    agreement_due: bool = False
    people_heard: int | None = None
    somebody_unknown: bool = False
    count_due: bool = False
    blob: BlobState = BlobState.MISSING
    scans: frozenset[Detector] = frozenset()
    findings: tuple[FindingFacts, ...] = ()
    identifying: tuple[str, ...] = ()
    events: int = 0
    events_verified: int = 0
    weak_labels: int = 0
    overlaps: int = 0
    advised_against: int = 0
    label_problems: tuple[str, ...] = ()
    sound_group: str | None = None
    recording_offset: float | None = None
    traits: Mapping[str, str] = field(default_factory=lambda: NO_FIELDS)
    fields: Mapping[str, Any] = field(default_factory=lambda: NO_FIELDS)

    def people(self) -> ClipPeople:
        return ClipPeople(
            self.clip_id,
            self.path,
            self.contributors,
            self.duration,
            recording=self.recording or "",
            identifiable=self.identifiable,
            speech_heard=self.speech_heard,
            nobody_identifiable=self.nobody_identifiable,
            agreement_due=self.agreement_due,
            people_heard=self.people_heard,
            somebody_unknown=self.somebody_unknown,
            count_due=self.count_due,
        )

    def build_clip_licence(self) -> ClipLicence:
        return ClipLicence(
            self.clip_id, self.path, self.licence or "", self.duration, self.modified
        )


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What the dataset says of itself.

    `verified_share` (0 to 1) is the part of events that a second person must have confirmed.
    `identifying` names texts (title, description, labels, …) that may identify somebody.
    `sensitive`: whether it was brought in under the strictest privacy profile. `splits` is what
    its splits mean. `evidence_required`: whether consents without evidence stop a release.
    """

    full_name: str
    title: str
    description: str
    vertical: Vertical
    verified_share: float = 0.0
    evaluation_splits: frozenset[str] = EVALUATION_SPLITS
    identifying: tuple[str, ...] = ()
    sensitive: bool = False
    splits: SplitPolicy = USUAL_SPLITS
    evidence_required: bool = False


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What a person heard of the clips that no detector flagged.

    All counts are of contents, since the same bytes sound the same. `population` counts the
    unflagged ones that were drawn from and are still there, `heard` those drawn at random and heard
    to the end, in the order of the draw without a gap, whether they are still there or not;
    `missed` those drawn that held what a detector should have found, `due` those drawn that
    nobody has heard yet, `gone` those drawn that left before anybody heard them, `outside` the
    unflagged ones that were not there at the draw, `frame` all that was drawn from (None: the
    population). `number` counts the dataset's draws: 0 before its first.
    """

    population: int
    heard: int
    missed: int
    due: int = 0
    outside: int = 0
    number: int = 1
    gone: int = 0
    frame: int | None = None

    @property
    def drawn_from(self) -> int:
        return self.population if self.frame is None else self.frame


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A paper that the dataset rests on; it holds through `valid_until`, or for good."""

    kind: str
    title: str
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """A release as its gates see it.

    `at` is the date of the release, `territories` where it may go (none: everywhere). `wanted`
    is the outcome or licence the dataset declares as its aim, if any. `detectors` are the current
    ones every blob must have been seen by; `terms` the organisation's own licence terms. `answers`
    are those given for the release's root, by the code of the question. `changed` is what the
    changes since the version before ask for; None where there is none, as for a trial.
    """

    dataset: DatasetFacts
    purposes: tuple[Purpose, ...]
    at: datetime
    use: Use
    clips: Collection[ClipFacts]
    consents: Collection[Consent] = ()
    terms: tuple[Terms, ...] = ()
    detectors: frozenset[Detector] = frozenset()
    territories: frozenset[str] = EVERYWHERE
    wanted: WantedOutcome | str | None = None
    sample: SampleFacts | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    documents: tuple[DocumentFacts, ...] = ()
    version: str | None = None
    changed: VersionStep | None = None
