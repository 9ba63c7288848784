"""Gates on the labels."""

from collections.abc import Mapping
from typing import ClassVar

from datasets_catalog.card_text import format_count
from datasets_catalog.facts import ReleaseFacts
from datasets_catalog.gates.base import FailingRow, Severity, Verdict, build_verdict
from datasets_catalog.labels import compute_share


class LabelsValid:
    """Every label is possible in its clip, is there once, and is a term of the vocabulary."""

    code: ClassVar[str] = "labels.valid"
    title: ClassVar[str] = "Every label fits its clip and its vocabulary"
    why: ClassVar[str] = (
        "An event after the end of its clip, above half its sample rate or of no length breaks "
        "whoever trains on it, usually in silence; so does a label that the named vocabulary does "
        "not have."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow.of(clip, problem) for clip in facts.clips for problem in clip.label_problems
        ]
        measured = {
            "events": sum(clip.events for clip in facts.clips),
            "weak_labels": sum(clip.weak_labels for clip in facts.clips),
            "overlaps": sum(clip.overlaps for clip in facts.clips),
            "advised_against": sum(clip.advised_against for clip in facts.clips),
        }
        return build_verdict(
            self,
            rows,
            passed=_describe_counts(measured),
            failed="Labels that do not fit: {count} (clips: {clips}).",
            measured=measured,
        )


def _describe_counts(measured: Mapping[str, int]) -> str:
    events = format_count(measured["events"], "event", "events")
    weak = format_count(measured["weak_labels"], "weak label", "weak labels")
    said = f"Every label fits: {events} and {weak}."
    if measured["overlaps"]:
        said += f" Events that begin within another of their kind: {measured['overlaps']}."
    if measured["advised_against"]:
        said += (
            f" Labels that the vocabulary's authors advise against: {measured['advised_against']}."
        )
    return said


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
        share = compute_share(sum(clip.events_verified for clip in facts.clips), events)
        declared = facts.dataset.verified_share
        rows: list[FailingRow] = []
        if share < declared:
            rows = [
                FailingRow.of(
                    clip, f"{waiting} of {clip.events} events were not verified by a second person"
                )
                for clip in facts.clips
                if (waiting := clip.events - clip.events_verified) > 0
            ]
        stated = (
            f"{share:.1%} of {format_count(events, 'event', 'events')} were verified here by a"
            " second person;"
            f" {declared:.1%} is declared."
        )
        return build_verdict(
            self,
            rows,
            passed=stated,
            failed=stated,
            measured={"events": events, "share": share, "declared": declared},
        )
