"""Letting more people take what was released already: one proposes, another person decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.access.authorize import build_clearance
from apps.access.models import AccessChange, Notice
from apps.access.notices import list_members_with, notify_people
from apps.accounts.access import Principal, has_permission, require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import POLICY, build_access_policy, plan_policy, widen_access
from apps.datasets.models import Dataset
from apps.releases.lapses import GIVEN_OUT, match_covered
from apps.releases.models import Release
from datasets_catalog.access_widths import AccessPolicy, name_widenings
from datasets_catalog.door_purposes import Action, Entrance, name_purposes
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import Permission

# Whoever answers for privacy, for rights, or for the whole organisation.
DECIDERS = (
    Permission.FINDING_DECIDE,
    Permission.RIGHTS_REVIEW,
    Permission.ORGANISATION_MANAGE,
)


class AccessChangeUnknownError(NotFoundError):
    """There is no such proposal, or it is not the user's to see."""

    code = "access.change_unknown"


class AccessChangeWaitsError(ConflictError):
    """A proposal for the dataset waits already; one is decided on at a time."""

    code = "access.change_waits"


class AccessChangeDecidedError(ConflictError):
    """The proposal was decided on, or taken back."""

    code = "access.change_decided"


class OwnAccessChangeError(DeniedError):
    """Whoever proposed it does not decide on it."""

    code = "access.own_change"


class AccessNotClearedError(ConflictError):
    """No release of the dataset was released for the door that is asked for."""

    code = "access.change_not_cleared"


@transaction.atomic
def propose_access_change(
    *, actor: User, dataset: Dataset, changes: Mapping[str, Any], reason: str
) -> AccessChange:
    """Propose who may take the dataset: of `access`, `auto_grant`, `embargo_until`, `embargoes`.

    Raises AccessNotClearedError where nothing that is released may be given so, and
    AccessChangeWaitsError while another proposal waits. What narrows needs no proposal.
    """
    row = _lock_dataset(dataset)
    require_permission(actor, Permission.DATASET_EDIT, row.organisation)
    if not reason.strip():
        raise InvalidError("Give a reason: whoever decides goes by it.")
    if unknown := sorted(changes.keys() - set(POLICY)):
        raise InvalidError(f"{unknown[0]!r} needs no proposal. Proposed are {', '.join(POLICY)}.")
    planned = plan_policy(row, dict(changes))
    widened = name_widenings(build_access_policy(row), planned)
    if row.released_at is None or not widened:
        raise InvalidError("This lets nobody in who is out now: change the settings directly.")
    _require_cleared(row, planned)
    if AccessChange.objects.filter(dataset=row, state=AccessChange.State.PROPOSED).exists():
        raise AccessChangeWaitsError(f"A proposal for {row} waits already: decide on that first.")
    change = AccessChange.objects.create(
        dataset=row,
        access=planned.access,
        auto_grant=planned.auto_grant,
        embargo_until=planned.embargo_until,
        embargoes=dict(planned.embargoes),
        reason=reason.strip(),
        proposed_by=actor,
    )
    _record_move(actor, change, reason=change.reason)
    _tell_deciders(change)
    return change


@transaction.atomic
def confirm_access_change(*, actor: User, change: AccessChange) -> AccessChange:
    """Carry the proposal out, as another person than who proposed it.

    The releases are asked once more what they are cleared for. Raises OwnAccessChangeError,
    AccessChangeDecidedError and AccessNotClearedError.
    """
    row = _lock_to_decide(actor, change)
    policy = AccessPolicy(row.access, row.auto_grant, row.embargo_until, row.embargoes)
    _require_cleared(row.dataset, policy)
    row.state, row.decided_by, row.decided_at = row.State.CONFIRMED, actor, timezone.now()
    row.save(update_fields=["state", "decided_by", "decided_at"])
    # Between these two the database lets the dataset become wider, by exactly this.
    widen_access(
        actor=actor, dataset=row.dataset, changes={name: getattr(row, name) for name in POLICY}
    )
    row.state = row.State.APPLIED
    row.save(update_fields=["state"])
    _record_move(actor, row)
    text = f"{actor} confirmed your proposal to let more people take {row.dataset}."
    notify_people([row.proposed_by], Notice.Kind.WIDER, row.dataset, text)
    return row


