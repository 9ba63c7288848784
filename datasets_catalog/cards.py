"""The card of a release: what the Hugging Face Hub reads in YAML, and what people read below it.

Only what is known is said; a part without facts says that nothing is known rather than nothing.
The keys follow the Hub's dataset card specification. `configs` and `dataset_info` depend on the
files of a snapshot; whoever builds the snapshot adds them to the mapping.
"""

import re
from itertools import pairwise
from typing import Any

from datasets_catalog.card_facts import CardFacts, GateForm, VersionNote
from datasets_catalog.card_labels import label_tags, labels_text
from datasets_catalog.card_review import (
    consent_text,
    counted,
    privacy_text,
    redaction_text,
)
from datasets_catalog.card_text import bibtex_value, cell, hours, percent, prose, table
from datasets_catalog.labels import Source, share_of
from datasets_catalog.licences import Use
from datasets_catalog.outbound import Outbound, Rights

# The Hub's size categories, by number of examples.
SIZE_STEPS = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
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
        "task_categories": ["audio-classification"] if facts.events or facts.weak.labels else [],
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
        f"## Labels\n\n{labels_text(facts)}",
        f"## Licences\n\n{_licences(facts.outbound)}{_taken_away(facts)}",
        f"## Consent\n\n{consent_text(facts)}",
        f"## Privacy review\n\n{privacy_text(facts)}",
        f"## Limitations\n\n{_or_unknown(facts.limitations)}",
        f"## Funding\n\n{prose(facts.funding)}" if facts.funding else "",
        f"## Versions\n\n{_versions(facts)}",
        f"## Citation\n\n```bibtex\n{citation(facts)}\n```",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def citation(facts: CardFacts) -> str:
    """Return a BibTeX entry that names this very version."""
    key = "".join(c if c.isalnum() else "_" for c in f"{facts.full_name}_{facts.version}")
    authors = " and ".join(_author(each.name) for each in facts.creators) or (
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


def _author(name: str) -> str:
    """A person as BibTeX reads one; braces keep other names from being cut into several."""
    value = bibtex_value(name)
    return f"{{{value}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else value


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
    counts = (*facts.sources.items(), *facts.weak.sources.items())
    creators = {ANNOTATION_CREATORS[source] for source, count in counts if count}
    return sorted(creators) or ["no-annotation"]


def _tags(facts: CardFacts) -> list[str]:
    tags = ["audio", facts.vertical.value, *label_tags(facts)]
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
        f"{_labels_held(facts)}. Its root is `{facts.root}`: it names every clip, label and "
        f"licence of this version, and is the same wherever this version is offered "
        f"([{facts.full_name}]({facts.url}))."
    )
    return "\n\n".join([head, *([table(("split", "clips", "sound"), rows)] if rows else [])])


def _labels_held(facts: CardFacts) -> str:
    weak = f" and {facts.weak.labels:,} weak labels" if facts.weak.labels else ""
    return f"{facts.events:,} events{weak}"


def _origin(facts: CardFacts) -> str:
    parts = []
    if facts.recordings:
        named = counted(facts.recordings, "recording is", "recordings are")
        parts.append(f"{named} named as what clips were cut from.")
    share = percent(share_of(facts.synthetic, facts.clips))
    if facts.synthetic:
        marked = counted(facts.synthetic, "clip is", "clips are")
        parts.append(f"{marked} marked as synthetic ({share}).")
    else:
        parts.append("No clip is marked as synthetic.")
    parts.append(redaction_text(facts.redactions))
    return " ".join(part for part in parts if part)


def _licences(outbound: Outbound) -> str:
    rows = [
        (cell(f"`{share.expression}`"), f"{share.clips:,}", hours(share.seconds))
        for share in outbound.mix
    ]
    parts = [
        licence_text(outbound),
        table(("licence", "clips", "sound"), rows),
        _rights(outbound.rights),
    ]
    if outbound.rights.attribution:
        parts.append(
            "Attribution is required; `ATTRIBUTION.csv` names title, author, source and licence "
            "of every clip that asks for it."
        )
    return "\n\n".join(parts)


def licence_text(outbound: Outbound) -> str:
    """Say under what the clips go out: each under its own licence, or all as one work."""
    if outbound.use is Use.COLLECTION:
        return "Every clip keeps its own licence, in the column `licence` of the clip table."
    whole = f" under `{outbound.licence}`" if outbound.licence else ""
    return (
        f"The whole was made from its clips and goes out as one work{whole}. The column `licence`"
        " of the clip table names the licences that its sources came with:"
    )


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


def _versions(facts: CardFacts) -> str:
    notes = facts.versions or (VersionNote(facts.version, facts.published),)
    rows = [(cell(n.version), n.published.isoformat(), cell(n.note)) for n in notes]
    return table(("version", "dated", "changes"), rows)


def _or_unknown(text: str) -> str:
    return prose(text) if text.strip() else "The publisher has not said."
