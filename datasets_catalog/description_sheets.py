"""What the keepers of a dataset say of it beside title and description: an object of a few parts.

`provenance` (how it was made), `limitations`, `languages` (BCP 47 tags), `creators` (whom to cite,
each with a name and, where wanted, an ORCID and an affiliation) and `funding`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from datasets_catalog.errors import InvalidError

LONGEST_TEXT = 20_000
LONGEST_NAME = 200
MOST_LANGUAGES = 200
MOST_CREATORS = 500
TEXTS = ("provenance", "limitations", "funding")
# RFC 5646: language, extended languages, script, region, variants, extensions, private use.
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wy-z\d](?:-[a-z\d]{2,8})+)*"
    r"(?:-x(?:-[a-z\d]{1,8})+)?)",
    re.IGNORECASE | re.ASCII,
)
_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)


class SheetInvalidError(InvalidError):
    """A part of the sheet is not what belongs there; the message names it."""

    code = "dataset.sheet_invalid"


@dataclass(frozen=True, slots=True)
class Creator:
    """Whom to cite: a person or a group."""

    name: str
    orcid: str = ""
    affiliation: str = ""


@dataclass(frozen=True, slots=True)
class DescriptionSheet:
    """What was said; empty where nothing was."""

    provenance: str = ""
    limitations: str = ""
    funding: str = ""
    languages: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The parts of which something is said."""
        return {name: value for name, value in asdict(self).items() if value}


def parse_sheet(value: object) -> DescriptionSheet:
    """Read a sheet. Raises SheetInvalidError, which names the part and what was expected."""
    if not isinstance(value, Mapping):
        raise SheetInvalidError("The sheet is an object with the parts of a description.")
    known = set(DescriptionSheet.__dataclass_fields__)
    if unknown := sorted(set(value) - known):
        raise SheetInvalidError(
            f"A sheet has no part {unknown[0]!r}: it has {', '.join(sorted(known))}."
        )
    texts = {name: _parse_text(name, value.get(name, ""), LONGEST_TEXT) for name in TEXTS}
    languages = _parse_list("languages", value.get("languages", ()), MOST_LANGUAGES)
    creators = _parse_list("creators", value.get("creators", ()), MOST_CREATORS)
    return DescriptionSheet(
        **texts,
        languages=tuple(dict.fromkeys(parse_language(each) for each in languages)),
        creators=tuple(_parse_creator(at, each) for at, each in enumerate(creators, 1)),
    )


def parse_language(value: object) -> str:
    """Return a BCP 47 tag in its usual case, such as `nl`, `sr-Latn` or `pt-BR`."""
    found = _TAG.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise SheetInvalidError(
            f"languages: {value!r} is no BCP 47 tag. Write it like nl, sr-Latn or pt-BR."
        )
    parts = [found["language"].lower()]
    parts += [found["script"].title()] if found["script"] else []
    parts += [found["region"].upper()] if found["region"] else []
    return "-".join(parts) + found["rest"].lower()


def parse_orcid(text: str) -> str:
    """Return the sixteen digits of an ORCID, whose last one checks the others (ISO 7064)."""
    found = _ORCID.fullmatch(text.strip())
    if found is None or _compute_check_digit(found[1]) != found[1][-1]:
        raise SheetInvalidError(
            f"creators: {text!r} is no ORCID. Copy it from the person's page, such as"
            " 0000-0002-1825-0097."
        )
    return found[1]


def _compute_check_digit(orcid: str) -> str:
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    left = (12 - total % 11) % 11
    return "X" if left == 10 else str(left)  # noqa: PLR2004 - Roman ten


def _parse_creator(at: int, value: object) -> Creator:
    if not isinstance(value, Mapping) or not isinstance(value.get("name"), str):
        raise SheetInvalidError(
            f'creators: number {at} needs a name, such as {{"name": "Ada Example"}}.'
        )
    if unknown := sorted(set(value) - {"name", "orcid", "affiliation"}):
        raise SheetInvalidError(f"creators: number {at} has an unknown part {unknown[0]!r}.")
    name = _parse_text("creators", value["name"], LONGEST_NAME)
    if not name:
        raise SheetInvalidError(f"creators: number {at} has an empty name.")
    orcid = _parse_text("creators", value.get("orcid", ""), LONGEST_NAME)
    return Creator(
        name=name,
        orcid=parse_orcid(orcid) if orcid else "",
        affiliation=_parse_text("creators", value.get("affiliation", ""), LONGEST_NAME),
    )


def _parse_text(name: str, value: object, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise SheetInvalidError(f"{name}: expected a text of at most {longest:,} characters.")
    return value.strip()


def _parse_list(name: str, value: object, most: int) -> list[object]:
    if not isinstance(value, list | tuple) or len(value) > most:
        raise SheetInvalidError(f"{name}: expected a list of at most {most} entries.")
    return list(value)
