"""What a review report says of the release's contents, as page and PDF print it."""

from collections.abc import Iterator
from typing import Any

from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_review import render_consent, render_sample, render_verified
from datasets_catalog.card_text import format_clip_count, format_count, format_duration
from datasets_catalog.plain_json import from_plain

Line = tuple[str, str]


def list_content_lines(report: dict[str, Any]) -> list[Line]:
    """What the release holds, by the facts kept in the report; none before it is approved."""
    if not report.get("facts"):
        return []
    return list(_build_lines(from_plain(CardFacts, report["facts"])))


def describe_heard_sample(report: dict[str, Any]) -> str:
    """What was heard of a sample: as its card says it; what the gate said before it is approved."""
    if report.get("facts"):
        return render_sample(from_plain(CardFacts, report["facts"]).sample)
    return report["sample"]["summary"] if report["sample"] else ""


def describe_scan_amount(row: dict[str, Any]) -> str:
    """How many files and texts a detector saw; reports kept in earlier forms add the two up."""
    if "files" not in row:
        return f"{row['contents']:,} files or texts"
    files = format_count(row["files"], "file", "files")
    return f"{files}, {format_count(row['texts'], 'text', 'texts')}"


def list_headcount_lines(report: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """Clip, what was counted, by whom, when and why, oldest first; of a clip the last counts."""
    return [
        (row["clip"], _describe_people(row), row["by"], row["at"], row["reason"])
        for row in report.get("headcounts", ())
    ]


def _describe_people(row: dict[str, Any]) -> str:
    heard = format_count(row["people_heard"], "person heard", "people heard")
    missing = ", somebody is not recorded" if row["somebody_unknown"] else ""
    return f"{heard}, {row['people_recorded']:,} recorded{missing}"


def _build_lines(facts: CardFacts) -> Iterator[Line]:
    yield "clips", f"{format_clip_count(facts.clips)} ({format_duration(facts.seconds)})"
    yield "events", render_verified(facts.verified, facts.events) if facts.events else "none"
    weak = facts.weak
    labels = format_count(weak.labels, "weak label", "weak labels")
    yield "weak labels", f"{labels} of {format_clip_count(weak.clips)}" if weak.labels else "none"
    yield "found empty", format_clip_count(facts.found_empty) if facts.found_empty else "none"
    named = facts.vocabulary
    words = "none is named" if named is None else f"{named.name} {named.version}, {named.sha256}"
    yield "vocabulary", words
    yield "consent", render_consent(facts)
