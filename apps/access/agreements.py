"""What organisations may take under agreements, and who of them has a seat."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from apps.access.models import Entitlement, Notice, Seat
from apps.access.notices import list_members_with, notify_people
from apps.accounts.access import has_permission, require_permission
from apps.accounts.models import Membership, Organisation, User
from apps.audit import record
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission


class SeatsTakenError(ConflictError):
    """Every seat of the agreement is taken."""

    code = "access.seats_taken"


class AgreementUnknownError(NotFoundError):
    """There is no such agreement, or it is not the user's to see."""

    code = "access.agreement_unknown"


def list_visible_agreements(user: User, organisation: Organisation) -> QuerySet[Entitlement]:
    """What the organisation was granted, past and present, with `taken` seats.

    For its members; `DeniedError` for others.
    """
    if not Membership.objects.filter(user=user, organisation=organisation).exists():
        raise DeniedError(f"What {organisation} may take is for its members to see.")
    return _annotate_seats(Entitlement.objects.filter(organisation=organisation))


def fetch_agreement(user: User, uid: UUID) -> Entitlement:
    """An agreement that the user's organisation holds or that the user may grant."""
    rows = Entitlement.objects.filter(uid=uid, organisation__isnull=False)
    row = _annotate_seats(rows).first()
    if row is not None and row.organisation is not None:
        mine = Membership.objects.filter(user=user, organisation=row.organisation).exists()
        if mine or has_permission(user, Permission.ACCESS_GRANT, row.dataset.organisation):
            return row
    raise AgreementUnknownError("There is no such agreement, or it is not yours to see.")


def list_seats(agreement: Entitlement) -> QuerySet[Seat]:
    """The seats that are taken; whoever was switched off holds none."""
    rows = Seat.objects.filter(entitlement=agreement, membership__user__is_active=True)
    return rows.select_related("membership__user", "given_by").order_by(
        "membership__user__username"
    )


@transaction.atomic
def give_seat(*, actor: User, agreement: Entitlement, username: str) -> Seat:
    """Give a member of the organisation one of its seats; giving it twice changes nothing.

    The licensee does this itself: the actor is one of those who give seats there. Raises
    SeatsTakenError in a full house.
    """
    row = _lock_agreement(actor, agreement)
    assert row.organisation is not None
    existing = list_seats(row).filter(membership__user__username=username).first()
    if existing is not None:
        return existing
    membership = (
        Membership.objects.filter(
            organisation=row.organisation, user__username=username, user__is_active=True
        )
        .select_related("user")
        .order_by("pk")
        .first()
    )
    if membership is None:
        raise NotFoundError(f"{username!r} is no member of {row.organisation}: add them first.")
    # Whoever was switched off has lost the seat, and does not get it back by coming back.
    Seat.objects.filter(entitlement=row, membership__user__is_active=False).delete()
    taken = list_seats(row).count()
    assert row.seats is not None
    if taken >= row.seats:
        raise SeatsTakenError(
            f"All {row.seats} seats of {row.organisation} for {row.dataset} are taken: take one"
            f" back, or ask {row.dataset.organisation} for more.",
            seats=row.seats,
        )
    seat = Seat.objects.create(entitlement=row, membership=membership, given_by=actor)
    _record_seat_move(actor, row, membership.user, given=True)
    if taken + 1 == row.seats:
        _tell_full_house(row)
    return seat


@transaction.atomic
def take_seat(*, actor: User, agreement: Entitlement, username: str) -> None:
    """Take a seat back; the person may take nothing under the agreement from now on."""
    row = _lock_agreement(actor, agreement)
    seat = (
        Seat.objects.filter(entitlement=row, membership__user__username=username)
        .select_related("membership__user")
        .first()
    )
    if seat is None:
        raise NotFoundError(f"{username!r} has no seat for {row.dataset}.")
    seat.delete()
    _record_seat_move(actor, row, seat.membership.user, given=False)


@transaction.atomic
def set_seats(*, actor: User, agreement: Entitlement, seats: int | None) -> Entitlement:
    """Change how many seats an agreement has; None: every member may take the dataset.

    The granter does this. Raises SeatsTakenError for fewer than are taken.
    """
    row = Entitlement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    require_permission(actor, Permission.ACCESS_GRANT, row.dataset.organisation)
    if row.organisation is None:
        raise InvalidError("Only an organisation's access has seats.")
    if seats is not None and seats < 1:
        raise InvalidError("An agreement has at least one seat, or none at all for all members.")
    taken = list_seats(row).count()
    if seats is not None and seats < taken:
        raise SeatsTakenError(
            f"{taken} seats are taken: {row.organisation} has to take some back first.", seats=taken
        )
    row.seats = seats
    row.save(update_fields=["seats"])
    record.access_seats_set(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        dataset=row.dataset.full_name,
        holder=row.organisation.name,
        seats=seats,
    )
    return row


def _lock_agreement(actor: User, agreement: Entitlement) -> Entitlement:
    rows = Entitlement.objects.select_for_update(of=("self",))
    row = rows.select_related("dataset__organisation", "organisation").get(pk=agreement.pk)
    if row.organisation is None or row.seats is None:
        raise InvalidError("This access has no seats to give: it is for all, or for one person.")
    require_permission(actor, Permission.SEAT_GIVE, row.organisation)
    if row.revoked_at is not None:
        raise ConflictError(f"The access to {row.dataset} was taken back.")
    return row


def _annotate_seats(rows: QuerySet[Entitlement]) -> QuerySet[Entitlement]:
    taken = Count("seat_rows", filter=Q(seat_rows__membership__user__is_active=True))
    return (
        rows.annotate(taken=taken)
        .select_related("dataset__organisation", "organisation", "granted_by")
        .order_by("-granted_at", "-pk")
    )


def _record_seat_move(actor: User, row: Entitlement, person: User, *, given: bool) -> None:
    assert row.organisation is not None
    record.access_seat_moved(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.dataset.full_name,
        user=person.username,
        given=given,
    )
    what = "gave you a seat" if given else "took back your seat"
    notify_people(
        [person], Notice.Kind.SEAT, row.dataset, f"{row.organisation} {what} for {row.dataset}."
    )


def _tell_full_house(row: Entitlement) -> None:
    assert row.organisation is not None
    people = [
        *list_members_with(Permission.SEAT_GIVE, row.organisation),
        *list_members_with(Permission.ACCESS_GRANT, row.dataset.organisation),
    ]
    notify_people(
        people,
        Notice.Kind.FULL,
        row.dataset,
        f"All {row.seats} seats of {row.organisation} for {row.dataset} are taken now.",
        page=f"/organisations/{row.organisation}/agreements/",
    )
