"""Every write to entitlements and requests for access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.access.access_terms import find_accepted_version, require_current, was_taken_back
from apps.access.authorize import Fit, build_clearance, find_access_policy, judge_fit
from apps.access.grants import (
    Agreement,
    Reach,
    add_entitlement,
    check_country,
    check_purposes,
    list_cleared_uses,
)
from apps.access.models import AccessRequest, Entitlement, EntitlementQuerySet, Notice
from apps.access.notices import list_members_with, notify_people
from apps.access.standing import load_standing
from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState
from datasets_catalog.request_forms import check_answers, parse_fields
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
    purposes: Sequence[str],
    until: datetime | None = None,
    country: str = "",
    agreement: Agreement | None = None,
) -> Entitlement:
    """Let a person or an organisation take the dataset's releases, beside earlier grants.

    The grant names at least one purpose, each of which a published release is cleared for; each
    release still limits it. Where no release may go everywhere it names the holder's `country`.
    Without an end it lasts as long as the dataset's `grant_days` say. An organisation may have an
    `agreement`; one with a name carries the current terms: its signatories accepted them on paper.
    A request of the person that waits for an answer is granted by it.
    Raises PurposesNotClearedError and CountryRefusedError.
    """
    row = _lock_to_grant(actor, dataset)
    signed = _check_agreement(agreement, holder)
    entitlement = add_entitlement(
        actor=actor,
        dataset=row,
        holder=holder,
        reach=Reach(purposes, country, until),
        terms=row.terms_version if signed.name else find_accepted_version(holder, row),
    )
    if agreement is not None:
        entitlement.seats, entitlement.agreement = signed.seats, signed.name
        entitlement.save(update_fields=["seats", "agreement"])
    if isinstance(holder, User):
        waiting = AccessRequest.objects.select_for_update().pending()
        for request in waiting.filter(dataset=row, user=holder):
            _close_request(actor, request, AccessRequest.State.GRANTED, "", entitlement)
    return entitlement


@transaction.atomic
def revoke_access(*, actor: User, dataset: Dataset, holder: User | Organisation) -> int:
    """End every grant of the holder now; returns how many there were."""
    row = _lock_to_grant(actor, dataset)
    grants = _filter_by_holder(Entitlement.objects.filter(dataset=row, revoked_at=None), holder)
    ended = grants.update(revoked_at=timezone.now())
    if not ended:
        raise NotFoundError(f"{holder} has no access to {row} that could be taken back.")
    record.access_revoked(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        holder=str(holder),
    )
    text = f"{row.organisation} took back the access to {row} that {holder} had."
    notify_people(_list_speakers(holder), Notice.Kind.REVOKED, row, text)
    return ended


@transaction.atomic
def take_back_grant(*, actor: User, request: AccessRequest) -> int:
    """End every grant of the person whose request was granted; returns how many there were.

    Raises AccessAnsweredError for a request that was not granted.
    """
    rows = AccessRequest.objects.select_for_update(of=("self",))
    row = rows.select_related("dataset__organisation", "user").get(pk=request.pk)
    require_permission(actor, Permission.ACCESS_GRANT, row.dataset.organisation)
    if row.state != AccessRequest.State.GRANTED:
        raise AccessAnsweredError(f"This request is {row.state}: nothing to take back.")
    return revoke_access(actor=actor, dataset=row.dataset, holder=row.user)


@transaction.atomic
def request_access(
    *,
    actor: User,
    dataset: Dataset,
    purposes: Sequence[str] = (),
    message: str = "",
    answers: Mapping[str, Any] | None = None,
    terms: int = 0,
    country: str = "",
) -> AccessRequest:
    """Ask the dataset's organisation; one request of a person waits at a time.

    `answers` are to the dataset's form (AnswersInvalidError names what is wrong), `terms` is the
    version of its terms that the asker accepts, `country` where the asker is. Where the dataset
    grants by rule, and every purpose asked fits its newest release, the answer is yes at once.
    """
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    fetch_dataset(actor, row.full_name)
    _refuse_needless(actor, row)
    if len(message) > MESSAGE_CHARACTERS:
        raise InvalidError(f"The message is too long: at most {MESSAGE_CHARACTERS} characters.")
    if row.terms_version:
        require_current(row, terms)
    request = AccessRequest.objects.create(
        dataset=row,
        user=actor,
        purposes=check_purposes(purposes),
        country=check_country(country),
        message=message.strip(),
        answers=check_answers(parse_fields(row.request_fields), answers or {}),
        terms=terms if row.terms_version else 0,
    )
    record.access_requested(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        request=str(request.uid),
        purposes=request.purposes,
    )
    if _may_grant_by_rule(actor, row, request):
        given = add_entitlement(
            actor=actor,
            dataset=row,
            holder=actor,
            reach=Reach(request.purposes, request.country),
            terms=request.terms,
            way=Entitlement.Way.AUTOMATIC,
        )
        return _close_request(actor, request, AccessRequest.State.GRANTED, "", given)
    granters = list_members_with(Permission.ACCESS_GRANT, row.organisation)
    notify_people(granters, Notice.Kind.ASKED, row, f"{actor} asks for access to {row}.")
    return request


@transaction.atomic
def grant_request(
    *,
    actor: User,
    request: AccessRequest,
    purposes: Sequence[str] | None = None,
    until: datetime | None = None,
    answer: str = "",
    country: str | None = None,
) -> AccessRequest:
    """Say yes, for the purposes and the country asked for or for others.

    Raises what `grant_access` does.
    """
    row = _lock_to_answer(actor, request)
    granted = row.purposes if purposes is None else purposes
    terms = max(row.terms, find_accepted_version(row.user, row.dataset))
    entitlement = add_entitlement(
        actor=actor,
        dataset=row.dataset,
        holder=row.user,
        reach=Reach(granted, row.country if country is None else country, until),
        terms=terms,
    )
    row = _close_request(actor, row, AccessRequest.State.GRANTED, answer, entitlement)
    end = f" until {entitlement.valid_until:%Y-%m-%d}" if entitlement.valid_until else ""
    _tell_asker(row, f"You may take {row.dataset}{end}.")
    return row


@transaction.atomic
def refuse_request(*, actor: User, request: AccessRequest, answer: str) -> AccessRequest:
    """Say no, and why."""
    if not answer.strip():
        raise InvalidError("Say why: the asker reads it.")
    row = _close_request(
        actor, _lock_to_answer(actor, request), AccessRequest.State.REFUSED, answer, None
    )
    _tell_asker(row, f"Your request for {row.dataset} was refused.")
    return row


@transaction.atomic
def cancel_request(*, actor: User, request: AccessRequest) -> AccessRequest:
    """Take one's own request back."""
    rows = AccessRequest.objects.select_for_update(of=("self",)).select_related(
        "dataset__organisation"
    )
    row = rows.filter(pk=request.pk, user=actor).first()
    if row is None:
        raise NotFoundError("You have no such request.")
    return _close_request(actor, row, AccessRequest.State.CANCELLED, "", None)


