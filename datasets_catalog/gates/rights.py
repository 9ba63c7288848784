"""Gates on what the licences allow."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import ClassVar

from datasets_catalog.errors import EarmarkError
from datasets_catalog.facts import ClipFacts, ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict
from datasets_catalog.licence_expressions import UnknownLicenceError
from datasets_catalog.licences import Licences, Use
from datasets_catalog.outbound import Outbound, find_outbound_licence
from datasets_catalog.usage import Taking, find_refusal

HOUR = 3600
NOT_CREDITED = "state author, title or source_url"


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
            if (problem := readings.problem(clip) or readings.exemption(clip)) is not None
        ]
        return build_verdict(
            self,
            rows,
            passed="Every clip has a licence on record.",
            failed="Clips without a licence that can be relied on: {clips}.",
        )


class RightsCredited:
    """Every clip whose licence asks for it names somebody or something to credit."""

    code: ClassVar[str] = "rights.credit"
    title: ClassVar[str] = "Who has to be named is named"
    why: ClassVar[str] = (
        "A licence that asks for attribution cannot be kept by anybody whom we tell neither "
        "author nor title nor source."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        licences = Licences(facts.terms)
        readings = _Readings(licences)
        asking = cache(licences.needs_attribution)
        rows = [
            FailingRow.of(clip, f"{clip.licence} asks to name the author; {NOT_CREDITED}")
            for clip in facts.clips
            if not clip.credited
            and readings.problem(clip, settled=False) is None
            and asking(clip.licence or "")
        ]
        return build_verdict(
            self,
            rows,
            passed="Every clip that has to be credited names an author, a title or a source.",
            failed="Clips that nobody could credit: {clips}.",
        )


class LicencePurposes:
    """The licences of all clips allow every purpose that the release declares."""

    code: ClassVar[str] = "rights.purposes"
    title: ClassVar[str] = "The licences allow what the release is for"
    why: ClassVar[str] = (
        "A release says what it may be used for; people rely on it, and a licence that forbids "
        "it would make that false."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        licences = Licences(facts.terms)
        readings = _Readings(licences)
        taking = Taking(facts.at.date(), facts.territories)

        @cache
        def reasons(expression: str) -> str:
            options = licences.options(expression)
            refused: defaultdict[str, list[str]] = defaultdict(list)
            for purpose in facts.purposes:
                why = find_refusal(options, purpose, taking)
                if why is not None:
                    refused[why].append(purpose.value)
            return "; ".join(f"{why} ({', '.join(names)})" for why, names in refused.items())

        rows = [
            FailingRow.of(clip, f"{clip.licence} {why}")
            for clip in facts.clips
            if readings.problem(clip, settled=False) is None
            and (why := reasons(clip.licence or ""))
        ]
        whole = self._licence_of_adaptation(facts, licences, readings)
        if whole and (why := reasons(whole)):
            rows.append(FailingRow(f"The whole goes out under {whole}, which {why}"))
        return build_verdict(
            self,
            rows,
            passed="The licences of all clips allow every declared purpose.",
            failed="Clips whose licences do not allow all that the release declares: {clips}.",
        )

    def _licence_of_adaptation(
        self, facts: ReleaseFacts, licences: Licences, readings: "_Readings"
    ) -> str | None:
        if facts.use is not Use.ADAPTATION:
            return None
        try:
            return _find_outbound(facts, licences, readings.readable(facts)).licence
        except UnknownLicenceError:
            return None


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
        readable = readings.readable(facts)
        try:
            result = _find_outbound(facts, licences, readable)
        except UnknownLicenceError as error:
            row = FailingRow(f"The wanted licence cannot be computed. {error.message}")
            return build_verdict(self, [row], passed="", failed=row.message)
        failed = " ".join(
            [*(conflict.sentence for conflict in result.conflicts), result.drop.sentence]
        )
        return build_verdict(
            self,
            _find_obstacles(result, readable),
            passed=f"The whole goes out as {result.licence or 'nothing, having no clips'}.",
            failed=failed,
            measured={
                "licences": len(result.mix),
                "conflicts": len(result.conflicts),
                "clips_to_drop": result.drop.clips,
                "hours_to_drop": result.drop.seconds / HOUR,
            },
        )


def _find_outbound(facts: ReleaseFacts, licences: Licences, clips: Iterable[ClipFacts]) -> Outbound:
    licensed = (clip.build_clip_licence() for clip in clips)
    return find_outbound_licence(licensed, facts.use, facts.wanted, licences=licences)


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

    def readable(self, facts: ReleaseFacts) -> list[ClipFacts]:
        """Return the clips whose licence can be read; the others fail `rights.licence_known`."""
        return [clip for clip in facts.clips if self.problem(clip, settled=False) is None]

    def exemption(self, clip: ClipFacts) -> str | None:
        """Say that the licence of a clip with people in it leaves personal data out."""
        if not clip.people().needs_consent:
            return None
        options = self._licences.options(clip.licence or "")
        if any(all(terms.personal_data for terms in option) for option in options):
            return None
        return f"{clip.licence} leaves personal data out, and there are people in the clip"

    def _read(self, text: str, *, settled: bool) -> str | None:
        try:
            options = self._licences.options(text)
        except EarmarkError as error:
            return error.message
        if settled and all(any(terms.needs_human for terms in option) for option in options):
            return f"what {text} allows is not settled; record terms for it"
        return None


def _find_obstacles(result: Outbound, clips: list[ClipFacts]) -> Iterator[FailingRow]:
    for conflict in result.conflicts:
        yield FailingRow(conflict.sentence)
    dropped = set(result.drop.clip_ids)
    goal = "" if result.wanted is None else f" for {result.wanted}"
    for clip in clips:
        if clip.clip_id in dropped:
            yield FailingRow.of(clip, f"{clip.licence} stands in the way{goal}")
