"""The small files of a Hub snapshot: card, licence texts, attribution, Croissant."""

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import yaml

from apps.packaging.content import ReleaseContent, TableFile
from apps.packaging.croissant import LinkedFile, Tables, build_croissant
from apps.packaging.features import build_card_features
from apps.packaging.shards import Shard
from datasets_catalog.card_facts import GateForm
from datasets_catalog.cards import build_card_metadata, render_card_body, render_licence
from datasets_catalog.licences import HUB_LINK
from datasets_catalog.purposes import TERMS, Purpose, is_use

CONFIG = "default"
Linker = Callable[[str], str]


class _OneLineDumper(yaml.SafeDumper):
    """Writes each text on one line: a line `---` inside one would end the block for readers."""


def _represent_one_line(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    broken = len(text.splitlines()) > 1
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if broken else None)


_OneLineDumper.add_representer(str, _represent_one_line)


def make_small_files(
    content: ReleaseContent, shards: Sequence[Shard], *, link: Linker, gated: bool
) -> dict[str, bytes]:
    """Make every small file of the snapshot by path.

    `link` gives the address under which the repository serves a path.
    """
    form = build_gate_form(content) if gated else None
    gated_content = replace(content, card=replace(content.card, gate=form))
    files = {
        "README.md": render_hub_readme(gated_content, shards),
        HUB_LINK: render_licence_list(content),
        "ATTRIBUTION.csv": content.attribution,
        "croissant.json": render_hub_croissant(content, shards, link=link),
    }
    for licence in content.licences:
        files[licence.hub_path] = licence.text.encode()
    return files


def render_hub_readme(content: ReleaseContent, shards: Sequence[Shard]) -> bytes:
    """Write the card with the YAML block that the Hub reads, matching these very shards."""
    metadata = {
        **build_card_metadata(content.card),
        "configs": [{"config_name": CONFIG, "data_files": _list_data_files(shards)}],
        "dataset_info": build_dataset_info(shards),
    }
    return render_readme(metadata, render_card_body(content.card))


def render_readme(metadata: dict[str, Any], body: str) -> bytes:
    """Join a YAML block and Markdown into one README.md."""
    block = yaml.dump(
        metadata, Dumper=_OneLineDumper, sort_keys=False, allow_unicode=True, width=math.inf
    )
    return f"---\n{block}---\n\n{body}".encode()


def build_dataset_info(shards: Sequence[Shard]) -> dict[str, Any]:
    """Return what `datasets` knows of a snapshot before reading it; sizes in bytes."""
    by_split: defaultdict[str, list[Shard]] = defaultdict(list)
    for shard in shards:
        by_split[shard.split].append(shard)
    return {
        "config_name": CONFIG,
        "features": build_card_features(),
        "splits": [
            {
                "name": split,
                "num_bytes": sum(shard.arrow_size for shard in of_split),
                "num_examples": sum(shard.rows for shard in of_split),
            }
            for split, of_split in sorted(by_split.items())
        ],
        "download_size": sum(shard.size for shard in shards),
        "dataset_size": sum(shard.arrow_size for shard in shards),
    }


def _list_data_files(shards: Sequence[Shard]) -> list[dict[str, str]]:
    splits = sorted({shard.split for shard in shards})
    return [{"split": split, "path": f"data/{split}-*"} for split in splits]


def build_gate_form(content: ReleaseContent) -> GateForm:
    """Return what the Hub asks whoever wants in: who they are, and for which of the purposes."""
    purposes = [purpose for purpose in content.card.purposes if is_use(purpose)]
    allowed = "; ".join(TERMS[purpose].title.lower() for purpose in purposes)
    fields: dict[str, Any] = {"Affiliation": "text", "Country": "country"}
    if purposes:
        fields["Purpose"] = {
            "type": "select",
            "options": [TERMS[purpose].title for purpose in purposes],
        }
    fields["I will use the clips for this purpose only"] = "checkbox"
    if Purpose.IDENTIFY_SPEAKER not in content.card.purposes:
        fields["I will not try to find out who is heard or seen"] = "checkbox"
    return GateForm(
        heading=f"Ask for access to {content.card.title}",
        prompt=(
            f"This release was made for: {allowed or 'no use beyond reading about it'}. The"
            " publisher decides on every request."
        ),
        fields=fields,
    )


def render_licence_list(content: ReleaseContent) -> bytes:
    """Write the page that a card's `license_link` leads to."""
    lines = [
        "# Licences",
        "",
        f"{render_licence(content.card.outbound)} The texts:",
        "",
    ]
    for licence in content.licences:
        title = licence.title or licence.id
        where = f" ({licence.url})" if licence.url else ""
        lines.append(f"- `{licence.id}`: [{title}]({licence.hub_path}){where}")
    return ("\n".join(lines) + "\n").encode()


def render_hub_croissant(
    content: ReleaseContent, shards: Sequence[Shard], *, link: Linker
) -> bytes:
    """Write Croissant whose record sets are the release's tables as the repository holds them."""
    tables = Tables(
        clips=_link_table(content.clips_table, link), events=_link_table(content.events_table, link)
    )
    files = [LinkedFile(shard.path, link(shard.path), shard.size, shard.sha256) for shard in shards]
    described = build_croissant(content, url=content.card.url, tables=tables, files=files)
    return render_json(described)


def _link_table(table: TableFile, link: Linker) -> LinkedFile:
    return LinkedFile(table.hub_path, link(table.hub_path), table.size, table.sha256)


def render_json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
