"""What a card says of labels: events, weak labels, clips found empty, the vocabulary."""

from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_review import render_verified
from datasets_catalog.card_text import (
    escape_cell,
    format_clip_count,
    format_count,
    format_duration,
    render_table,
)

MAX_CLASSES = 200


def render_labels(facts: CardFacts) -> str:
    """Return the section on labels, in Markdown."""
    parts = [
        render_vocabulary(facts),
        _render_events(facts),
        render_weak_labels(facts),
        _render_weak_table(facts),
        render_empty_clips(facts),
    ]
    return "\n\n".join(part for part in parts if part)


def list_label_tags(facts: CardFacts) -> list[str]:
    """Return the tags of the kinds of labels that there are, and of no others."""
    strong = ["sound-event-detection", "strong-labels"] if facts.events else []
    return strong + (["weak-labels"] if facts.weak.labels else [])


def render_vocabulary(facts: CardFacts) -> str:
    named = facts.vocabulary
    if named is None:
        return ""
    return (
        f"Labels are terms of the vocabulary {escape_cell(named.name)}"
        f" {escape_cell(named.version)}, whose file "
        f"has the SHA-256 `{named.sha256}`."
    )


def render_weak_labels(facts: CardFacts) -> str:
    """Say how many weak labels there are, and by what source."""
    if not facts.weak.labels:
        return ""
    by_source = ", ".join(
        f"{count:,} by source `{source.value}`"
        for source, count in facts.weak.sources.items()
        if count
    )
    labels = format_count(facts.weak.labels, "weak label says", "weak labels say")
    return (
        f"{labels} of {format_clip_count(facts.weak.clips)} as a whole what is somewhere in"
        f" {'it' if facts.weak.clips == 1 else 'them'}, or is not, without saying when:"
        f" {by_source}."
    )


def render_empty_clips(facts: CardFacts) -> str:
    if not facts.found_empty:
        return ""
    clips = format_count(facts.found_empty, "clip was", "clips were")
    return f"{clips} annotated and found to hold none of the labels."


def _render_events(facts: CardFacts) -> str:
    if not facts.events:
        return "The clips carry no events."
    by_source = ", ".join(
        f"{count:,} by source `{source.value}`" for source, count in facts.sources.items() if count
    )
    head = (
        "Events have an onset and an offset in seconds from the start of the clip, half-open: "
        f"{by_source}. {render_verified(facts.verified, facts.events)} By label, of the events"
        " that "
        "say that the sound is there:"
    )
    shown = sorted(facts.classes, key=lambda each: (-each.events, each.label))
    rows = [
        (
            escape_cell(each.label),
            f"{each.events:,}",
            f"{each.clips:,}",
            format_duration(each.seconds),
        )
        for each in shown[:MAX_CLASSES]
    ]
    parts = [head, *([render_table(("label", "events", "clips", "length"), rows)] if rows else [])]
    return "\n\n".join([*parts, *_note_left_out(len(shown))])


def _render_weak_table(facts: CardFacts) -> str:
    shown = sorted(facts.weak.classes, key=lambda each: (-each.clips, each.label))
    if not shown:
        return ""
    rows = [(escape_cell(each.label), f"{each.clips:,}") for each in shown[:MAX_CLASSES]]
    head = "By label, of the clips of which a weak label says that the sound is in them:"
    return "\n\n".join(
        [head, render_table(("weak label", "clips"), rows), *_note_left_out(len(shown))]
    )


def _note_left_out(labels: int) -> list[str]:
    rest = labels - MAX_CLASSES
    return [f"{rest:,} rarer labels are not listed here."] if rest > 0 else []
