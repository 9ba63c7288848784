"""Where something may go: countries by ISO 3166-1 alpha-2, and the regions `EU` and `EEA`.

A set of codes is an area. The empty set is everywhere; it holds every other area.
"""

from collections.abc import Iterable

from datasets_catalog.countries import COUNTRIES
from datasets_catalog.errors import InvalidError

EVERYWHERE: frozenset[str] = frozenset()
# Article 52 of the Treaty on European Union names the members; the EEA adds three states of EFTA.
EU = frozenset(
    {
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    }
)
EEA = EU | {"IS", "LI", "NO"}
REGIONS = {"EU": EU, "EEA": EEA}


class TerritoryUnknownError(InvalidError):
    """A code that is neither a country's nor a region's."""

    code = "territory.unknown"


def parse_territories(codes: Iterable[str]) -> frozenset[str]:
    """Return the codes in upper case. Raises TerritoryUnknownError; of no code, everywhere."""
    found = frozenset(code.strip().upper() for code in codes) - {""}
    unknown = sorted(found - COUNTRIES.keys() - REGIONS.keys())
    if unknown:
        raise TerritoryUnknownError(
            f"{unknown[0]!r} is no territory: write codes of countries such as DE (ISO 3166-1),"
            f" or {' or '.join(REGIONS)}."
        )
    return found


def expand_regions(codes: Iterable[str]) -> frozenset[str]:
    """Return the countries of an area, each region as its countries; everywhere stays the same."""
    return frozenset(country for code in codes for country in REGIONS.get(code, {code}))


def is_within(area: frozenset[str], other: frozenset[str]) -> bool:
    """Whether an area lies in another one: everywhere lies in nothing but everywhere."""
    if not other:
        return True
    return bool(area) and expand_regions(area) <= expand_regions(other)


def reaches_outside_eea(area: frozenset[str]) -> bool:
    """Whether the area holds a place outside the European Economic Area."""
    return not is_within(area, EEA)
