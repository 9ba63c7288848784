"""The gate on the number of a release."""

from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict
from datasets_catalog.versions import parse_version


class VersionSaysChange:
    """The version is counted up as far as the changes ask for; advisory."""

    code: ClassVar[str] = "catalog.version_step"
    title: ClassVar[str] = "The number says how much changed"
    why: ClassVar[str] = (
        "Readers take a new patch or minor version without looking. Where something that was "
        "there is gone or other, their results are no longer comparable."
    )
    severity: ClassVar[Severity] = Severity.ADVISORY

    def check(self, facts: ReleaseFacts) -> Verdict:
        changed = facts.changed
        if changed is None or facts.version is None:
            return build_verdict(
                self, [], passed="There is no earlier version to compare with.", failed=""
            )
        number = f"{facts.version} follows {changed.since}"
        asked = f"the changes ask for a {changed.step} version"
        rows = []
        if changed.is_less(parse_version(facts.version)):
            rows = [
                FailingRow(f"{reason}, which asks for {changed.proposed}")
                for reason in changed.reasons
            ]
        return build_verdict(
            self,
            rows,
            passed=f"{number}; {asked}.",
            failed=f"{number}, but {asked}: {changed.proposed}.",
        )
