"""Gates on what might give somebody away."""

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from datasets_catalog.card_text import format_clip_count, format_count
from datasets_catalog.detector_figures import describe_nothing_found
from datasets_catalog.facts import FindingFacts, FindingState, ReleaseFacts, SampleFacts
from datasets_catalog.gates.base import FailingRow, Number, Severity, Verdict, build_verdict
from datasets_catalog.sampling import (
    CONFIDENCE,
    compute_share_left,
    count_clips_to_hear,
    format_bound,
)

# With 95 % confidence at most one unflagged clip in a hundred: 368 heard, none missed, in the first
# draw of a dataset, 477 in its second.
SAMPLE_BOUND = 0.01
# The detector that hears everything a second time, where a dataset's profile wants that.
SECOND_OPINION = "second_opinion"

STATE_SENTENCES = {
    FindingState.UNDECIDED: "waits for a decision",
    FindingState.UNNOTED: "was found in the same bytes before; scan this clip to decide on it here",
    FindingState.AWAITING_SECOND: "was cleared with a person in it; another reviewer must agree",
    FindingState.CHANGE_ASKED: "was asked for by a reviewer; the steward has to answer",
    FindingState.DECIDED_ON_OTHER_BYTES: "was decided on other bytes than these; decide again",
    FindingState.DECIDED_BY_UPLOADER: "was decided by who uploaded the clip; somebody else must",
    FindingState.REDACTION_PENDING: "is to be redacted, which is not done yet",
    FindingState.EXCLUDED: "was decided as exclude, but the clip is still in the release",
}


