"""What binds a person to a dataset: membership of its organisation, and entitlements in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from apps.access.models import Entitlement, EntitlementQuerySet, Seat
from apps.accounts.access import Principal, may_reach_dataset, sees_releases_only
from apps.accounts.models import Membership, User
from apps.datasets.models import Dataset
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission

# A person, or the key of one.
Account = User | int

VIEWERS = [
    role for role, permissions in ROLE_PERMISSIONS.items() if Permission.DATASET_VIEW in permissions
]


@dataclass(frozen=True, slots=True)
class Grant:
    """An entitlement in force.

    `terms` is the version of the dataset's terms that its holder accepted, `country` where they
    are ("": nobody asked).
    """

    entitlement_id: int
    purposes: frozenset[Purpose]
    until: datetime | None
    terms: int = 0
    country: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """`grants` come first whose terms are accepted, then longest-lasting first.

    `beyond_reach`: the token was not made for this dataset, so there is none. `drafts`: whether a
    member may look at what is not released, which a token for downloading does not.
    """

    signed_in: bool = False
    member: bool = False
    grants: Sequence[Grant] = ()
    drafts: bool = True
    beyond_reach: bool = False


STRANGER = Standing()
BEYOND_REACH = Standing(beyond_reach=True)


def find_account(principal: Principal) -> User | None:
    """The account behind the principal; None for nobody and for one that was switched off."""
    return principal if isinstance(principal, User) and principal.is_active else None


def list_memberships(user: Account) -> QuerySet[Membership]:
    """The memberships that let a person see an organisation's datasets."""
    return Membership.objects.filter(user=user, role__in=VIEWERS)


def select_entitlements(user: Account) -> EntitlementQuerySet:
    """Entitlements of the person and of the person's organisations, past ones too.

    Of an organisation's with seats, those in which the person has one.
    """
    seats = Seat.objects.filter(entitlement=OuterRef("pk"), membership__user=user)
    through_all = Q(organisation__in=_select_organisations(user), seats=None)
    return Entitlement.objects.filter(Q(user=user) | through_all | Q(Exists(seats)))


def select_seatless_agreements(user: User) -> EntitlementQuerySet:
    """Agreements in force of the person's organisations in which the person has no seat."""
    seats = Seat.objects.filter(entitlement=OuterRef("pk"), membership__user=user)
    rows = Entitlement.objects.filter(organisation__in=_select_organisations(user), seats__gt=0)
    return rows.filter(~Exists(seats)).valid()


def select_entitlements_in_force(user: Account, at: datetime | None = None) -> EntitlementQuerySet:
    """What the person holds now: first where the terms are accepted, then longest-lasting."""
    bound = When(terms__gte=F("dataset__terms_required"), then=Value(0))
    return (
        select_entitlements(user)
        .valid(at)
        .order_by(Case(bound, default=Value(1)), F("valid_until").desc(nulls_first=True), "pk")
    )


def match_let_in(principal: Principal) -> Q:
    """Which released datasets somebody may know of because they were let in."""
    user = find_account(principal)
    if user is None:
        return Q(pk__in=[])
    entitled = Q(pk__in=select_entitlements_in_force(user).order_by().values("dataset"))
    if sees_releases_only(user):
        return entitled | Q(organisation__in=list_memberships(user).values("organisation"))
    return entitled


def load_standing(principal: Principal, dataset: Dataset) -> Standing:
    """At most two queries; none for somebody who is not signed in."""
    user = find_account(principal)
    if user is None:
        return STRANGER
    if not may_reach_dataset(user, dataset.full_name):
        return BEYOND_REACH
    if list_memberships(user).filter(organisation=dataset.organisation_id).exists():
        return Standing(signed_in=True, member=True, drafts=not sees_releases_only(user))
    rows = select_entitlements_in_force(user).filter(dataset=dataset)
    grants = [build_grant(*row) for row in rows.values_list(*_COLUMNS)]
    return Standing(signed_in=True, grants=tuple(grants))


def build_grant(
    entitlement_id: int, purposes: Sequence[str], until: datetime | None, terms: int, country: str
) -> Grant:
    return Grant(entitlement_id, frozenset(map(Purpose, purposes)), until, terms, country)


def build_standing_columns(
    user: Account, *, dataset: str, organisation: str, at: datetime | None = None
) -> dict[str, Exists | Subquery]:
    """Annotations from which `read_standing` reads the standing of each row's dataset.

    `dataset` and `organisation` name the columns of the row. Only the first entitlement is
    read: where that one does not fit the release, another of the same person may. What a token
    does not reach, and drafts for a token that only downloads, are for the caller to leave out.
    """
    best = select_entitlements_in_force(user, at).filter(dataset=OuterRef(dataset))
    return {
        "is_member": Exists(list_memberships(user).filter(organisation=OuterRef(organisation))),
        **{f"grant_{name}": Subquery(best.values(name)[:1]) for name in _COLUMNS},
    }


def read_standing(row: object) -> Standing:
    """The standing on a row annotated by `build_standing_columns`; a stranger's on any other."""
    if not hasattr(row, "is_member"):
        return STRANGER
    pk, *rest = (getattr(row, f"grant_{name}") for name in _COLUMNS)
    grants = () if pk is None else (build_grant(pk, *rest),)
    return Standing(signed_in=True, member=row.is_member, grants=grants)


_COLUMNS = ("pk", "purposes", "valid_until", "terms", "country")


def _select_organisations(user: Account) -> QuerySet[Membership, Any]:
    return Membership.objects.filter(user=user).values("organisation")
