"""Creative Commons' licences: each version, each port to a jurisdiction, and their addresses.

What a licence asks for follows from its elements (BY, NC, ND, SA), which stand in its name; how an
adaptation of a share-alike clip may be licensed, from the sections named at
`_name_adapter_licences`.
SPDX gives an identifier to some ports only; the others are called `LicenseRef-CC-BY-2.0-DE` here.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from datasets_catalog.licence_terms import CUSTOM_PREFIX, Terms
from datasets_catalog.spdx_list import load_spdx_licences

SUITE = "CC"
HOST = "creativecommons.org/"
# The jurisdictions for which Creative Commons published ports, by version.
JURISDICTIONS: Mapping[str, tuple[str, ...]] = {
    version: tuple(codes.upper().split())
    for version, codes in {
        "1.0": "fi il nl",
        "2.0": "at au be br ca cl de es fr hr it jp kr nl pl tw uk za",
        "2.1": "au ca es jp",
        "2.5": "ar au bg br ca ch cn co dk es hr hu il in it mk mt mx my nl pe pl pt scotland se si"
        " tw za",
        "3.0": "am at au az br ca ch cl cn cr cz de ec ee eg es fr ge gr gt hk hr ie igo it lu nl"
        " no nz ph pl pr pt ro rs sg th tw ug us ve vn za",
        "4.0": "",
    }.items()
}
# 2.1 exists as ports alone.
UNPORTED_VERSIONS = ("4.0", "3.0", "2.5", "2.0", "1.0")
ELEMENTS = ("BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND")
# Only version 1.0 had licences that do not ask for attribution.
WITHOUT_ATTRIBUTION = ("SA", "NC", "ND", "NC-SA", "NC-ND")
# For intergovernmental organisations: no jurisdiction, so no licence names it as one.
IGO = "IGO"
# The Hub has identifiers for these.
HUB = frozenset(
    {
        *(f"cc-by-{version}" for version in ("2.0", "2.5", "3.0", "4.0")),
        *(f"cc-by-sa-{version}" for version in ("3.0", "4.0")),
        *(f"cc-by-nc-{version}" for version in ("2.0", "3.0", "4.0")),
        *(f"cc-by-nc-sa-{version}" for version in ("2.0", "3.0", "4.0")),
        *(f"cc-by-nc-nd-{version}" for version in ("3.0", "4.0")),
        "cc-by-nd-4.0",
    }
)
# What Creative Commons lists as compatible with BY-SA 4.0 (section 3(b)(1)); both go one way.
COMPATIBLE_WITH_BY_SA_4 = ("LAL-1.3", "GPL-3.0-only")
# The Free Software Foundation finds BY 4.0 compatible with all versions of the GPL.
TAKING_IN_BY_4 = ("GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later")

_ADDRESS = re.compile(
    r"licen[sc]es/(?P<elements>[a-z-]+)/(?P<version>\d\.\d)(?:/(?P<jurisdiction>[a-z]+))?"
)
# What follows the licence in the addresses of its pages: the deed or the legal code in a language.
_PAGE = re.compile(r"/(?:deed|legalcode)(?:[.-][a-z_-]+)?$")
_OTHERS = {
    "publicdomain/zero/1.0": "CC0-1.0",
    "publicdomain/mark/1.0": "CC-PDM-1.0",
    "licenses/publicdomain": "CC-PDDC",
    "licenses/sampling+/1.0": "LicenseRef-CC-Sampling-Plus-1.0",
    "licenses/nc-sampling+/1.0": "LicenseRef-CC-NC-Sampling-Plus-1.0",
    "licenses/sampling/1.0": "LicenseRef-CC-Sampling-1.0",
}


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence of the suite: its elements in SPDX's order, its version, its jurisdiction."""

    elements: str
    version: str
    jurisdiction: str = ""

    @property
    def number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.version.split("."))

    @property
    def name(self) -> str:
        port = f"-{self.jurisdiction}" if self.jurisdiction else ""
        return f"CC-{self.elements}-{self.version}{port}"

    @property
    def id(self) -> str:
        return self.name if self.name in load_spdx_licences() else f"{CUSTOM_PREFIX}{self.name}"

    @property
    def url(self) -> str:
        # Version 1.0 wrote its elements in another order.
        swapped = self.version == "1.0" and "NC-ND" in self.elements
        elements = self.elements.replace("NC-ND", "ND-NC") if swapped else self.elements
        port = f"{self.jurisdiction.lower()}/" if self.jurisdiction else ""
        return f"https://{HOST}licenses/{elements.lower()}/{self.version}/{port}"


@cache
def load_creative_commons() -> Mapping[str, Terms]:
    """Return the terms of every licence of the suite by identifier, the newest first."""
    return {licence.id: _build_terms(licence) for licence in _load_suite()}


