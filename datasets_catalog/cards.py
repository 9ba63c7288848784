"""The card of a release: what the Hugging Face Hub reads in YAML, and what people read below it.

Only what is known is said; a part without facts says that nothing is known rather than nothing.
The keys follow the Hub's dataset card specification. `configs` and `dataset_info` depend on the
files of a snapshot; whoever builds the snapshot adds them to the mapping.
"""

from itertools import pairwise
from typing import Any

from datasets_catalog.card_facts import CardFacts, GateForm, VersionNote
from datasets_catalog.card_text import bibtex_value, cell, hours, percent, prose, table
from datasets_catalog.facts import SampleFacts
from datasets_catalog.labels import Source, share_of
from datasets_catalog.outbound import Outbound, Rights
from datasets_catalog.purposes import TERMS
from datasets_catalog.sampling import CONFIDENCE, share_left, stated

# The Hub's size categories, by number of examples.
SIZE_STEPS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
MAX_CLASSES = 200
ANNOTATION_CREATORS = {
    Source.HUMAN: "other",
    Source.MODEL: "machine-generated",
    Source.IMPORT: "found",
    Source.SYNTHETIC: "machine-generated",
}


def card_metadata(facts: CardFacts) -> dict[str, Any]:
    """Return the card's YAML block as a mapping, in the order it should be written."""
    licence = facts.outbound.hub
    metadata: dict[str, Any] = {
        "pretty_name": facts.title,
        "language": list(facts.languages),
        "license": licence.id,
        "license_name": licence.name,
        "license_link": licence.link,
        "annotations_creators": _annotation_creators(facts),
        "task_categories": ["audio-classification"] if facts.events else [],
        "size_categories": [size_category(facts.clips)],
        "tags": _tags(facts),
    }
    if facts.gate is not None:
        metadata |= _gate_metadata(facts.gate)
    return {key: value for key, value in metadata.items() if value not in (None, "", [], {})}


