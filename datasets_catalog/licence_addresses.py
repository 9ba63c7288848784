"""Licences named by the address of their text."""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from datasets_catalog.creative_commons import find_licence_at, is_address
from datasets_catalog.licences import load_judged_licences
from datasets_catalog.spdx_list import load_spdx_licences

# Pages that show one licence under its SPDX identifier.
_BY_IDENTIFIER = re.compile(
    r"(?:spdx\.org/licenses|opensource\.org/licenses?)/(?P<id>[a-z0-9.-]+?)(?:\.html|\.php)?"
)


def find_addressed_licence(text: str) -> str | None:
    """Return the licence whose text stands at this address, or None where it names not just one.

    The GPL's address does not say whether later versions may be chosen, and what stands at an
    address without a version changes with time. The scheme may be missing, as xeno-canto writes it.
    """
    if is_address(text):
        return find_licence_at(text)
    address = _strip_address(text)
    shown = _BY_IDENTIFIER.fullmatch(address)
    if shown is not None:
        return _index_in_force().get(shown["id"])
    return _index_by_address().get(_hyphenate_address(address))


@cache
def _index_by_address() -> Mapping[str, str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for licence, terms in load_judged_licences().items():
        address = _hyphenate_address(_strip_address(terms.url))
        if re.search(r"\d", address) or not re.search(r"\d", licence):
            found[address].append(licence)
    return {address: names[0] for address, names in found.items() if len(names) == 1}


@cache
def _index_in_force() -> Mapping[str, str]:
    return {
        each.id.lower(): each.id for each in load_spdx_licences().values() if not each.deprecated
    }


def _hyphenate_address(address: str) -> str:
    # Open Data Commons has used both `1.0` and `1-0`.
    return address.replace(".", "-")


def _strip_address(address: str) -> str:
    bare = re.sub(r"^(?:https?:)?//", "", address.strip().lower())
    return re.split(r"[?#]", bare, maxsplit=1)[0].removeprefix("www.").rstrip("/")