def find_licence_at(address: str) -> str | None:
    """Return the licence that stands at an address of Creative Commons, or None.

    The address may lack its scheme and may lead to the deed or the legal code in any language. An
    address without a version names no licence.
    """
    path = _parse_path(address)
    if path is None:
        return None
    if path in _OTHERS:
        return _OTHERS[path]
    found = _ADDRESS.fullmatch(path)
    if found is None:
        return None
    elements = _order_elements(found["elements"])
    licence = Licence(elements, found["version"], (found["jurisdiction"] or "").upper())
    return licence.id if licence.id in load_creative_commons() else None


def is_address(text: str) -> bool:
    """Whether the text is an address at Creative Commons, of a licence or of something else."""
    return _parse_path(text) is not None


def _parse_path(address: str) -> str | None:
    bare = re.sub(r"^(?:https?:)?//", "", address.strip().lower())
    bare = re.split(r"[?#]", bare, maxsplit=1)[0].removeprefix("www.")
    if not bare.startswith(HOST):
        return None
    # The legal code was offered as plain text, too.
    path = bare.removeprefix(HOST).removesuffix(".txt").rstrip("/")
    return _PAGE.sub("", path).rstrip("/")


def _order_elements(elements: str) -> str:
    given = elements.upper().split("-")
    known = [element for element in ("BY", "NC", "SA", "ND") if element in given]
    return "-".join(known) if len(known) == len(given) else elements.upper()


@cache
def _load_suite() -> tuple[Licence, ...]:
    return tuple(_list_licences())


def _list_licences() -> Iterator[Licence]:
    for version in UNPORTED_VERSIONS:
        for elements in (*ELEMENTS, *(WITHOUT_ATTRIBUTION if version == "1.0" else ())):
            yield Licence(elements, version)
    for version, codes in reversed(tuple(JURISDICTIONS.items())):
        for elements in ELEMENTS:
            yield from (Licence(elements, version, code) for code in codes)


def _build_terms(licence: Licence) -> Terms:
    parts = licence.elements.split("-")
    known = load_spdx_licences().get(licence.id)
    hub = licence.name.lower()
    return Terms(
        licence=licence.id,
        title=known.name if known else _build_title(licence),
        url=licence.url,
        family=f"CC-{licence.elements}",
        hub=hub if hub in HUB else None,
        suite=SUITE,
        version=licence.version,
        jurisdiction=licence.jurisdiction,
        attribution="BY" in parts,
        share_alike="SA" in parts,
        noncommercial="NC" in parts,
        no_derivatives="ND" in parts,
        redistribution=True,
        named_only=False,
        database_rights=licence.version == "4.0",
        compatible=tuple(_list_compatible(licence)),
        own_terms=_describe_own_terms(licence),
    )


def _build_title(licence: Licence) -> str:
    names = {"BY": "Attribution", "NC": "NonCommercial", "SA": "ShareAlike", "ND": "NoDerivs"}
    elements = "-".join(names[part] for part in licence.elements.split("-"))
    title = f"Creative Commons {elements} {licence.version}"
    return f"{title} ({licence.jurisdiction})" if licence.jurisdiction else title


def _list_compatible(licence: Licence) -> Iterator[str]:
    if "SA" in licence.elements:
        yield from _name_adapter_licences(licence)
    elif (licence.elements, licence.version) == ("BY", "4.0"):
        yield from TAKING_IN_BY_4


def _describe_own_terms(licence: Licence) -> str:
    section = "2(a)(5)" if licence.version == "4.0" else "4(a)"
    return f"no technical measures that restrict others, section {section}"


def _name_adapter_licences(source: Licence) -> Iterator[str]:
    """Name the licences, besides itself, that an adaptation of what is under it may go out under.

    1.0, section 4(b): none. 2.0 and 2.5, section 4(b): a later version, or the licence of a
    jurisdiction, with the same elements. 3.0, section 4(b): a later version, or a jurisdiction's in
    this or a later version; its ports name the unported licence too. 4.0, section 3(b)(1): this
    version or later, and what is listed as compatible. A port whose text SPDX does not have is
    taken to permit itself alone: nobody here has read it.
    """
    if source.version == "1.0" or source.id.startswith(CUSTOM_PREFIX):
        return
    if source.version == "4.0":
        yield from COMPATIBLE_WITH_BY_SA_4 if source.elements == "BY-SA" else ()
        return
    for target in _load_suite():
        if (
            target != source
            and target.elements == source.elements
            and _is_successor(target, source)
        ):
            yield target.id


def _is_successor(target: Licence, source: Licence) -> bool:
    if target.number != source.number:
        return target.number > source.number and target.jurisdiction != IGO
    if target.jurisdiction:
        return target.jurisdiction != IGO
    return source.version == "3.0"
