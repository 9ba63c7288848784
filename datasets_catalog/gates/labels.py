"""Gates on the events."""

from typing import ClassVar

from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, verdict
from datasets_catalog.labels import share_of


class LabelsValid:
    """Every event is possible in its clip."""

    code: ClassVar[str] = "labels.valid"
    title: ClassVar[str] = "Every event fits its clip"
    why: ClassVar[str] = (
        "An event after the end of its clip, above half its sample rate or of no length breaks "
        "whoever trains on it, usually in silence."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow.of(clip, problem) for clip in facts.clips for problem in clip.label_problems
        ]
        return verdict(
            self,
            rows,
            passed=f"Every event fits its clip ({sum(clip.events for clip in facts.clips)}).",
            failed="Impossible values in events: {count} (clips: {clips}).",
        )


class LabelsVerified:
    """As many events were verified by a second person as the dataset declares."""

    code: ClassVar[str] = "labels.verified"
    title: ClassVar[str] = "The declared share of events is verified"
    why: ClassVar[str] = (
        "The page says how much of the labels a second person confirmed; the release must keep "
        "that word."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        events = sum(clip.events for clip in facts.clips)
        share = share_of(sum(clip.events_verified for clip in facts.clips), events)
        declared = facts.dataset.verified_share
        rows: list[FailingRow] = []
        if share < declared:
            rows = [
                FailingRow.of(clip, f"{waiting} of {clip.events} events are not verified")
                for clip in facts.clips
                if (waiting := clip.events - clip.events_verified) > 0
            ]
        stated = f"{share:.1%} of {events} events are verified; {declared:.1%} is declared."
        return verdict(
            self,
            rows,
            passed=stated,
            failed=stated,
            measured={"events": events, "share": share, "declared": declared},
        )
