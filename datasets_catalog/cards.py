"""The card of a release: what the Hugging Face Hub reads in YAML, and what people read below it.

Only what is known is said; a part without facts says that nothing is known rather than nothing.
The keys follow the Hub's dataset card specification. `configs` and `dataset_info` depend on the
files of a snapshot; whoever builds the snapshot adds them to the mapping.
"""

import re
from itertools import pairwise
from typing import Any

from datasets_catalog.card_facts import CardFacts, GateForm, VersionNote
from datasets_catalog.card_labels import list_label_tags, render_labels
from datasets_catalog.card_review import (
    render_consent,
    render_privacy,
    render_redactions,
)
from datasets_catalog.card_text import (
    escape_bibtex,
    escape_cell,
    escape_prose,
    format_clip_count,
    format_count,
    format_duration,
    format_percent,
    render_table,
)
from datasets_catalog.labels import Source, compute_share
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


def build_card_metadata(facts: CardFacts) -> dict[str, Any]:
    """Return the card's YAML block as a mapping, in the order it should be written."""
    licence = facts.outbound.hub
    metadata: dict[str, Any] = {
        "pretty_name": facts.title,
        "language": list(facts.languages),
        "license": licence.id,
        "license_name": licence.name,
        "license_link": licence.link,
        "annotations_creators": _list_annotation_creators(facts),
        "task_categories": ["audio-classification"] if facts.events or facts.weak.labels else [],
        "size_categories": [name_size_category(facts.clips)],
        "tags": _list_tags(facts),
    }
    if facts.gate is not None:
        metadata |= _build_gate_metadata(facts.gate)
    return {key: value for key, value in metadata.items() if value not in (None, "", [], {})}


