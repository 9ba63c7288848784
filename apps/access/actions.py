"""Every write to entitlements and requests for access."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.access.models import AccessRequest, Entitlement, EntitlementQuerySet
from apps.access.standing import standing_of
from apps.accounts.access import require
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.datasets.access import dataset_for
from apps.datasets.models import Dataset
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import Permission

MESSAGE_CHARACTERS = 4000


class AccessHeldError(ConflictError):
    """There is nothing to ask for: the person may take the dataset already."""

    code = "access.held"


class AccessAskedError(ConflictError):
    """The person asked already and waits for the answer."""

    code = "access.asked"


class AccessAnsweredError(ConflictError):
    """The request has been answered or cancelled."""

    code = "access.answered"


@transaction.atomic
def grant_access(
    *,
    actor: User,
    dataset: Dataset,
    holder: User | Organisation,
    purposes: Sequence[str] = (),
    until: datetime | None = None,
) -> Entitlement:
    """Let a person or an organisation take every release of the dataset, beside earlier grants.

    Without purposes the grant reaches as far as each release is cleared. A request of the person
    that waits for an answer is granted by it.
    """
    row = _to_grant(actor, dataset)
    entitlement = _grant(actor, row, holder, purposes, until)
    if isinstance(holder, User):
        waiting = AccessRequest.objects.select_for_update().pending()
        for request in waiting.filter(dataset=row, user=holder):
            _close(actor, request, AccessRequest.State.GRANTED, "", entitlement)
    return entitlement


@transaction.atomic
def revoke_access(*, actor: User, dataset: Dataset, holder: User | Organisation) -> int:
    """End every grant of the holder now; returns how many there were."""
    row = _to_grant(actor, dataset)
    grants = _of_holder(Entitlement.objects.filter(dataset=row, revoked_at=None), holder)
    ended = grants.update(revoked_at=timezone.now())
    if not ended:
        raise NotFoundError(f"{holder} has no access to {row} that could be taken back.")
    record.access_revoked(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        holder=str(holder),
    )
    return ended


@transaction.atomic
def request_access(
    *, actor: User, dataset: Dataset, purposes: Sequence[str] = (), message: str = ""
) -> AccessRequest:
    """Ask the dataset's organisation; one request of a person waits at a time."""
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    dataset_for(actor, row.full_name)
    _refuse_needless(actor, row)
    if len(message) > MESSAGE_CHARACTERS:
        raise InvalidError(f"The message is too long: at most {MESSAGE_CHARACTERS} characters.")
    request = AccessRequest.objects.create(
        dataset=row, user=actor, purposes=_known(purposes), message=message.strip()
    )
    record.access_requested(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        request=str(request.uid),
        purposes=request.purposes,
    )
    return request


@transaction.atomic
def grant_request(
    *,
    actor: User,
    request: AccessRequest,
    purposes: Sequence[str] | None = None,
    until: datetime | None = None,
    answer: str = "",
) -> AccessRequest:
    """Say yes, for the purposes asked for or for others."""
    row = _to_answer(actor, request)
    granted = row.purposes if purposes is None else purposes
    entitlement = _grant(actor, row.dataset, row.user, granted, until)
    return _close(actor, row, AccessRequest.State.GRANTED, answer, entitlement)


@transaction.atomic
def refuse_request(*, actor: User, request: AccessRequest, answer: str) -> AccessRequest:
    """Say no, and why."""
    if not answer.strip():
        raise InvalidError("Say why: the asker reads it.")
    row = _to_answer(actor, request)
    return _close(actor, row, AccessRequest.State.REFUSED, answer, None)


@transaction.atomic
def cancel_request(*, actor: User, request: AccessRequest) -> AccessRequest:
    """Take one's own request back."""
    rows = AccessRequest.objects.select_for_update(of=("self",)).select_related(
        "dataset__organisation"
    )
    row = rows.filter(pk=request.pk, user=actor).first()
    if row is None:
        raise NotFoundError("You have no such request.")
    return _close(actor, row, AccessRequest.State.CANCELLED, "", None)


def _to_grant(actor: User, dataset: Dataset) -> Dataset:
    row = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=dataset.pk)
    )
    require(actor, Permission.ACCESS_GRANT, row.organisation)
    return row


def _to_answer(actor: User, request: AccessRequest) -> AccessRequest:
    rows = AccessRequest.objects.select_for_update(of=("self",))
    row = rows.select_related("dataset__organisation", "user").get(pk=request.pk)
    require(actor, Permission.ACCESS_GRANT, row.dataset.organisation)
    return row


def _grant(
    actor: User,
    dataset: Dataset,
    holder: User | Organisation,
    purposes: Sequence[str],
    until: datetime | None,
) -> Entitlement:
    if until is not None and until <= timezone.now():
        raise InvalidError("The access would have ended already: choose a later date.")
    person = holder if isinstance(holder, User) else None
    organisation = holder if isinstance(holder, Organisation) else None
    row = Entitlement.objects.create(
        dataset=dataset,
        user=person,
        organisation=organisation,
        purposes=_known(purposes),
        valid_until=until,
        granted_by=actor,
    )
    record.access_granted(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        holder=str(holder),
        purposes=row.purposes,
        until=until.isoformat() if until else "",
    )
    return row


def _close(
    actor: User,
    row: AccessRequest,
    state: AccessRequest.State,
    answer: str,
    entitlement: Entitlement | None,
) -> AccessRequest:
    if row.state != AccessRequest.State.PENDING:
        raise AccessAnsweredError(f"This request is {row.state} already.")
    row.state, row.answer, row.entitlement = state, answer.strip(), entitlement
    row.answered_by, row.answered_at = actor, timezone.now()
    row.save(update_fields=["state", "answer", "entitlement", "answered_by", "answered_at"])
    record.access_answered(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        dataset=row.dataset.full_name,
        request=str(row.uid),
        state=state,
        answer=row.answer,
    )
    return row


def _refuse_needless(actor: User, dataset: Dataset) -> None:
    standing = standing_of(actor, dataset)
    if dataset.access == Dataset.Access.OPEN or standing.member:
        raise AccessHeldError(f"{dataset} needs no request: you may take it.")
    if AccessRequest.objects.pending().filter(dataset=dataset, user=actor).exists():
        raise AccessAskedError(f"You asked for {dataset} already and will be answered.")


def _of_holder(grants: EntitlementQuerySet, holder: User | Organisation) -> EntitlementQuerySet:
    if isinstance(holder, User):
        return grants.filter(user=holder)
    return grants.filter(organisation=holder)


def _known(purposes: Sequence[str]) -> list[str]:
    unknown = sorted(set(purposes) - set(Purpose))
    if unknown:
        raise InvalidError(f"{unknown[0]!r} is no purpose. Purposes: {', '.join(Purpose)}.")
    return sorted(set(purposes))
