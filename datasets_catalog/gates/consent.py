"""The gate on what people allowed."""

from typing import ClassVar

from datasets_catalog.consent import Coverage, coverage
from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, verdict


class ConsentCoverage:
    """Everybody in every clip allowed every purpose of the release, at its date."""

    code: ClassVar[str] = "consent.coverage"
    title: ClassVar[str] = "Everyone in it has agreed"
    why: ClassVar[str] = (
        "A voice may only leave for the purposes its owner agreed to; what was not asked, has "
        "expired or was withdrawn is a no, and so is a voice that nobody recorded."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        found = coverage(
            (clip.people() for clip in facts.clips),
            facts.consents,
            facts.purposes,
            facts.at,
            territories=facts.territories,
            dataset=facts.dataset.full_name,
        )
        rows = [
            FailingRow(_message(row.sentence, row.path), row.path, row.clip_id)
            for row in found.uncovered
        ]
        unrecorded = {row.clip_id for row in found.uncovered if row.contributor is None}
        if found.needing and not facts.purposes:
            rows.append(FailingRow("People are in this release, but it declares no purpose."))
        return verdict(
            self,
            rows,
            passed=_passed(found),
            failed=_failed(len(unrecorded)),
            measured={
                "clips_needing": found.needing,
                "clips_covered": found.covered,
                "clips_unrecorded": len(unrecorded),
                "seconds_needing": found.seconds_needing,
                "percent_of_clips": found.percent_of_clips,
                "percent_of_hours": found.percent_of_hours,
            },
        )


def _message(sentence: str, path: str) -> str:
    return sentence.removeprefix(f"{path}: ")


def _failed(unrecorded: int) -> str:
    text = "Clips without consent for a declared purpose: {clips}"
    return (
        f"{text}; in {unrecorded} of them somebody is not recorded." if unrecorded else f"{text}."
    )


def _passed(found: Coverage) -> str:
    if not found.needing:
        return "Nobody is known to be in any clip."
    return f"Everybody in the {found.needing} clips with people has agreed."
