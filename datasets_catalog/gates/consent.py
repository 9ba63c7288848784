"""The gates on what people allowed, and on what shows it."""

from dataclasses import replace
from typing import ClassVar

from datasets_catalog.card_text import format_clip_count
from datasets_catalog.consent import Coverage, Plan, compute_coverage
from datasets_catalog.evidence import find_unproved_consents
from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict


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
        found = compute_coverage(
            (clip.people() for clip in facts.clips),
            facts.consents,
            facts.purposes,
            facts.at,
            territories=facts.territories,
            dataset=facts.dataset.full_name,
        )
        rows = [
            FailingRow(row.sentence.removeprefix(f"{row.path}: "), row.path, row.clip_id)
            for row in found.uncovered
        ]
        unrecorded = {row.clip_id for row in found.uncovered if row.contributor is None}
        if found.needing and not facts.purposes:
            rows.append(FailingRow("People are in this release, but it declares no purpose."))
        return build_verdict(
            self,
            rows,
            passed=_describe_success(found),
            failed=_describe_failure(len(unrecorded)),
            measured={
                "clips_needing": found.needing,
                "clips_covered": found.covered,
                "clips_unrecorded": len(unrecorded),
                "seconds_needing": found.seconds_needing,
                "percent_of_clips": found.percent_of_clips,
                "percent_of_hours": found.percent_of_hours,
            },
        )


def _describe_failure(unrecorded: int) -> str:
    text = "Clips without consent for a declared purpose: {clips}"
    return (
        f"{text}; in {unrecorded} of them somebody is not recorded." if unrecorded else f"{text}."
    )


def _describe_success(found: Coverage) -> str:
    if not found.needing:
        return "Nobody is known to be in any clip."
    return f"Everybody in the {format_clip_count(found.needing)} with people has agreed."


class ConsentEvidence:
    """Every consent that the release rests on has the hash of its evidence on record."""

    code: ClassVar[str] = "consent.evidence"
    title: ClassVar[str] = "What people answered can be shown"
    why: ClassVar[str] = (
        "A consent that nobody can show is a word against a word; the hash of the signed form or "
        "of the recording binds the ledger to it."
    )
    # Blocking where the dataset asks for evidence.
    severity: ClassVar[Severity] = Severity.ADVISORY

    def check(self, facts: ReleaseFacts) -> Verdict:
        plan = Plan(facts.purposes, facts.territories, facts.dataset.full_name)
        clips = (clip.people() for clip in facts.clips)
        rows = [
            FailingRow(
                f"{one.contributor}: no evidence of the answers to {one.form} {one.form_version}"
                f" of {one.given_at:%Y-%m-%d}",
                clip.path,
                clip.clip_id,
            )
            for one, clip in find_unproved_consents(clips, facts.consents, plan)
        ]
        found = build_verdict(
            self,
            rows,
            passed="Every consent that counts here has its evidence, or nobody is in it.",
            failed="Consents without the hash of their evidence: {count}.",
        )
        asked = facts.dataset.evidence_required
        return replace(found, severity=Severity.BLOCKING) if asked else found
