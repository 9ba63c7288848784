"""What people write where an SPDX licence is wanted: what is exact is mapped, the rest suggested.

Exact is the address of a licence where it names just one, and an SPDX identifier that is written in
other case or with typographic hyphens. `CC BY 4.0` and the like are only ever suggested: a person
must say which licence was meant. A suggestion accounts for every word that was written; where a
version is missing it asks for it, and never offers a licence that allows something else.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache

from apps.ingest.row_readers import CellError, Problem
from datasets_catalog.creative_commons import JURISDICTIONS, Licence, load_creative_commons
from datasets_catalog.errors import EarmarkError
from datasets_catalog.licence_addresses import find_addressed_licence
from datasets_catalog.licences import load_judged_licences, simplify_spelling
from datasets_catalog.spdx_list import load_spdx_licences

LicenceCheck = Callable[[str], str]
"""Returns the SPDX expression in its one spelling; raises an EarmarkError where it is none."""

_HYPHENS = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")
_ADDRESS = re.compile(r"(?:https?:)?//|(?:www\.)?creativecommons\.org/", re.IGNORECASE)
_ELEMENTS = {
    "by": "BY",
    "attribution": "BY",
    "nc": "NC",
    "noncommercial": "NC",
    "sa": "SA",
    "sharealike": "SA",
    "nd": "ND",
    "noderivatives": "ND",
    "noderivs": "ND",
}
_SPELT_APART = {
    "non commercial": "noncommercial",
    "share alike": "sharealike",
    "no derivatives": "noderivatives",
    "no derivs": "noderivs",
    "creative commons 0": "cc0",
}
# Words of the full names that say nothing about which licence it is.
_FILLERS = frozenset({
    "cc", "creative", "commons", "license", "licence", "public", "international", "unported",
    "generic", "universal", "v", "version", "domain", "dedication",
})  # fmt: skip
_ZERO = frozenset({"cc0", "zero", "cczero"})
_VERSION = re.compile(r"v?(\d\.\d)")
_GNU = re.compile(r"(?:gnu )?(l|a)?gpl ?(?:v|version)? ?(\d)(?:\.(\d))?( ?\+| or later)?")
_PUBLIC_DOMAIN = (
    "'public domain' names no licence: CC-PDM-1.0 marks what is free already, CC0-1.0 gives rights"
    " up"
)
_SAMPLING = {
    "sampling+": "LicenseRef-CC-Sampling-Plus-1.0",
    "cc sampling+": "LicenseRef-CC-Sampling-Plus-1.0",
    "cc sampling plus 1.0": "LicenseRef-CC-Sampling-Plus-1.0",
}


def normalise_licence(text: str) -> str:
    """Replace the address of a licence or another spelling of its identifier; leave the rest."""
    if _ADDRESS.match(text):
        return find_addressed_licence(text) or text
    hyphens = _HYPHENS.sub("-", text)
    return _index_lower_case().get(hyphens.lower(), hyphens)


@cache
def _index_lower_case() -> Mapping[str, str]:
    return {licence.lower(): licence for licence in _list_licences()}


@cache
def _list_licences() -> tuple[str, ...]:
    listed = (each.id for each in load_spdx_licences().values() if not each.deprecated)
    return tuple(dict.fromkeys((*load_judged_licences(), *listed)))


def suggest_licence(text: str) -> str | None:
    """Say what may have been meant by a friendly name; None where nothing accounts for all of it.

    `did you mean CC-BY-4.0?`, or the question that the text leaves open.
    """
    if _ADDRESS.match(text):
        return "no one licence in one version stands at this address"
    words = _normalise_words(text)
    if not words:
        return None
    if words == "public domain":
        return _PUBLIC_DOMAIN
    found = _SAMPLING.get(words) or _match_zero(words) or _match_full_name(words)
    if found:
        return f"did you mean {found}?"
    return _suggest_gnu(words) or _suggest_creative_commons(words) or _suggest_version(words)


def _normalise_words(text: str) -> str:
    plain = _HYPHENS.sub("-", text.lower()).strip(" .;,")
    words = re.sub(r"[\s_()-]+", " ", plain).strip()
    for apart, together in _SPELT_APART.items():
        words = words.replace(apart, together)
    return words


def _match_zero(words: str) -> str | None:
    parts = [word for word in words.split() if word not in _FILLERS]
    versions = {_VERSION.sub(r"\1", word) for word in parts if word not in _ZERO}
    return "CC0-1.0" if set(parts) & _ZERO and versions <= {"1.0"} else None


def _match_full_name(words: str) -> str | None:
    return _index_names().get(simplify_spelling(words))


@cache
def _index_names() -> Mapping[str, str]:
    """Every identifier and full name of SPDX's, spelt without marks, that names one licence."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for licence in _list_licences():
        found[simplify_spelling(licence)].add(licence)
        listed = load_spdx_licences().get(licence)
        if listed is not None:
            found[simplify_spelling(listed.name)].add(licence)
    return {name: licences.pop() for name, licences in found.items() if len(licences) == 1}


def _suggest_gnu(words: str) -> str | None:
    found = _GNU.fullmatch(words)
    if found is None:
        return None
    prefix, major, minor, later = found.groups()
    base = f"{(prefix or '').upper()}GPL-{major}.{minor or 0}"
    choices = [f"{base}-or-later"] if later else [f"{base}-only", f"{base}-or-later"]
    known = [licence for licence in choices if licence in load_spdx_licences()]
    return f"did you mean {' or '.join(known)}?" if known else None


def _suggest_creative_commons(words: str) -> str | None:
    elements: list[str] = []
    version = jurisdiction = ""
    for word in words.split():
        number = _VERSION.fullmatch(word)
        if word in _ELEMENTS:
            elements.append(_ELEMENTS[word])
        elif number and not version:
            version = number[1]
        elif word.upper() in JURISDICTIONS.get(version, ()):
            jurisdiction = word.upper()
        elif word not in _FILLERS:
            return None
    named = "-".join(part for part in ("BY", "NC", "SA", "ND") if part in elements)
    if not version and any(
        terms.family == f"CC-{named}" for terms in load_creative_commons().values()
    ):
        return f"which version of CC-{named}?"
    licence = Licence(named, version, jurisdiction)
    return f"did you mean {licence.id}?" if licence.id in load_creative_commons() else None


def _suggest_version(words: str) -> str | None:
    bare = simplify_spelling(re.sub(r"\blicen[cs]e\b", "", words))
    versions = sorted(_list_versions(bare))
    if len(versions) == 1:
        return f"did you mean {versions[0]}?"
    return f"which of {', '.join(versions)}?" if versions else None


def _list_versions(bare: str) -> Iterator[str]:
    for licence in _list_licences():
        base, _, version = licence.rpartition("-")
        if simplify_spelling(base) == bare and re.fullmatch(r"\d+(?:\.\d+)*", version):
            yield licence


def build_licence_reader(check: LicenceCheck) -> Callable[[object], str]:
    """Make the reader of licence cells: the SPDX expression, or a refusal with a suggestion."""

    @lru_cache(maxsize=4096)
    def read_text(text: str) -> str:
        try:
            return check(normalise_licence(text))
        except EarmarkError as error:
            hint = f" ({suggest_licence(text) or error.message})"
            raise CellError(
                f"an SPDX licence expression such as CC-BY-4.0{hint}", Problem.LICENCE_UNKNOWN
            ) from error

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise CellError("an SPDX licence expression", Problem.LICENCE_UNKNOWN)
        return read_text(value)

    return read