class PrivacyScanned:
    """Every blob was seen to the end by the current version of every detector."""

    code: ClassVar[str] = "privacy.scanned"
    title: ClassVar[str] = "Every file was scanned"
    why: ClassVar[str] = (
        "Even sounds of parks carry conversations. A file no detector saw, or that an outdated "
        "one saw, may hold anything."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        return build_verdict(
            self,
            _find_unscanned(facts),
            passed=f"Every current detector ({len(facts.detectors)}) has seen every clip. "
            f"{describe_nothing_found(_name_listening_profile(facts))}",
            failed="Clips that not every current detector has seen: {clips}.",
            measured={"detectors": len(facts.detectors)},
        )


class PrivacyDecided:
    """No finding is open, and what was decided was carried out."""

    code: ClassVar[str] = "privacy.decided"
    title: ClassVar[str] = "Every finding was decided"
    why: ClassVar[str] = (
        "A detector only points; a person who did not upload the clip decides, and what was "
        "decided must have happened to these very bytes."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow.of(clip, _describe_finding(finding))
            for clip in facts.clips
            for finding in clip.findings
        ]
        # Speech of one clip stands in the way of every clip of its recording.
        found = {finding.finding_id for clip in facts.clips for finding in clip.findings}
        return build_verdict(
            self,
            rows,
            passed="No finding is open.",
            failed=f"Findings still open: {len(found)} (clips they hold back: {{clips}}).",
            measured={"open_findings": len(found)},
        )


class PrivacySampled:
    """A person heard a random sample of what no detector flagged; blocks sensitive datasets."""

    code: ClassVar[str] = "privacy.sampled"
    title: ClassVar[str] = "A random sample was heard"
    why: ClassVar[str] = (
        "Not detected is not the same as not there. Hearing a random sample says how much may "
        "have been missed."
    )
    severity: ClassVar[Severity] = Severity.ADVISORY

    def check(self, facts: ReleaseFacts) -> Verdict:
        found = self._judge_sample(facts.sample)
        return replace(found, severity=Severity.BLOCKING) if facts.dataset.sensitive else found

    def _judge_sample(self, sample: SampleFacts | None) -> Verdict:
        if sample is None or (sample.heard == 0 and sample.population + sample.outside > 0):
            row = FailingRow("Nobody has heard a sample.", advice=_describe_first_step(sample))
            return build_verdict(self, [row], passed="", failed=row.message)
        bound = compute_share_left(sample)
        measured: dict[str, Number] = {
            "population": sample.population,
            "frame": sample.drawn_from,
            "draw": sample.number,
            "heard": sample.heard,
            "missed": sample.missed,
            "due": sample.due,
            "gone": sample.gone,
            "outside": sample.outside,
            "confidence": CONFIDENCE,
        }
        if bound is not None:
            measured["bound"] = bound
        sentence = _describe_proof(sample, bound)
        rows = list(_list_proof_gaps(sample, bound))
        failed = " ".join([sentence, *(row.message for row in rows)])
        return build_verdict(self, rows, passed=sentence, failed=failed, measured=measured)


class PrivacyMetadata:
    """Nothing in tags, table cells or texts identifies anybody."""

    code: ClassVar[str] = "privacy.metadata"
    title: ClassVar[str] = "Nothing written identifies anybody"
    why: ClassVar[str] = (
        "Recorders write names, serial numbers, times and positions into files, and people "
        "write them into tables; none of it can be heard in a review."
    )
    severity: ClassVar[Severity] = Severity.BLOCKING

    def check(self, facts: ReleaseFacts) -> Verdict:
        rows = [
            FailingRow(f"{text} may identify somebody; take it out of the text")
            for text in facts.dataset.identifying
        ]
        rows += [
            FailingRow.of(clip, f"{place} may identify somebody; strip it or have it cleared")
            for clip in facts.clips
            for place in clip.identifying
        ]
        return build_verdict(
            self,
            rows,
            passed="No identifying tag, cell or text is left.",
            failed="Tags, cells or texts that may identify somebody: {count}.",
        )


def _name_listening_profile(facts: ReleaseFacts) -> str:
    """The privacy profile, as far as it says what a clip without findings is worth."""
    twice = any(detector.name == SECOND_OPINION for detector in facts.detectors)
    return "sensitive" if twice else "standard"


def _find_unscanned(facts: ReleaseFacts) -> Iterator[FailingRow]:
    if not facts.detectors:
        yield FailingRow("No detector is configured, so nothing was scanned.")
        return
    for clip in facts.clips:
        missing = facts.detectors - clip.scans
        if missing:
            names = ", ".join(sorted(detector.title for detector in missing))
            yield FailingRow.of(clip, f"not scanned by {names}")


def _describe_first_step(sample: SampleFacts | None) -> str:
    population = sample.population + sample.outside if sample else None
    drawn = sample is not None and sample.number > 0 and not sample.gone and not sample.outside
    if sample is not None and drawn:
        wanted = count_clips_to_hear(
            bound=SAMPLE_BOUND, population=sample.drawn_from, draw=sample.number
        )
        return f"Hear the first {wanted} of draw {sample.number}."
    draw = sample.number + 1 if sample else 1
    wanted = count_clips_to_hear(bound=SAMPLE_BOUND, population=population, draw=draw)
    return f"Draw one and hear {format_clip_count(wanted)}."


def _describe_proof(sample: SampleFacts, bound: float | None) -> str:
    heard = f"{sample.missed} missed in {sample.heard} heard of {sample.drawn_from}"
    if bound is None:
        return f"{heard}: a draw with a miss proves no bound."
    draws = "" if sample.number <= 1 else f", over all {sample.number} draws of the dataset,"
    return (
        f"{heard}: with {CONFIDENCE:.0%} confidence{draws} at most {format_bound(bound)} of"
        " unflagged"
        " clips hold what the detectors look for."
    )


def _list_proof_gaps(sample: SampleFacts, bound: float | None) -> Iterator[FailingRow]:
    """Why the sample does not prove the bound for the whole draft, and what would."""
    again = count_clips_to_hear(
        bound=SAMPLE_BOUND,
        population=sample.population + sample.outside,
        draw=sample.number + 1,
    )
    aim = f"The aim is {SAMPLE_BOUND:.0%}."
    if bound is None:
        yield FailingRow(
            "What was missed re-opens the rest.",
            advice=f"Draw another sample, and hear {format_clip_count(again)}.",
        )
    elif bound > SAMPLE_BOUND and sample.gone:
        yield FailingRow(
            f"{aim} {sample.gone} of those drawn left or were flagged before anybody heard them.",
            advice=f"Draw again, and hear {format_clip_count(again)}.",
        )
    elif bound > SAMPLE_BOUND and sample.due:
        yield FailingRow(
            f"{aim} {sample.due} of those drawn were not heard.",
            advice="Hear those that wait.",
        )
    elif bound > SAMPLE_BOUND:
        yield FailingRow(
            aim, advice=f"Draw again, and hear {format_clip_count(again)} with none missed."
        )
    if sample.outside:
        came = format_count(sample.outside, "unflagged clip", "unflagged clips")
        yield FailingRow(f"{came} came in or changed since the draw.", advice="Draw again.")


def _describe_finding(finding: FindingFacts) -> str:
    place = ""
    if finding.onset is not None and finding.offset is not None:
        place = f" at {finding.onset:.2f} to {finding.offset:.2f} s"
    return f"{finding.kind}{place} {STATE_SENTENCES[finding.state]}"
