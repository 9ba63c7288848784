"""What a gate is, and what it answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Protocol

from datasets_catalog.facts import ClipFacts, ReleaseFacts

Number = int | float
NOTHING_MEASURED: Mapping[str, Number] = MappingProxyType({})


class Severity(StrEnum):
    """Whether a failing gate stops a release; nobody can waive a blocking one."""

    BLOCKING = "blocking"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class FailingRow:
    """One reason to fail, in words; `path` and `clip_id` are None where no clip is to blame.

    `message` says what is so. `advice` says what can be done about it while the release is not out:
    where a gate gives advice it stands here and not in the summary, which is kept for ever.
    """

    message: str
    path: str | None = None
    clip_id: str | None = None
    advice: str = ""

    @classmethod
    def of(cls, clip: ClipFacts, message: str) -> "FailingRow":
        return cls(message, clip.path, clip.clip_id)

    @property
    def sentence(self) -> str:
        said = " ".join(part for part in (self.message, self.advice) if part)
        return said if self.path is None else f"{self.path}: {said}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a gate found. All failing rows are here; whoever prints them cuts the list."""

    code: str
    title: str
    severity: Severity
    passed: bool
    summary: str
    rows: tuple[FailingRow, ...] = ()
    measured: Mapping[str, Number] = field(default_factory=lambda: NOTHING_MEASURED)

    @property
    def blocks(self) -> bool:
        return not self.passed and self.severity is Severity.BLOCKING


class Gate(Protocol):
    """One check: four texts and an answer. A gate keeps no state and reads nothing but facts."""

    code: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    severity: ClassVar[Severity]

    def check(self, facts: ReleaseFacts) -> Verdict:
        """Judge the facts; the verdict passes exactly when it has no failing rows."""


def build_verdict(
    gate: Gate,
    rows: Iterable[FailingRow],
    *,
    passed: str,
    failed: str,
    measured: Mapping[str, Number] = NOTHING_MEASURED,
) -> Verdict:
    """Build a verdict; in `failed`, `{count}` stands for failing rows and `{clips}` for clips."""
    failing = tuple(rows)
    clips = len({row.clip_id for row in failing if row.clip_id is not None})
    # Not `format`: texts may quote what people typed, braces and all.
    counted = failed.replace("{count}", str(len(failing))).replace("{clips}", str(clips))
    return Verdict(
        code=gate.code,
        title=gate.title,
        severity=gate.severity,
        passed=not failing,
        summary=counted if failing else passed,
        rows=failing,
        measured=MappingProxyType(dict(measured)),
    )