def card_body(facts: CardFacts) -> str:
    """Return the Markdown that stands below the YAML block."""
    sections = [
        f"# {prose(facts.title)}",
        prose(facts.description),
        _contents(facts),
        f"## How it was made\n\n{_or_unknown(facts.provenance)}\n\n{_origin(facts)}",
        f"## Labels\n\n{_labels(facts)}",
        f"## Licences\n\n{_licences(facts.outbound)}{_taken_away(facts)}",
        f"## Consent\n\n{_consent(facts)}",
        f"## Privacy review\n\n{_privacy(facts)}",
        f"## Limitations\n\n{_or_unknown(facts.limitations)}",
        f"## Versions\n\n{_versions(facts)}",
        f"## Citation\n\n```bibtex\n{citation(facts)}\n```",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def citation(facts: CardFacts) -> str:
    """Return a BibTeX entry that names this very version."""
    key = "".join(c if c.isalnum() else "_" for c in f"{facts.full_name}_{facts.version}")
    # Braces keep BibTeX from reading an organisation as first and last name.
    authors = " and ".join(map(bibtex_value, facts.creators)) or (
        f"{{{bibtex_value(facts.organisation)}}}"
    )
    lines = [
        f"@misc{{{key},",
        f"  title = {{{bibtex_value(facts.title)}}},",
        f"  author = {{{authors}}},",
        f"  year = {{{facts.published.year}}},",
        f"  version = {{{bibtex_value(facts.version)}}},",
        f"  url = {{{facts.url}}},",
        f"  note = {{Merkle root {facts.root}}}",
        "}",
    ]
    return "\n".join(lines)


def size_category(examples: int) -> str:
    """Return the Hub's name for a number of examples, such as `1K<n<10K`."""
    limit = 1000
    if examples < limit:
        return "n<1K"
    for low, high in pairwise(SIZE_STEPS):
        limit *= 10
        if examples < limit:
            return f"{low}<n<{high}"
    return "n>1T"


def _annotation_creators(facts: CardFacts) -> list[str]:
    creators = {ANNOTATION_CREATORS[source] for source, count in facts.sources.items() if count}
    return sorted(creators) or ["no-annotation"]


def _tags(facts: CardFacts) -> list[str]:
    tags = ["audio", facts.vertical.value]
    if facts.events:
        tags += ["sound-event-detection", "strong-labels"]
    if facts.synthetic:
        tags.append("synthetic")
    return tags


def _gate_metadata(gate: GateForm) -> dict[str, Any]:
    return {
        "extra_gated_heading": gate.heading,
        "extra_gated_description": gate.description,
        "extra_gated_prompt": gate.prompt,
        "extra_gated_fields": dict(gate.fields),
        "extra_gated_button_content": gate.button,
        "extra_gated_eu_disallowed": gate.eu_disallowed or None,
    }


def _contents(facts: CardFacts) -> str:
    rows = [
        (cell(split.name) if split.name else "(none)", f"{split.clips:,}", hours(split.seconds))
        for split in facts.splits
    ]
    head = (
        f"Version {facts.version} holds {facts.clips:,} clips ({hours(facts.seconds)}) with "
        f"{facts.events:,} events. Its root is `{facts.root}`: it names every clip, label and "
        f"licence of this version, and is the same wherever this version is offered "
        f"([{facts.full_name}]({facts.url}))."
    )
    return "\n\n".join([head, *([table(("split", "clips", "sound"), rows)] if rows else [])])


def _origin(facts: CardFacts) -> str:
    parts = []
    if facts.recordings:
        parts.append(f"The clips come from {facts.recordings:,} recordings.")
    share = percent(share_of(facts.synthetic, facts.clips))
    if facts.synthetic:
        parts.append(f"{facts.synthetic:,} clips ({share}) are synthetic and marked as such.")
    else:
        parts.append("No clip is marked as synthetic.")
    if facts.redacted:
        parts.append(f"In {facts.redacted:,} clips a reviewer had passages muted.")
    return " ".join(parts)


def _labels(facts: CardFacts) -> str:
    if not facts.events:
        return "The clips carry no events."
    counted = ", ".join(
        f"{count:,} by source `{source.value}`" for source, count in facts.sources.items() if count
    )
    head = (
        f"Events have an onset and an offset in seconds from the start of the clip, half-open. "
        f"Of {facts.events:,} events ({counted}), {facts.verified:,} "
        f"({percent(share_of(facts.verified, facts.events))}) were verified by a second person."
    )
    shown = sorted(facts.classes, key=lambda each: (-each.events, each.label))
    rows = [
        (cell(each.label), f"{each.events:,}", f"{each.clips:,}", hours(each.seconds))
        for each in shown[:MAX_CLASSES]
    ]
    parts = [head]
    if rows:
        parts.append(table(("label", "events", "clips", "length"), rows))
    if len(shown) > MAX_CLASSES:
        parts.append(f"{len(shown) - MAX_CLASSES:,} rarer labels are not listed here.")
    return "\n\n".join(parts)


def _licences(outbound: Outbound) -> str:
    rows = [
        (cell(f"`{share.expression}`"), f"{share.clips:,}", hours(share.seconds))
        for share in outbound.mix
    ]
    parts = [
        "Every clip has its own licence, in the column `licence` of the clip table.",
        table(("licence", "clips", "sound"), rows),
        _rights(outbound.rights),
    ]
    if outbound.rights.attribution:
        parts.append(
            "Attribution is required; `ATTRIBUTION.csv` names title, author, source and licence "
            "of every clip that asks for it."
        )
    return "\n\n".join(parts)


def _taken_away(facts: CardFacts) -> str:
    """Say what the licences do not allow of what the release declares."""
    if not facts.taken_away:
        return ""
    rows = "\n".join(f"- {prose(each.sentence)}" for each in facts.taken_away)
    return f"\n\nThey take away, of the uses that the release declares:\n\n{rows}"


def _rights(rights: Rights) -> str:
    statements = [
        "may be used commercially" if rights.commercial else "may not be used commercially",
        "may be adapted" if rights.derivatives else "may not be adapted",
        "may be passed on" if rights.redistribution else "may not be passed on",
    ]
    duty = " What is made from share-alike clips must stay under the same licence."
    return f"As a whole it {', '.join(statements)}.{duty if rights.share_alike else ''}"


def _consent(facts: CardFacts) -> str:
    count = facts.consent
    if not count.needing:
        return "Nobody is known to be in any clip, so no consent was needed."
    purposes = "; ".join(TERMS[purpose].title.lower() for purpose in facts.purposes)
    return (
        f"{count.needing:,} clips ({hours(count.seconds)}) have people in them. On "
        f"{facts.published.isoformat()} consent covered {count.covered:,} of them "
        f"({percent(share_of(count.covered, count.needing))}) for: {purposes}. Other uses are "
        "not part of this release. The evidence is kept and is not published; contributors are "
        "known by code only and may withdraw, after which their clips are removed and a new "
        "version is issued."
    )


def _privacy(facts: CardFacts) -> str:
    seen = ", ".join(cell(detector.title) for detector in facts.detectors)
    counts = facts.reviewed
    scanned = f"Every file was scanned by: {seen}." if seen else "No detector is on record."
    decided = (
        f"Findings decided by people: {counts.cleared:,} cleared, {counts.redacted:,} redacted, "
        f"{counts.excluded:,} excluded with their clips."
    )
    caution = (
        "Not detected is not the same as not there: detectors and people miss things. If you "
        "hear somebody who should not be heard, tell the publisher."
    )
    return "\n\n".join([scanned, decided, _sample(facts.sample), caution])


def _sample(sample: SampleFacts | None) -> str:
    if sample is None or not sample.heard:
        return "No random sample of the clips without findings was heard."
    heard = (
        f"A person heard {sample.heard:,} clips drawn at random from the {sample.drawn_from:,} "
        f"without findings and found something in {sample.missed:,}"
    )
    bound = share_left(sample)
    if bound is None:
        return f"{heard}: no bound is stated on what is left."
    return (
        f"{heard}: with {CONFIDENCE:.0%} confidence at most {stated(bound)} of the clips"
        " without findings hold what the detectors look for."
    )


def _versions(facts: CardFacts) -> str:
    notes = facts.versions or (VersionNote(facts.version, facts.published),)
    rows = [(cell(n.version), n.published.isoformat(), cell(n.note)) for n in notes]
    return table(("version", "published", "changes"), rows)


def _or_unknown(text: str) -> str:
    return prose(text) if text.strip() else "The publisher has not said."
