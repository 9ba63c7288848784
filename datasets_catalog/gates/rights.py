"""Gates on what the licences allow."""

from collections.abc import Iterator
from typing import ClassVar

from datasets_catalog.errors import EarmarkError
from datasets_catalog.facts import ClipFacts, ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, verdict
from datasets_catalog.licence_expressions import UnknownLicenceError
from datasets_catalog.licences import Licences
from datasets_catalog.outbound import Outbound, outbound

HOUR = 3600


class LicenceKnown:
    """Every clip has a licence whose terms are on record."""

    code: ClassVar[str] = "rights.licence_known"
    title: ClassVar[str] = "Every clip has a licence we know"
    why: ClassVar[str] = (
        "Whoever takes a clip must know what they may do with it; a licence nobody can read "
        "gives no rights."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        readings = _Readings(Licences(facts.terms))
        rows = [
            FailingRow.of(clip, problem)
            for clip in facts.clips
            if (problem := readings.problem(clip)) is not None
        ]
        return verdict(
            self,
            rows,
            passed="Every clip has a licence on record.",
            failed="Clips without a licence that can be relied on: {clips}.",
        )


class OutboundLicence:
    """The licences of all clips go together, and reach what the dataset declares."""

    code: ClassVar[str] = "rights.outbound_licence"
    title: ClassVar[str] = "The licences of all clips go together"
    why: ClassVar[str] = (
        "A release whose licences contradict each other, or do not give what its page says, "
        "cannot be used lawfully by anybody."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        licences = Licences(facts.terms)
        readings = _Readings(licences)
        # Clips without a readable licence fail `rights.licence_known`; here they say nothing.
        readable = [clip for clip in facts.clips if readings.problem(clip, settled=False) is None]
        try:
            result = outbound(
                (clip.licensed() for clip in readable),
                facts.use,
                facts.wanted,
                licences=licences,
            )
        except UnknownLicenceError as error:
            row = FailingRow(f"The wanted licence cannot be computed. {error.message}")
            return verdict(self, [row], passed="", failed=row.message)
        failed = " ".join(
            [*(conflict.sentence for conflict in result.conflicts), result.drop.sentence]
        )
        return verdict(
            self,
            _standing_in_the_way(result, readable),
            passed=f"The whole goes out as {result.licence or 'nothing, having no clips'}.",
            failed=failed,
            measured={
                "licences": len(result.mix),
                "conflicts": len(result.conflicts),
                "clips_to_drop": result.drop.clips,
                "hours_to_drop": result.drop.seconds / HOUR,
            },
        )


class _Readings:
    """Reads each distinct expression once."""

    def __init__(self, licences: Licences) -> None:
        self._licences = licences
        self._known: dict[tuple[str, bool], str | None] = {}

    def problem(self, clip: ClipFacts, *, settled: bool = True) -> str | None:
        """Say what is wrong with a clip's licence; `settled` asks for terms nobody doubts."""
        if not clip.licence:
            return "no licence is stated"
        key = (clip.licence, settled)
        if key not in self._known:
            self._known[key] = self._read(clip.licence, settled=settled)
        return self._known[key]

    def _read(self, text: str, *, settled: bool) -> str | None:
        try:
            options = self._licences.options(text)
        except EarmarkError as error:
            return error.message
        if settled and all(any(terms.needs_human for terms in option) for option in options):
            return f"what {text} allows is not settled; record terms for it"
        return None


def _standing_in_the_way(result: Outbound, clips: list[ClipFacts]) -> Iterator[FailingRow]:
    for conflict in result.conflicts:
        yield FailingRow(conflict.sentence)
    dropped = set(result.drop.clip_ids)
    goal = "" if result.wanted is None else f" for {result.wanted}"
    for clip in clips:
        if clip.clip_id in dropped:
            yield FailingRow.of(clip, f"{clip.licence} stands in the way{goal}")
