"""The gate on withdrawals under way."""

from collections.abc import Iterator
from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, verdict


class WithdrawalsNonePending:
    """No withdrawal that touches the release waits to be carried out."""

    code: ClassVar[str] = "withdrawals.none_pending"
    title: ClassVar[str] = "No withdrawal is under way"
    why: ClassVar[str] = (
        "A clip whose contributor has asked for it back must not go out once more while the "
        "request is being carried out."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = list(_rows(facts))
        return verdict(
            self,
            rows,
            passed="No withdrawal touches this release.",
            failed="Clips being withdrawn: {clips}.",
        )


def _rows(facts: ReleaseFacts) -> Iterator[FailingRow]:
    by_clip = {clip_id: w.reference for w in facts.withdrawals for clip_id in w.clip_ids}
    by_person = {code: w.reference for w in facts.withdrawals for code in w.contributors}
    for clip in facts.clips if facts.withdrawals else ():
        references = {by_clip.get(clip.clip_id), *(by_person.get(c) for c in clip.contributors)}
        for reference in sorted(r for r in references if r is not None):
            yield FailingRow.of(clip, f"is being withdrawn ({reference})")