def render_card_body(facts: CardFacts) -> str:
    """Return the Markdown that stands below the YAML block."""
    sections = [
        f"# {escape_prose(facts.title)}",
        escape_prose(facts.description),
        _render_contents(facts),
        f"## How it was made\n\n{_fill_unknown(facts.provenance)}\n\n{_render_origin(facts)}",
        f"## Labels\n\n{render_labels(facts)}",
        f"## Licences\n\n{_render_licences(facts.outbound)}{_render_taken_away(facts)}",
        f"## Consent\n\n{render_consent(facts)}",
        f"## Privacy review\n\n{render_privacy(facts)}",
        f"## Limitations\n\n{_fill_unknown(facts.limitations)}",
        f"## Funding\n\n{escape_prose(facts.funding)}" if facts.funding else "",
        f"## Versions\n\n{_render_versions(facts)}",
        f"## Citation\n\n```bibtex\n{render_citation(facts)}\n```",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def render_citation(facts: CardFacts) -> str:
    """Return a BibTeX entry that names this very version."""
    key = "".join(c if c.isalnum() else "_" for c in f"{facts.full_name}_{facts.version}")
    authors = " and ".join(_format_author(each.name) for each in facts.creators) or (
        f"{{{escape_bibtex(facts.organisation)}}}"
    )
    lines = [
        f"@misc{{{key},",
        f"  title = {{{escape_bibtex(facts.title)}}},",
        f"  author = {{{authors}}},",
        f"  year = {{{facts.published.year}}},",
        f"  version = {{{escape_bibtex(facts.version)}}},",
        f"  url = {{{facts.url}}},",
        f"  note = {{Merkle root {facts.root}}}",
        "}",
    ]
    return "\n".join(lines)


def _format_author(name: str) -> str:
    """A person as BibTeX reads one; braces keep other names from being cut into several."""
    value = escape_bibtex(name)
    return f"{{{value}}}" if "," in name or re.search(r"\band\b", name, re.IGNORECASE) else value


def name_size_category(examples: int) -> str:
    """Return the Hub's name for a number of examples, such as `1K<n<10K`."""
    limit = 1000
    if examples < limit:
        return "n<1K"
    for low, high in pairwise(SIZE_STEPS):
        limit *= 10
        if examples < limit:
            return f"{low}<n<{high}"
    return "n>1T"


def _list_annotation_creators(facts: CardFacts) -> list[str]:
    counts = (*facts.sources.items(), *facts.weak.sources.items())
    creators = {ANNOTATION_CREATORS[source] for source, count in counts if count}
    return sorted(creators) or ["no-annotation"]


def _list_tags(facts: CardFacts) -> list[str]:
    tags = ["audio", facts.vertical.value, *list_label_tags(facts)]
    if facts.synthetic:
        tags.append("synthetic")
    return tags


def _build_gate_metadata(gate: GateForm) -> dict[str, Any]:
    return {
        "extra_gated_heading": gate.heading,
        "extra_gated_description": gate.description,
        "extra_gated_prompt": gate.prompt,
        "extra_gated_fields": dict(gate.fields),
        "extra_gated_button_content": gate.button,
        "extra_gated_eu_disallowed": gate.eu_disallowed or None,
    }


def _render_contents(facts: CardFacts) -> str:
    rows = [
        (
            escape_cell(split.name) if split.name else "(none)",
            f"{split.clips:,}",
            format_duration(split.seconds),
        )
        for split in facts.splits
    ]
    head = (
        f"Version {facts.version} holds {format_clip_count(facts.clips)}"
        f" ({format_duration(facts.seconds)})"
        " with "
        f"{_count_labels(facts)}. Its root is `{facts.root}`: it names every clip, label and "
        f"licence of this version, and is the same wherever this version is offered "
        f"([{facts.full_name}]({facts.url}))."
    )
    return "\n\n".join([head, *([render_table(("split", "clips", "sound"), rows)] if rows else [])])


def _count_labels(facts: CardFacts) -> str:
    weak = format_count(facts.weak.labels, "weak label", "weak labels")
    events = format_count(facts.events, "event", "events")
    return f"{events} and {weak}" if facts.weak.labels else events


def _render_origin(facts: CardFacts) -> str:
    parts = []
    if facts.recordings:
        named = format_count(facts.recordings, "recording is", "recordings are")
        parts.append(f"{named} named as what clips were cut from.")
    share = format_percent(compute_share(facts.synthetic, facts.clips))
    if facts.synthetic:
        marked = format_count(facts.synthetic, "clip is", "clips are")
        parts.append(f"{marked} marked as synthetic ({share}).")
    else:
        parts.append("No clip is marked as synthetic.")
    parts.append(render_redactions(facts.redactions))
    return " ".join(part for part in parts if part)


def _render_licences(outbound: Outbound) -> str:
    rows = [
        (escape_cell(f"`{share.expression}`"), f"{share.clips:,}", format_duration(share.seconds))
        for share in outbound.mix
    ]
    parts = [
        render_licence(outbound),
        render_table(("licence", "clips", "sound"), rows),
        _render_rights(outbound.rights),
    ]
    if outbound.rights.attribution:
        parts.append(
            "Attribution is required; `ATTRIBUTION.csv` names title, author, source and licence "
            "of every clip that asks for it."
        )
    return "\n\n".join(parts)


def render_licence(outbound: Outbound) -> str:
    """Say under what the clips go out: each under its own licence, or all as one work."""
    if outbound.use is Use.COLLECTION:
        return "Every clip keeps its own licence, in the column `licence` of the clip table."
    whole = f" under `{outbound.licence}`" if outbound.licence else ""
    return (
        f"The whole was made from its clips and goes out as one work{whole}. The column `licence`"
        " of the clip table names the licences that its sources came with:"
    )


def _render_taken_away(facts: CardFacts) -> str:
    """Say what the licences do not allow of what the release declares."""
    if not facts.taken_away:
        return ""
    rows = "\n".join(f"- {escape_prose(each.sentence)}" for each in facts.taken_away)
    return f"\n\nThey take away, of the uses that the release declares:\n\n{rows}"


def _render_rights(rights: Rights) -> str:
    statements = [
        "may be used commercially" if rights.commercial else "may not be used commercially",
        "may be adapted" if rights.derivatives else "may not be adapted",
        "may be passed on" if rights.redistribution else "may not be passed on",
    ]
    duty = " What is made from share-alike clips must stay under the same licence."
    return f"As a whole it {', '.join(statements)}.{duty if rights.share_alike else ''}"


def _render_versions(facts: CardFacts) -> str:
    notes = facts.versions or (VersionNote(facts.version, facts.published),)
    rows = [(escape_cell(n.version), n.published.isoformat(), escape_cell(n.note)) for n in notes]
    return render_table(("version", "dated", "changes"), rows)


def _fill_unknown(text: str) -> str:
    return escape_prose(text) if text.strip() else "The publisher has not said."
