"""What a pushed card's header changes of the dataset: title and description."""

from __future__ import annotations

from typing import Any

import yaml

from datasets_catalog.errors import InvalidError

FENCE = "---"
_COLUMNS = {"pretty_name": "title", "description": "description"}


class CardInvalidError(InvalidError):
    """The header of README.md is no YAML mapping, or says what no dataset has."""

    code = "push.card_invalid"


def read_header(card: str) -> dict[str, Any]:
    """The card's YAML header; empty where it has none. Raises CardInvalidError."""
    lines = card.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].strip() != FENCE:
        return {}
    ends = [number for number, line in enumerate(lines[1:], start=1) if line.strip() == FENCE]
    if not ends:
        raise CardInvalidError("README.md: the header begins with --- and does not end.")
    try:
        found = yaml.safe_load("\n".join(lines[1 : ends[0]]))
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 2}" if mark else ""
        raise CardInvalidError(f"README.md{where}: the header is not valid YAML.") from problem
    if found is not None and not isinstance(found, dict):
        raise CardInvalidError("README.md: the header holds names with values.")
    return found or {}


def read_card_changes(card: str) -> dict[str, str]:
    """The dataset's columns that the header gives values for."""
    header = read_header(card)
    said = {}
    for name, column in _COLUMNS.items():
        value = header.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise CardInvalidError(f"README.md: {name} is a text.")
        said[column] = value.strip()
    return said
