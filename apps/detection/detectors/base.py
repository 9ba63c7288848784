"""What every detector is asked and what it answers."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from datasets_catalog.errors import EarmarkError, Kind
from datasets_catalog.finding_kinds import FindingKind, OwnKind

# Kinds of findings, built in and of a deployment.
Kinds = Collection[FindingKind | OwnKind]
# The name under which what a person heard is kept, as a detector's scans are.
LISTENER = "listener"


class Looks(StrEnum):
    """What a detector looks at."""

    AUDIO = "audio"
    CELLS = "cells"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True)
class AudioSubject:
    """A sound file; `name` is its path inside the dataset.

    `speech` are the stretches (seconds) in which the speech detector heard somebody, for
    detectors that go by them (`needs_speech`); None when it was not asked.
    """

    path: Path
    name: str
    speech: tuple[tuple[float, float], ...] | None = None


# Degrees with up to two decimals are a kilometre or more: a region, not a place.
COARSE_DECIMALS = 2


@dataclass(frozen=True, slots=True)
class CellsSubject:
    """The text cells of one row, header to value.

    `place_decimals` are the decimals of a degree to which the dataset may tell places.
    """

    cells: Mapping[str, str]
    place_decimals: int = COARSE_DECIMALS


@dataclass(frozen=True, slots=True)
class DraftRow:
    """One clip of a draft, for what can only be told from all rows together."""

    clip: int
    values: Mapping[str, str]
    people: tuple[str, ...] = ()
    recording: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The rows of a draft, with the values of its declared quasi-identifiers."""

    rows: Sequence[DraftRow]
    columns: tuple[str, ...]
    # As many people have to share what the columns say.
    fewest: int = 5
    # For detectors that ask for it (`needs_gone`): what of the sounds that left a clip is like.
    gone: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    # For those that ask for it (`needs_missing_people`): whom the record of a clip lacks.
    missing_people: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    # For the same ones: where a clip is, and where its sound was before that other answers count.
    moved: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupSubject:
    """Clips of a draft that share values.

    `size` is the number of people (or sources) in them, counted up to `fewest`.
    """

    clips: tuple[int, ...]
    values: Mapping[str, str]
    size: int
    fewest: int = 0


Subject = AudioSubject | CellsSubject | GroupSubject
SUBJECTS: Mapping[type, str] = {
    CellsSubject: "a row of text cells",
    GroupSubject: "a group of rows",
}


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing a detector saw. Onset and offset in seconds, half-open; none when not in time.

    `score` is between 0 and 1. `detail` is a sentence for a reviewer, with personal values
    shortened; `evidence` holds JSON values.
    """

    kind: FindingKind | OwnKind
    detail: str
    score: float = 1.0
    onset: float | None = None
    offset: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Detection:
    """All a detector has to say of one subject; `seconds` of sound were looked at.

    `heard` is how sure it is (0 to 1) that somebody is heard, where it reports nothing of that.
    """

    findings: tuple[Observation, ...]
    evidence: Mapping[str, Any]
    seconds: float = 0.0
    heard: float | None = None

    @property
    def surest_of_people(self) -> float | None:
        """How sure the detector is that somebody is heard, reported or not; None for nobody.

        What stands in time is heard, and each detector of sound listens for people.
        """
        reported = [seen.score for seen in self.findings if seen.onset is not None]
        return max(reported, default=self.heard)


class DetectorFailedError(EarmarkError):
    """The detector could not look. Not seen is not clean: the clip stays blocked."""

    code: ClassVar[str] = "privacy.detector_failed"
    kind: ClassVar[Kind] = Kind.UNAVAILABLE


class Detector(Protocol):
    """Looks at one kind of subject. The same version and parameters give the same answer.

    `kinds` are those that its findings may have; none for one that only takes something down.
    """

    name: str
    version: str
    model_sha256: str
    parameters: Mapping[str, Any]
    looks_at: Looks
    kinds: Kinds

    def detect(self, subject: Any) -> Detection:
        """Raises anything; `run_detector` turns it into `DetectorFailedError`."""
        ...


class BatchDetector(Detector, Protocol):
    """A detector that is faster with many subjects at once."""

    def detect_many(self, subjects: Iterable[Any]) -> Iterator[Detection | Exception]:
        """One answer for each subject, in order; an exception where it could not look."""
        ...


class DraftDetector(Detector, Protocol):
    """A detector that needs all rows of a draft: it sorts them into groups and looks at each.

    The key of a group stands for all that its answer depends on: a group whose key is known is not
    looked at again.
    """

    def groups(self, draft: Draft) -> Mapping[str, GroupSubject]:
        """Every clip of the draft in exactly one group; keys are SHA-256 in hex."""
        ...


def needs_speech(detector: Detector) -> bool:
    """Whether the detector goes by what the speech detector heard (`AudioSubject.speech`)."""
    return bool(getattr(detector, "needs_speech", False))


def any_finding_holds(detector: Detector) -> bool:
    """Whether an earlier finding of a clip stands for a group that the clip came into later."""
    return bool(getattr(detector, "any_finding_holds", False))


@dataclass(frozen=True, slots=True)
class DetectorVersion:
    """What a scan is bound to besides the bytes: when it changes, the scan is made again."""

    name: str
    version: str
    model_sha256: str
    parameters_sha256: str


def build_version(detector: Detector) -> DetectorVersion:
    canonical = json.dumps(dict(detector.parameters), sort_keys=True, separators=(",", ":"))
    return DetectorVersion(
        name=detector.name,
        version=detector.version,
        model_sha256=detector.model_sha256,
        parameters_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def run_detector(detector: Detector, subject: Subject) -> Detection:
    """Let one detector look at one subject; any failure becomes `DetectorFailedError`."""
    try:
        return detector.detect(subject)
    except Exception as error:
        raise _build_failure(detector, subject, error) from error


def run_detector_on_many(
    detector: Detector, subjects: Sequence[Subject]
) -> Iterator[Detection | DetectorFailedError]:
    """Let one detector look at many subjects; one answer for each, in order, never an exception."""
    many = getattr(detector, "detect_many", None)
    answers: Iterator[Detection | Exception] = iter(many(subjects) if many else ())
    broken: Exception | None = None
    for subject in subjects:
        answer: Detection | Exception
        try:
            answer = broken or (next(answers) if many else run_detector(detector, subject))
        except DetectorFailedError as error:
            answer = error
        except Exception as error:  # noqa: BLE001 - what broke the batch is answered for each
            answer = broken = error
        yield answer if isinstance(answer, Detection) else _build_failure(detector, subject, answer)


def _build_failure(detector: Detector, subject: Subject, error: Exception) -> DetectorFailedError:
    if isinstance(error, DetectorFailedError):
        return error
    what = subject.name if isinstance(subject, AudioSubject) else SUBJECTS[type(subject)]
    return DetectorFailedError(
        f"The {detector.name} detector could not look at {what}: {error} Not looked at is not "
        "clean, so the clip stays blocked until a scan succeeds.",
        detector=detector.name,
        version=detector.version,
        reason=type(error).__name__,
    )
