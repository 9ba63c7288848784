"""Licences by SPDX identifier: what each asks for, and how expressions of them are read.

SPDX expressions join licences with AND (all bind), OR (the user may choose) and WITH (an
exception, which only adds permissions). `LicenseRef-…` names terms that SPDX does not know;
what they allow comes from a `Terms` entry. Combining licences is the work of `outbound`.
"""

import difflib
import itertools
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from license_expression import (
    ExpressionError,
    ExpressionParseError,
    LicenseSymbol,
    LicenseWithExceptionSymbol,
    Licensing,
)

from datasets_catalog.errors import InvalidError

CUSTOM_PREFIX = "LicenseRef-"
# Expressions come from tables that anybody may fill in; an AND of ORs grows exponentially.
MAX_EXPRESSION_LENGTH = 500
MAX_ALTERNATIVES = 64
# Longer names would not fit a card; the file behind the link lists all.
MAX_NAMED_LICENCES = 4
HUB_LINK = "LICENSES.md"


class LicenceExpressionError(InvalidError):
    """The text is not an SPDX licence expression."""

    code = "licences.expression_invalid"


class UnknownLicenceError(InvalidError):
    """The expression names a licence for which no terms are known."""

    code = "licences.unknown"


class Use(StrEnum):
    """What a dataset makes of its clips."""

    COLLECTION = "collection"
    ADAPTATION = "adaptation"


class AiTerms(StrEnum):
    """What terms say about training models."""

    ALLOWED = "allowed"
    UNSTATED = "unstated"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one licence asks for and allows. The defaults are the strictest reading.

    `compatible` names the licences an adaptation may be put under instead of this one.
    """

    licence: str
    title: str = ""
    url: str = ""
    family: str = ""
    hub: str | None = None
    suite: str | None = None
    version: str | None = None
    attribution: bool = True
    share_alike: bool = False
    noncommercial: bool = True
    no_derivatives: bool = True
    redistribution: bool = False
    database_rights: bool = False
    ai_terms: AiTerms = AiTerms.UNSTATED
    field_of_use: str = ""
    compatible: tuple[str, ...] = ()
    retired: bool = False
    needs_human: bool = False

    @property
    def is_custom(self) -> bool:
        return self.licence.startswith(CUSTOM_PREFIX)

    @property
    def label(self) -> str:
        """The name under which conflicts are counted."""
        return self.family or self.licence


@dataclass(frozen=True, slots=True)
class Expression:
    """A licence expression, written canonically, as alternatives of which one may be chosen.

    Every alternative is a tuple of licence ids that bind together.
    """

    text: str
    alternatives: tuple[tuple[str, ...], ...]

    @property
    def licences(self) -> tuple[str, ...]:
        return tuple(sorted({licence for each in self.alternatives for licence in each}))


@cache
def table() -> dict[str, Terms]:
    """Return the packaged licences by SPDX id, in order of preference."""
    return {entry["id"]: _from_table(entry) for entry in _packaged()["licence"]}


class Licences:
    """The packaged licences together with an organisation's own terms.

    An own `Terms` entry for a `LicenseRef-…` of the table replaces the table's.
    Raises LicenceExpressionError for own terms whose id is not a `LicenseRef-…`.
    """

    def __init__(self, own: Iterable[Terms] = ()) -> None:
        self._terms = dict(table())
        for terms in own:
            if not CUSTOM_ID.fullmatch(terms.licence):
                raise LicenceExpressionError(
                    f"{terms.licence!r} cannot name terms of your own. Use letters, digits, "
                    "dots and hyphens after LicenseRef-.",
                    value=terms.licence,
                )
            self._terms[terms.licence] = terms

    def all(self) -> tuple[Terms, ...]:
        return tuple(self._terms.values())

    def terms(self, licence: str) -> Terms:
        """Return the terms of one licence id; raise UnknownLicenceError."""
        found = self._terms.get(licence)
        if found is None:
            raise UnknownLicenceError(
                f"The licence {licence!r} is not known. {self._expected(licence)}",
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

    def _expected(self, licence: str) -> str:
        if licence.startswith(CUSTOM_PREFIX):
            return "Record terms for it (text and what it allows) before using it."
        folded = {known.lower(): known for known in self._terms}
        near = difflib.get_close_matches(licence.lower(), folded, n=1, cutoff=0.7)
        if near:
            return f"Did you mean {folded[near[0]]}?"
        return (
            "Expected an SPDX identifier such as CC0-1.0, CC-BY-4.0 or CC-BY-NC-4.0, or a "
            "LicenseRef-… with terms on record."
        )


CUSTOM_ID = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
SPDX_ID = re.compile(r"[A-Za-z0-9.-]+")


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression:
    """Read the structure of an SPDX expression, whether or not its licences are known.

    Raises LicenceExpressionError; an unknown exception after WITH raises UnknownLicenceError.
    """
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise LicenceExpressionError(
            f"A licence expression has at most {MAX_EXPRESSION_LENGTH} characters, not {len(text)}."
        )
    try:
        parsed = Licensing().parse(text)
    except (ExpressionError, ExpressionParseError) as error:
        raise _not_an_expression(text) from error
    if parsed is None:
        raise _not_an_expression(text)
    alternatives = tuple(dict.fromkeys(_alternatives(parsed, text)))
    return Expression(parsed.render(), alternatives)


def licence_of_url(url: str) -> str | None:
    """Return the packaged licence whose text stands at this address, as Freesound names them."""
    return _by_url().get(_bare_url(url))


@dataclass(frozen=True, slots=True)
class HubLicence:
    """How a card names a licence: `license`, and for `other` a name and a link to the texts."""

    id: str
    name: str | None = None
    link: str | None = None


def hub_licence(licences: Sequence[Terms]) -> HubLicence:
    """Return the Hub's way to name what clips under all these licences are released as."""
    unique = list({terms.licence: terms for terms in licences}.values())
    if not unique:
        return HubLicence("unknown")
    if len(unique) == 1:
        terms = unique[0]
        if terms.hub:
            return HubLicence(terms.hub)
        return HubLicence("other", _slug([terms.licence.removeprefix(CUSTOM_PREFIX)]), HUB_LINK)
    names = sorted(terms.licence.removeprefix(CUSTOM_PREFIX) for terms in unique)
    if len(names) > MAX_NAMED_LICENCES:
        names = [f"{len(names)}-licences"]
    return HubLicence("other", _slug(["mixed", *names]), HUB_LINK)