@transaction.atomic
def refuse_access_change(*, actor: User, change: AccessChange, answer: str) -> AccessChange:
    """Leave the access as it is, and say why; another person than who proposed it."""
    row = _lock_to_decide(actor, change)
    if not answer.strip():
        raise InvalidError("Say why: whoever proposed it reads it.")
    row.state, row.answer = row.State.REFUSED, answer.strip()
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    _record_move(actor, row, answer=row.answer)
    text = f"Your proposal to let more people take {row.dataset} was refused. {row.answer}"
    notify_people([row.proposed_by], Notice.Kind.WIDER, row.dataset, text)
    return row


@transaction.atomic
def cancel_access_change(*, actor: User, change: AccessChange) -> AccessChange:
    """Take one's own proposal back."""
    row = _lock_change(change)
    if row.proposed_by_id != actor.pk:
        raise DeniedError("Only who proposed a change takes it back; refuse it instead.")
    row.state = row.State.CANCELLED
    row.save(update_fields=["state"])
    _record_move(actor, row)
    return row


def list_visible_access_changes(user: Principal, dataset: Dataset) -> QuerySet[AccessChange]:
    """Every proposal for the dataset, newest first, for those who work on it."""
    require_permission(user, Permission.DATASET_VIEW, dataset.organisation)
    return AccessChange.objects.filter(dataset=dataset).select_related(
        "dataset__organisation", "proposed_by", "decided_by"
    )


def fetch_access_change(user: Principal, dataset: Dataset, uid: UUID) -> AccessChange:
    """One proposal for the dataset; AccessChangeUnknownError otherwise."""
    row = list_visible_access_changes(user, dataset).filter(uid=uid).first()
    if row is None:
        raise AccessChangeUnknownError(f"{dataset} has no proposal {uid}.")
    return row


def may_decide_on_change(user: Principal, change: AccessChange) -> bool:
    """Whether the user is one of those who decide, and did not propose it."""
    organisation = change.dataset.organisation
    decides = any(has_permission(user, permission, organisation) for permission in DECIDERS)
    return decides and change.proposed_by_id != user.pk


def _require_cleared(dataset: Dataset, policy: AccessPolicy) -> None:
    """Raise AccessNotClearedError unless a release may be given so to those who come then.

    Others of the dataset stay behind a gate, or closed, as `authorize` says of each.
    """
    entrance = Entrance.OPEN if policy.access == Dataset.Access.OPEN else Entrance.GATE
    rows = Release.objects.filter(match_covered(), dataset=dataset, state__in=GIVEN_OUT)
    missing: set[Purpose] = set()
    for release in rows.order_by("-order"):
        lacking = build_clearance(release).lacks(Action.DOWNLOAD, entrance)
        if not lacking:
            return
        missing = missing or set(lacking)
    raise AccessNotClearedError(
        f"No release of {dataset} may be given so: the newest lacks {name_purposes(missing)}."
        " Release a version that is cleared for it, then propose this.",
        missing=sorted(missing),
    )


def _lock_to_decide(actor: User, change: AccessChange) -> AccessChange:
    row = _lock_change(change)
    if row.proposed_by_id == actor.pk:
        raise OwnAccessChangeError("You proposed this: somebody else decides on it.")
    if not may_decide_on_change(actor, row):
        # One of them would do; the sentence names the roles of the first.
        require_permission(actor, DECIDERS[0], row.dataset.organisation)
    return row


def _lock_change(change: AccessChange) -> AccessChange:
    """The proposal with its dataset locked first, as every writer of the dataset does."""
    dataset = _lock_dataset(change.dataset)
    rows = AccessChange.objects.select_for_update(of=("self",)).select_related("proposed_by")
    row = rows.get(pk=change.pk)
    if row.state != AccessChange.State.PROPOSED:
        raise AccessChangeDecidedError(f"This proposal is {row.state} already.")
    row.dataset = dataset
    return row


def _lock_dataset(dataset: Dataset) -> Dataset:
    rows = Dataset.objects.select_for_update(of=("self",)).select_related("organisation")
    return rows.get(pk=dataset.pk)


def _tell_deciders(change: AccessChange) -> None:
    organisation = change.dataset.organisation
    people = {
        user.pk: user
        for permission in DECIDERS
        for user in list_members_with(permission, organisation)
        if user.pk != change.proposed_by_id
    }
    text = f"{change.proposed_by} wants to let more people take {change.dataset}: {change.reason}"
    notify_people(people.values(), Notice.Kind.WIDER, change.dataset, text)


def _record_move(actor: User, change: AccessChange, **more: str) -> None:
    record.access_change_moved(
        actor=actor.username,
        organisation=change.dataset.organisation.name,
        dataset=change.dataset.full_name,
        change=str(change.uid),
        state=change.state,
        detail={"access": change.access, "auto_grant": change.auto_grant, **more},
    )
