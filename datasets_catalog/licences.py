"""Licences by SPDX identifier: what each asks for, packaged and an organisation's own.

What the packaged ones allow is in `licences.toml` and, for Creative Commons, `creative_commons`; a
licence that SPDX lists and neither judges is known, and waits for a person. Combining licences is
the work of `outbound`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from datasets_catalog.creative_commons import load_creative_commons
from datasets_catalog.licence_expressions import (
    Expression,
    LicenceExpressionError,
    UnknownLicenceError,
    parse_expression,
)
from datasets_catalog.licence_terms import CUSTOM_ID, CUSTOM_PREFIX, AiTerms, Terms
from datasets_catalog.purposes import Purpose
from datasets_catalog.spdx_list import load_spdx_licences

# Longer names would not fit a card; the file behind the link lists all.
MAX_NAMED_LICENCES = 4
HUB_LINK = "LICENSES.md"
# What an entry of the packaged table does not say, it does not ask.
ASKS_NOTHING = dict.fromkeys(
    ("attribution", "share_alike", "noncommercial", "no_derivatives", "named_only"), False
)


class Use(StrEnum):
    """What a dataset makes of its clips."""

    COLLECTION = "collection"
    ADAPTATION = "adaptation"


@cache
def load_judged_licences() -> Mapping[str, Terms]:
    """Return the licences that are judged here by identifier, in order of preference."""
    packaged = _load_packaged()
    rest = (_parse_terms(entry, packaged["sets"]) for entry in packaged["licence"])
    return {**load_creative_commons(), **{terms.licence: terms for terms in rest}}


class Licences:
    """The packaged licences together with an organisation's own terms.

    Own terms may settle what nobody judged here: a `LicenseRef-…` of their own, a licence of SPDX's
    list without attributes, a packaged one that needs a human. Raises LicenceExpressionError for
    own terms that would say something else of a licence that is judged.
    """

    def __init__(self, own: Iterable[Terms] = ()) -> None:
        self._terms = dict(load_judged_licences())
        for terms in own:
            check_own_name(terms.licence)
            self._terms[terms.licence] = terms

    def all(self) -> tuple[Terms, ...]:
        """Return what is judged: the packaged licences and the own terms."""
        return tuple(self._terms.values())

    def terms(self, licence: str) -> Terms:
        """Return the terms of one licence id; raise UnknownLicenceError."""
        found = self._terms.get(licence) or _find_unjudged(licence)
        if found is None:
            raise UnknownLicenceError(
                f"The licence {licence!r} is not known. {_advise_spelling(licence, self._terms)}",
                value=licence,
            )
        return found

    def expression(self, text: str) -> Expression:
        """Read an expression; raise LicenceExpressionError or UnknownLicenceError."""
        expression = parse_expression(text)
        for licence in expression.licences:
            self.terms(licence)
        return expression

    def options(self, text: str) -> tuple[tuple[Terms, ...], ...]:
        """Return the terms of each alternative of an expression."""
        return tuple(
            tuple(self.terms(licence) for licence in alternative)
            for alternative in self.expression(text).alternatives
        )

    def needs_attribution(self, text: str) -> bool:
        """Say whether a clip under this expression belongs in the list of attributions.

        All alternatives stay open to whoever receives the clip, so one that asks is enough.
        """
        return any(terms.attribution for option in self.options(text) for terms in option)


def may_be_own(licence: str) -> bool:
    """Say whether nobody judged this name here, so that an organisation may."""
    judged = load_judged_licences().get(licence)
    return judged is None or judged.needs_human


def check_own_name(licence: str) -> None:
    """Refuse a name under which an organisation may not record terms of its own.

    Raises LicenceExpressionError.
    """
    if not may_be_own(licence):
        raise LicenceExpressionError(
            f"What {licence} allows is known; terms of your own cannot say otherwise. Give them a"
            " name of their own, LicenseRef-… .",
            value=licence,
        )
    if CUSTOM_ID.fullmatch(licence) is None and _find_unjudged(licence) is None:
        raise LicenceExpressionError(
            f"{licence!r} cannot name terms of your own. Use letters, digits, dots and hyphens "
            "after LicenseRef-, or the SPDX identifier of a licence that is not judged here.",
            value=licence,
        )


@dataclass(frozen=True, slots=True)
class HubLicence:
    """How a card names a licence: `license`, and for `other` a name and a link to the texts."""

    id: str
    name: str | None = None
    link: str | None = None


def name_hub_licence(licences: Sequence[Terms]) -> HubLicence:
    """Return the Hub's way to name what clips under all these licences are released as."""
    unique = list({terms.licence: terms for terms in licences}.values())
    if not unique:
        return HubLicence("unknown")
    if len(unique) == 1:
        terms = unique[0]
        if terms.hub:
            return HubLicence(terms.hub)
        return HubLicence(
            "other", _build_slug([terms.licence.removeprefix(CUSTOM_PREFIX)]), HUB_LINK
        )
    names = sorted(terms.licence.removeprefix(CUSTOM_PREFIX) for terms in unique)
    if len(names) > MAX_NAMED_LICENCES:
        names = [f"{len(names)}-licences"]
    return HubLicence("other", _build_slug(["mixed", *names]), HUB_LINK)


def simplify_spelling(licence: str) -> str:
    """Return the identifier as it is compared with what people write: letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", licence.lower())


def _advise_spelling(licence: str, known: Iterable[str]) -> str:
    if licence.startswith(CUSTOM_PREFIX):
        return "Record terms for it (text and what it allows) before using it."
    written = simplify_spelling(licence)
    # Another spelling of the same name and nothing nearer: what is merely like it allows other
    # things.
    for name in (
        *known,
        *(each.id for each in load_spdx_licences().values() if not each.deprecated),
    ):
        if simplify_spelling(name) == written:
            return f"Did you mean {name}?"
    meant = [
        name for name in (f"{licence}-only", f"{licence}-or-later") if name in load_spdx_licences()
    ]
    if meant:
        return f"Say which: {' or '.join(meant)}."
    return (
        "Expected an SPDX identifier such as CC0-1.0, CC-BY-4.0 or CC-BY-NC-4.0, or a "
        "LicenseRef-… with terms on record."
    )


def _find_unjudged(licence: str) -> Terms | None:
    listed = load_spdx_licences().get(licence)
    if listed is None or listed.deprecated or licence in load_judged_licences():
        return None
    return Terms(licence, title=listed.name, url=listed.url, needs_human=True)


@cache
def _load_packaged() -> dict[str, Any]:
    text = (files("datasets_catalog") / "licences.toml").read_text("utf-8")
    return tomllib.loads(text)


def _parse_terms(entry: dict[str, Any], sets: Mapping[str, list[str]]) -> Terms:
    values = ASKS_NOTHING | {key: value for key, value in entry.items() if key != "id"}
    listed = load_spdx_licences().get(entry["id"])
    title = values.pop("name") if listed is None else listed.name
    values["ai_terms"] = AiTerms(values.get("ai_terms", AiTerms.UNSTATED))
    values["field_of_use"] = tuple(Purpose(value) for value in values.get("field_of_use", ()))
    values["compatible"] = tuple(
        licence
        for name in values.get("compatible", ())
        for licence in (sets[name[1:]] if name.startswith("@") else [name])
        if licence != entry["id"]
    )
    return Terms(licence=entry["id"], title=title, **values)


def _build_slug(parts: Sequence[str]) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", "-".join(parts).lower()).strip("-")