def _alternatives(node: object, text: str) -> list[tuple[str, ...]]:
    if isinstance(node, LicenseWithExceptionSymbol):
        _known_exception(str(node.exception_symbol.key))
        return _alternatives(node.license_symbol, text)
    if isinstance(node, LicenseSymbol):
        identifier = str(node.key)
        if not SPDX_ID.fullmatch(identifier):
            raise _not_an_expression(text)
        return [(identifier,)]
    parts = [_alternatives(part, text) for part in getattr(node, "args", ())]
    if getattr(node, "operator", "").strip() == "OR":
        found = [alternative for part in parts for alternative in part]
    else:
        found = _all_of(parts)
    if len(found) > MAX_ALTERNATIVES:
        raise LicenceExpressionError(
            f"The licence expression offers more than {MAX_ALTERNATIVES} choices. Simplify it.",
            value=text,
        )
    return found


def _all_of(parts: Sequence[Sequence[tuple[str, ...]]]) -> list[tuple[str, ...]]:
    # One more than allowed is enough to refuse; the full product may not fit in memory.
    choices = itertools.islice(itertools.product(*parts), MAX_ALTERNATIVES + 1)
    return [tuple(sorted({i for part in choice for i in part})) for choice in choices]


def _known_exception(exception: str) -> None:
    known = _packaged()["exceptions"]
    if exception not in known:
        raise UnknownLicenceError(
            f"The exception {exception!r} is not known. Expected one of {', '.join(known)}.",
            value=exception,
        )


def _not_an_expression(text: str) -> LicenceExpressionError:
    return LicenceExpressionError(
        f"{text[:100]!r} is not a licence expression. Expected SPDX identifiers such as "
        "CC-BY-4.0, joined by AND, OR or WITH where there are several.",
        value=text[:100],
    )


@cache
def _packaged() -> dict[str, Any]:
    text = (files("datasets_catalog") / "licences.toml").read_text("utf-8")
    return tomllib.loads(text)


def _from_table(entry: dict[str, Any]) -> Terms:
    values = {key: value for key, value in entry.items() if key not in {"id", "name"}}
    values["ai_terms"] = AiTerms(values["ai_terms"])
    values["compatible"] = tuple(values.get("compatible", ()))
    return Terms(licence=entry["id"], title=entry["name"], **values)


@cache
def _by_url() -> dict[str, str]:
    return {_bare_url(terms.url): licence for licence, terms in reversed(table().items())}


def _bare_url(url: str) -> str:
    bare = url.strip().lower().removeprefix("https://").removeprefix("http://")
    return bare.removeprefix("www.").removesuffix("/deed.en").rstrip("/")


def _slug(parts: Sequence[str]) -> str:
    return re.sub(r"[^a-z0-9.-]+", "-", "-".join(parts).lower()).strip("-")
