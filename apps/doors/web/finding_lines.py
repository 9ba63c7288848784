"""The findings of a case as its page lists them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from apps.accounts.models import User
from apps.detection.detectors.video import find_kept_strip
from apps.detection.kinds import find_kind_policy
from apps.detection.models import Finding
from apps.doors.web.badges import find_badge
from apps.doors.web.review_windows import Window, find_window_number
from apps.doors.web.templatetags.web_components import clock, kind_words
from apps.review.access import AWAITING_SECOND, name_finding_state
from apps.review.models import Decision

OPEN = "open"


@dataclass(frozen=True, slots=True)
class Line:
    """One finding: how it stands, where it is heard, and what can be done with it now.

    `alike` counts the other open findings of its kind in the clip; `before` is the redaction that
    took it out, where the sound from before can be heard; `strip` shows frames of a video stream;
    `advice` is what to do where nothing can be taken out of the bytes.
    """

    finding: Finding
    state: str
    decision: Decision | None
    window: int | None
    alike: int
    chosen: bool
    selectable: bool
    waits: bool
    before: int | None
    words: str
    strip: Mapping[str, Any] | None
    advice: str

    @property
    def is_open(self) -> bool:
        return self.state in {OPEN, AWAITING_SECOND}


def build_lines(
    findings: Sequence[Finding],
    windows: list[Window],
    *,
    reader: User,
    asked_for: str = "",
    redactions: Mapping[int, int] = MappingProxyType({}),
) -> list[Line]:
    """The findings in their order, one of them chosen.

    It is the one whose uid is asked for, else the first that waits for the reader, else the first.
    `redactions`: by finding, the one that took it out.
    """
    states = [name_finding_state(row) for row in findings]
    waits = [_is_waiting(row, state, reader) for row, state in zip(findings, states, strict=True)]
    at_hand = _choose_line(findings, waits, asked_for)
    open_kinds = [row.kind for row, state in zip(findings, states, strict=True) if state == OPEN]
    return [
        Line(
            finding=row,
            state=state,
            decision=getattr(row, "decision", None),
            window=find_window_number(windows, row),
            alike=open_kinds.count(row.kind) - 1 if state == OPEN else 0,
            chosen=at == at_hand,
            selectable=waits[at] and state == states[at_hand],
            waits=waits[at],
            before=redactions.get(row.pk),
            words=_describe_line(row, state, at + 1, len(findings)),
            strip=find_kept_strip(row.evidence, row.scan.evidence),
            advice=find_kind_policy(row.kind).advice if state == OPEN else "",
        )
        for at, (row, state) in enumerate(zip(findings, states, strict=True))
    ]


def _is_waiting(finding: Finding, state: str, reader: User) -> bool:
    """Whether this reader can say something of it: the second reviewer is not the first."""
    if state == AWAITING_SECOND:
        return finding.decision.decided_by_id != reader.pk
    return state == OPEN


def _choose_line(findings: Sequence[Finding], waits: Sequence[bool], asked_for: str) -> int:
    named = (at for at, row in enumerate(findings) if str(row.uid) == asked_for)
    waiting = (at for at, one in enumerate(waits) if one)
    return next(named, next(waiting, 0))


def _describe_line(finding: Finding, state: str, at: int, total: int) -> str:
    """One sentence for those who hear the page."""
    place = (
        f"from {clock(finding.onset)} to {clock(finding.offset)}"
        if finding.onset is not None
        else "not in the sound"
    )
    detail = f" {finding.detail}" if finding.detail else ""
    stands = "" if state == OPEN else f" {find_badge('finding', state)[0]}."
    return f"Finding {at} of {total}: {kind_words(finding.kind)}, {place}.{detail}{stands}"
