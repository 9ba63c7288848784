"""What the Hub finds wrong with a card's front matter (its `validate-yaml` answer)."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

LICENSES = frozenset(Path(__file__).with_name("licenses.txt").read_text().split())
SIZES = frozenset(
    f"{low}<n<{high}"
    for low, high in pairwise(["1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B"])
) | {"n<1K"}
ANNOTATIONS = frozenset(
    {
        "crowdsourced",
        "found",
        "expert-generated",
        "machine-generated",
        "no-annotation",
        "other",
    }
)
FIELD_TYPES = frozenset({"text", "checkbox", "date_picker", "country", "select"})
Problems = Iterator[str]


def problems_of(content: str) -> list[str]:
    if not content.startswith("---\n"):
        return []
    try:
        card = yaml.safe_load(content.split("\n---", 1)[0].removeprefix("---\n"))
    except yaml.YAMLError as error:
        return [f"The front matter is not YAML: {error}"]
    if not isinstance(card, dict):
        return ["The front matter must be a mapping"]
    return [*_licence(card), *_enumerations(card), *_configs(card), *_gate(card)]


def _licence(card: dict[str, Any]) -> Problems:
    named = card.get("license")
    for licence in named if isinstance(named, list) else [named]:
        if licence is not None and licence not in LICENSES:
            yield f'"license" must be one of the known identifiers, not {licence!r}'
    if named == "other" and not card.get("license_name"):
        yield '"license_name" is required where "license" is "other"'


def _enumerations(card: dict[str, Any]) -> Problems:
    for key, allowed in (("size_categories", SIZES), ("annotations_creators", ANNOTATIONS)):
        values = card.get(key, [])
        if not isinstance(values, list) or not set(values) <= allowed:
            yield f'"{key}" must be a list of {", ".join(sorted(allowed))}'
    for key in ("language", "tags", "task_categories"):
        values = card.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            yield f'"{key}" must be a list of strings'


def _configs(card: dict[str, Any]) -> Problems:
    for config in card.get("configs", []):
        if not {"config_name", "data_files"} <= set(config):
            yield '"configs" need "config_name" and "data_files"'
        elif any(not {"split", "path"} <= set(files) for files in config["data_files"]):
            yield '"data_files" need "split" and "path"'


def _gate(card: dict[str, Any]) -> Problems:
    for name, wanted in card.get("extra_gated_fields", {}).items():
        kind = wanted["type"] if isinstance(wanted, dict) else wanted
        if kind not in FIELD_TYPES:
            yield f'"extra_gated_fields.{name}" has the unknown type {kind!r}'