def _check_agreement(agreement: Agreement | None, holder: User | Organisation) -> Agreement:
    """The agreement with a name that fits its column; InvalidError where it makes no sense."""
    if agreement is None:
        return Agreement()
    if isinstance(holder, User):
        raise InvalidError("Seats and agreements are for organisations.")
    if agreement.seats is not None and agreement.seats < 1:
        raise InvalidError("An agreement has at least one seat, or none at all for all members.")
    return replace(agreement, name=agreement.name.strip()[:200])


def _lock_to_grant(actor: User, dataset: Dataset) -> Dataset:
    row = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=dataset.pk)
    )
    require_permission(actor, Permission.ACCESS_GRANT, row.organisation)
    return row


def _lock_to_answer(actor: User, request: AccessRequest) -> AccessRequest:
    rows = AccessRequest.objects.select_for_update(of=("self",))
    row = rows.select_related("dataset__organisation", "user").get(pk=request.pk)
    require_permission(actor, Permission.ACCESS_GRANT, row.dataset.organisation)
    return row


def _close_request(
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


def _may_grant_by_rule(actor: User, dataset: Dataset, request: AccessRequest) -> bool:
    """Whether rules alone can say yes: every purpose fits, and nothing was taken back."""
    if dataset.access != Dataset.Access.REQUEST or not dataset.auto_grant or not request.purposes:
        return False
    newest = Release.objects.filter(dataset=dataset, state=ReleaseState.PUBLISHED)
    release = newest.order_by("-order").first()
    if release is None or was_taken_back(actor, dataset):
        return False
    clearance = build_clearance(release)
    # As long as it is given to new people at all.
    cleared = clearance.grantable & list_cleared_uses(dataset)
    fits = (judge_fit(Purpose(each), cleared, None) for each in request.purposes)
    return all(each is Fit.COMPATIBLE for each in fits) and clearance.reaches(request.country)


def _tell_asker(row: AccessRequest, text: str) -> None:
    words = f"{text} {row.answer}" if row.answer else text
    notify_people([row.user], Notice.Kind.ANSWERED, row.dataset, words)


def _list_speakers(holder: User | Organisation) -> Sequence[User]:
    """The person, or the owners of the organisation."""
    if isinstance(holder, User):
        return [holder]
    return list(list_members_with(Permission.ORGANISATION_MANAGE, holder))


def _refuse_needless(actor: User, dataset: Dataset) -> None:
    standing = load_standing(actor, dataset)
    if standing.member or _is_for_everyone(dataset):
        raise AccessHeldError(f"{dataset} needs no request: you may take it.")
    if AccessRequest.objects.pending().filter(dataset=dataset, user=actor).exists():
        raise AccessAskedError(f"You asked for {dataset} already and will be answered.")


def _is_for_everyone(dataset: Dataset) -> bool:
    """Whether no release of the dataset stands behind a gate."""
    if dataset.access != Dataset.Access.OPEN:
        return False
    rows = Release.objects.filter(dataset=dataset, state__in=PUBLIC_STATES).select_related(
        "dataset"
    )
    return all(find_access_policy(row) == Dataset.Access.OPEN for row in rows)


def _filter_by_holder(
    grants: EntitlementQuerySet, holder: User | Organisation
) -> EntitlementQuerySet:
    if isinstance(holder, User):
        return grants.filter(user=holder)
    return grants.filter(organisation=holder)
