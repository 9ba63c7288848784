"""What a card, and whatever else describes a release, says of its review: one sentence each.

Every number comes from the facts of the release; nothing is said that they do not hold.
"""

from datasets_catalog.card_facts import CardFacts, RedactionCount, VerifiedCount
from datasets_catalog.card_text import (
    escape_cell,
    format_clip_count,
    format_count,
    format_duration,
    format_percent,
)
from datasets_catalog.facts import SampleFacts
from datasets_catalog.labels import compute_share
from datasets_catalog.purposes import TERMS
from datasets_catalog.sampling import CONFIDENCE, compute_share_left, format_bound

CAUTION = (
    "Not detected is not the same as not there: detectors and people miss things. If you hear "
    "somebody who should not be heard, tell the publisher."
)


def render_redactions(redactions: RedactionCount) -> str:
    """Say in how many clips what was changed; "" where nothing was."""
    if not redactions.clips:
        return ""
    ways = (
        (redactions.muted, "passages were muted in"),
        (redactions.bleeped, "passages were covered by a tone in"),
        (redactions.noised, "passages were covered by noise in"),
        (redactions.stripped, "tags were taken out of the file in"),
        (redactions.unknown, "it is not on record how in"),
    )
    said = "; ".join(f"{words} {format_clip_count(count)}" for count, words in ways if count)
    return f"Review changed the bytes of {format_clip_count(redactions.clips)}: {said}."


def render_verified(verified: VerifiedCount, events: int) -> str:
    """Say how many events were verified, and who says so."""
    parts = [
        f"{verified.here:,} ({format_percent(compute_share(verified.here, events))})"
        f" {'was' if verified.here == 1 else 'were'} verified here by a second person"
    ]
    if verified.stated:
        parts.append(
            f"of {verified.stated:,} the import states that somebody else than the annotator"
            " verified them"
        )
    if verified.unnamed:
        parts.append(
            f"of {verified.unnamed:,} the import states that they are verified and not by whom"
        )
    return f"Of {format_count(events, 'event', 'events')}, {'; '.join(parts)}."


def render_consent(facts: CardFacts) -> str:
    """Say how far consent reached on the day the release was let through."""
    count = facts.consent
    if count.on is None:
        return "How far consent reached was not written down when this version came out."
    if not count.needing:
        return "Nobody is known to be in any clip, so no consent was needed."
    purposes = "; ".join(TERMS[purpose].title.lower() for purpose in facts.purposes)
    have, them = ("has", "it") if count.needing == 1 else ("have", "them")
    return (
        f"{format_clip_count(count.needing)} ({format_duration(count.seconds)}) {have} people in"
        f" {them}. On "
        f"{count.on.isoformat()} consent covered {count.covered:,} of them "
        f"({format_percent(compute_share(count.covered, count.needing))}) for:"
        f" {purposes or 'no use'}. Other "
        "uses are not part of this release. The evidence is kept and is not published; "
        "contributors are known by code only. What they answer after that day is not in this "
        "text, and does not call back copies that were taken before."
    )


def render_privacy(facts: CardFacts) -> str:
    """Say what was looked for, found, decided and heard."""
    return "\n\n".join(
        [_render_scans(facts), _render_decisions(facts), render_sample(facts.sample), CAUTION]
    )


def _render_scans(facts: CardFacts) -> str:
    seen = ", ".join(escape_cell(detector.title) for detector in facts.detectors)
    if not seen:
        return "No detector is on record."
    whole = "Every file was scanned by" if facts.scanned_whole else "Detectors that had run before"
    return f"{whole}: {seen}."


def _render_decisions(facts: CardFacts) -> str:
    found = facts.reviewed
    since = f" since {facts.before}" if facts.before else ""
    seen = format_count(found.findings, "thing was", "things were")
    parts = [
        f"In the files and texts of this version {seen} found; people looked at"
        f" {'it' if found.findings == 1 else 'them'} and let {found.cleared:,} stand."
        if found.findings
        else "In the files and texts of this version nothing was found.",
        render_redactions(facts.redactions),
        f"Review took {format_clip_count(found.excluded)} out of the dataset{since}.",
    ]
    return " ".join(part for part in parts if part)


def render_sample(sample: SampleFacts | None) -> str:
    """Say what was heard of the sounds without findings, and what that proves."""
    if sample is None or not sample.heard:
        return "No random sample of the clips without findings was heard."
    heard = (
        f"Reviewers say that they heard {format_count(sample.heard, 'sound', 'sounds')} drawn at"
        " random from the "
        f"{sample.drawn_from:,} without findings (clips with the same bytes count once) "
        f"and found something in {sample.missed:,}"
    )
    bound = compute_share_left(sample)
    if bound is None:
        return f"{heard}: no bound is stated on what is left."
    return (
        f"{heard}: with {CONFIDENCE:.0%} confidence at most {format_bound(bound)} of the sounds"
        " without findings hold what the detectors look for."
    )
