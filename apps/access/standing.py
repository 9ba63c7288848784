"""What binds a person to a dataset: membership of its organisation, and entitlements in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from apps.access.models import Entitlement, EntitlementQuerySet
from apps.accounts.access import Principal
from apps.accounts.models import Membership, User
from apps.datasets.models import Dataset
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission

VIEWERS = [
    role for role, permissions in ROLE_PERMISSIONS.items() if Permission.DATASET_VIEW in permissions
]


@dataclass(frozen=True, slots=True)
class Grant:
    """An entitlement in force. No purposes: whatever the release is cleared for."""

    entitlement_id: int
    purposes: frozenset[Purpose]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """`grants` come longest-lasting first."""

    signed_in: bool = False
    member: bool = False
    grants: Sequence[Grant] = ()


STRANGER = Standing()


def person(principal: Principal) -> User | None:
    """The account behind the principal; None for nobody and for one that was switched off."""
    return principal if isinstance(principal, User) and principal.is_active else None


def memberships(user: User) -> QuerySet[Membership]:
    """The memberships that let a person see an organisation's datasets."""
    return Membership.objects.filter(user=user, role__in=VIEWERS)


def held_by(user: User) -> EntitlementQuerySet:
    """Entitlements of the person and of the person's organisations, past ones too."""
    organisations = Membership.objects.filter(user=user).values("organisation")
    return Entitlement.objects.filter(Q(user=user) | Q(organisation__in=organisations))


def in_force(user: User) -> EntitlementQuerySet:
    """The same, valid now, longest-lasting first."""
    return held_by(user).valid().order_by(F("valid_until").desc(nulls_first=True), "pk")


def standing_of(principal: Principal, dataset: Dataset) -> Standing:
    """At most two queries; none for somebody who is not signed in."""
    user = person(principal)
    if user is None:
        return STRANGER
    if memberships(user).filter(organisation=dataset.organisation_id).exists():
        return Standing(signed_in=True, member=True)
    rows = in_force(user).filter(dataset=dataset)
    grants = [grant(pk, purposes, until) for pk, purposes, until in rows.values_list(*_COLUMNS)]
    return Standing(signed_in=True, grants=tuple(grants))


def grant(entitlement_id: int, purposes: Sequence[str], until: datetime | None) -> Grant:
    return Grant(entitlement_id, frozenset(map(Purpose, purposes)), until)


def standing_columns(
    user: User, *, dataset: str, organisation: str
) -> dict[str, Exists | Subquery]:
    """Annotations from which `standing_from` reads the standing of each row's dataset.

    `dataset` and `organisation` name the columns of the row. Only the longest-lasting entitlement
    is read, which decides wherever no purpose is asked.
    """
    best = in_force(user).filter(dataset=OuterRef(dataset))
    return {
        "is_member": Exists(memberships(user).filter(organisation=OuterRef(organisation))),
        **{f"grant_{name}": Subquery(best.values(name)[:1]) for name in _COLUMNS},
    }


def standing_from(row: object) -> Standing:
    """The standing on a row annotated by `standing_columns`; a stranger's on any other."""
    if not hasattr(row, "is_member"):
        return STRANGER
    pk, purposes, until = (getattr(row, f"grant_{name}") for name in _COLUMNS)
    grants = () if pk is None else (grant(pk, purposes, until),)
    return Standing(signed_in=True, member=row.is_member, grants=grants)


_COLUMNS = ("pk", "purposes", "valid_until")
