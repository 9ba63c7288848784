"""What a card says of labels: events, weak labels, clips found empty, the vocabulary."""

from datasets_catalog.card_facts import CardFacts
from datasets_catalog.card_review import counted, verified_text
from datasets_catalog.card_text import cell, hours, table

MAX_CLASSES = 200


def labels_text(facts: CardFacts) -> str:
    """Return the section on labels, in Markdown."""
    parts = [
        vocabulary_text(facts),
        _events(facts),
        weak_text(facts),
        _weak_table(facts),
        empty_text(facts),
    ]
    return "\n\n".join(part for part in parts if part)


def label_tags(facts: CardFacts) -> list[str]:
    """Return the tags of the kinds of labels that there are, and of no others."""
    strong = ["sound-event-detection", "strong-labels"] if facts.events else []
    return strong + (["weak-labels"] if facts.weak.labels else [])


def vocabulary_text(facts: CardFacts) -> str:
    named = facts.vocabulary
    if named is None:
        return ""
    return (
        f"Labels are terms of the vocabulary {cell(named.name)} {cell(named.version)}, whose file "
        f"has the SHA-256 `{named.sha256}`."
    )


def weak_text(facts: CardFacts) -> str:
    """Say how many weak labels there are, and by what source."""
    if not facts.weak.labels:
        return ""
    by_source = ", ".join(
        f"{count:,} by source `{source.value}`"
        for source, count in facts.weak.sources.items()
        if count
    )
    labels = counted(facts.weak.labels, "weak label says", "weak labels say")
    return (
        f"{labels} of {counted(facts.weak.clips, 'clip', 'clips')} as a whole what is somewhere in"
        f" it, or is not, without saying when: {by_source}."
    )


def empty_text(facts: CardFacts) -> str:
    if not facts.found_empty:
        return ""
    clips = counted(facts.found_empty, "clip was", "clips were")
    return f"{clips} annotated and found to hold none of the labels."


def _events(facts: CardFacts) -> str:
    if not facts.events:
        return "The clips carry no events."
    by_source = ", ".join(
        f"{count:,} by source `{source.value}`" for source, count in facts.sources.items() if count
    )
    head = (
        "Events have an onset and an offset in seconds from the start of the clip, half-open: "
        f"{by_source}. {verified_text(facts.verified, facts.events)} By label, of the events that "
        "say that the sound is there:"
    )
    shown = sorted(facts.classes, key=lambda each: (-each.events, each.label))
    rows = [
        (cell(each.label), f"{each.events:,}", f"{each.clips:,}", hours(each.seconds))
        for each in shown[:MAX_CLASSES]
    ]
    parts = [head, *([table(("label", "events", "clips", "length"), rows)] if rows else [])]
    return "\n\n".join([*parts, *_left_out(len(shown))])


def _weak_table(facts: CardFacts) -> str:
    shown = sorted(facts.weak.classes, key=lambda each: (-each.clips, each.label))
    if not shown:
        return ""
    rows = [(cell(each.label), f"{each.clips:,}") for each in shown[:MAX_CLASSES]]
    head = "By label, of the clips of which a weak label says that the sound is in them:"
    return "\n\n".join([head, table(("weak label", "clips"), rows), *_left_out(len(shown))])


def _left_out(labels: int) -> list[str]:
    rest = labels - MAX_CLASSES
    return [f"{rest:,} rarer labels are not listed here."] if rest > 0 else []
