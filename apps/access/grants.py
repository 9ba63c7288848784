"""What can be granted of a dataset, and the one place where a grant is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.access.authorize import build_clearance
from apps.access.models import Entitlement
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.datasets.models import Dataset
from apps.releases.lapses import GIVEN_OUT, match_covered, require_covered
from apps.releases.models import Release
from datasets_catalog.countries import COUNTRIES
from datasets_catalog.door_purposes import Clearance, is_grantable, name_purposes
from datasets_catalog.errors import InvalidError
from datasets_catalog.purposes import Purpose, include_implied


class PurposesNotClearedError(InvalidError):
    """A grant names no purpose, or one that no release is cleared for; `cleared` names those."""

    code = "access.purposes_not_cleared"


class CountryRefusedError(InvalidError):
    """No release may go where the holder is, or nobody said where that is."""

    code = "access.country_refused"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a grant is for, where (ISO 3166-1 alpha-2; "": not said), and until when."""

    purposes: Sequence[str]
    country: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """What an organisation signed; `seats`: how many of its members it reaches (None: all)."""

    name: str = ""
    seats: int | None = None


def list_clearances(dataset: Dataset) -> list[Clearance]:
    """What each release that is given out, and may be given to more people, is cleared for."""
    rows = Release.objects.filter(match_covered(), dataset=dataset, state__in=GIVEN_OUT)
    return [build_clearance(row) for row in rows]


def list_cleared_uses(dataset: Dataset) -> frozenset[Purpose]:
    """What at least one release of the dataset can be granted for."""
    return frozenset().union(*(each.grantable for each in list_clearances(dataset)))


def asks_country(dataset: Dataset) -> bool:
    """Whether readers say where they are: a release of the dataset may not go everywhere."""
    return any(each.territories for each in list_clearances(dataset))


def check_purposes(purposes: Iterable[str]) -> list[str]:
    """Each purpose once; InvalidError for a word that is none, or that no reader can be granted."""
    named = set(purposes)
    offered = ", ".join(each for each in Purpose if is_grantable(each))
    if unknown := sorted(named - set(Purpose)):
        raise InvalidError(f"{unknown[0]!r} is no purpose. Readers are granted: {offered}.")
    if others := sorted(each for each in named if not is_grantable(Purpose(each))):
        raise InvalidError(
            f"{others[0]!r} is how a release is given out, not what a reader does with it."
            f" Readers are granted: {offered}."
        )
    return sorted(named)


def check_country(country: str) -> str:
    """The code of the country in upper case, or none; CountryRefusedError for anything else."""
    code = country.strip().upper()
    if code and code not in COUNTRIES:
        raise CountryRefusedError(
            f"{country!r} is no country: write a code such as DE (ISO 3166-1)."
        )
    return code


def add_entitlement(
    *,
    actor: User,
    dataset: Dataset,
    holder: User | Organisation,
    reach: Reach,
    terms: int = 0,
    way: Entitlement.Way = Entitlement.Way.GRANTED,
) -> Entitlement:
    """Write a grant in the caller's transaction, who locked the dataset and asked who may.

    Raises PurposesNotClearedError, CountryRefusedError, and InvalidError for an end in the past.
    """
    until = reach.until or compute_default_end(dataset)
    if until is not None and until <= timezone.now():
        raise InvalidError("The access would have ended already: choose a later date.")
    place = _check_fitting_country(dataset, check_country(reach.country))
    row = Entitlement.objects.create(
        dataset=dataset,
        user=holder if isinstance(holder, User) else None,
        organisation=holder if isinstance(holder, Organisation) else None,
        purposes=_check_fitting_purposes(dataset, check_purposes(reach.purposes)),
        country=place,
        valid_until=until,
        terms=terms,
        way=way,
        granted_by=actor,
    )
    record.access_granted(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        holder=str(holder),
        purposes=row.purposes,
        country=place,
        until=until.isoformat() if until else "",
    )
    return row


def compute_default_end(dataset: Dataset) -> datetime | None:
    """When access that nobody gave an end ends."""
    return timezone.now() + timedelta(days=dataset.grant_days) if dataset.grant_days else None


def _check_fitting_purposes(dataset: Dataset, purposes: list[str]) -> list[str]:
    cleared = list_cleared_uses(dataset)
    beyond = include_implied(map(Purpose, purposes)) - cleared
    if purposes and not beyond:
        return purposes
    if not cleared:
        _refuse_lapsed(dataset)
    words = (
        f"No release of {dataset} is cleared for {name_purposes(beyond)}."
        if purposes
        else f"Say what {dataset} is taken for."
    )
    raise PurposesNotClearedError(
        f"{words} Its releases are cleared for {name_purposes(cleared)}.",
        cleared=sorted(cleared),
    )


def _refuse_lapsed(dataset: Dataset) -> None:
    """Raise ReleaseLapsedError where there was something to grant until answers changed."""
    for row in Release.objects.filter(dataset=dataset, state__in=GIVEN_OUT).order_by("-order"):
        require_covered(row)


def _check_fitting_country(dataset: Dataset, country: str) -> str:
    clearances = list_clearances(dataset)
    if not clearances or any(each.reaches(country) for each in clearances):
        return country
    areas = sorted({code for each in clearances for code in each.territories})
    where = f"not to {country}" if country else "and the grant names no country"
    raise CountryRefusedError(f"Releases of {dataset} go to {', '.join(areas)} alone, {where}.")
