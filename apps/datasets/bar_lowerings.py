"""Lowering a bar of a dataset: whoever edits it proposes, the reviewer for it decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.access import Principal, has_permission, require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.access import fetch_vocabulary
from apps.datasets.actions import find_lowered_bars, lower_bars, plan_bars, read_bars
from apps.datasets.models import Dataset, Lowering
from datasets_catalog.bars import BARS, REVIEWERS, find_decider
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError, NotFoundError
from datasets_catalog.roles import Permission


class LoweringUnknownError(NotFoundError):
    """There is no such request, or it is not the user's to see."""

    code = "lowering.unknown"


class LoweringWaitsError(ConflictError):
    """Another request waits for the dataset; one is decided on at a time."""

    code = "lowering.waits"


class LoweringDecidedError(ConflictError):
    """The request was decided on or taken back, or the bars have changed since."""

    code = "lowering.decided"


class OwnLoweringError(DeniedError):
    """Whoever asks for it does not decide on it."""

    code = "lowering.own"


# What is called with a request whenever it moved, inside the transaction.
_FOLLOWERS: list[Callable[[Lowering], None]] = []


def follow_lowerings(follower: Callable[[Lowering], None]) -> None:
    """Have `follower` told of each step of a request. Registered once, as a room is installed."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


@transaction.atomic
def propose_lowering(
    *, actor: User, dataset: Dataset, changes: Mapping[str, Any], reason: str
) -> Lowering:
    """Ask that bars become lower; nothing changes before a reviewer confirmed it.

    `changes` are settings of which each lowers a bar; a vocabulary may be said as "name version".
    Raises LoweringWaitsError, DeniedError, VocabularyUnknownError, and InvalidError for what lowers
    none, which is changed directly, and for bars that different reviewers decide on.
    """
    changes = _resolve_vocabulary(changes)
    row = _lock_dataset(dataset)
    require_permission(actor, Permission.DATASET_EDIT, row.organisation)
    if not reason.strip():
        raise InvalidError("Give a reason: whoever decides goes by it.")
    lowered = find_lowered_bars(row, dict(changes))
    free = sorted(changes.keys() - set(lowered))
    if free or not lowered:
        what = free[0] if free else "this"
        raise InvalidError(f"{what} lowers no bar: change it directly. Bars: {', '.join(BARS)}.")
    find_decider(lowered)
    if Lowering.objects.filter(dataset=row, state=Lowering.State.PROPOSED).exists():
        raise LoweringWaitsError(f"A request for {row} waits already: decide on that first.")
    before, after = read_bars(row), plan_bars(row, dict(changes))
    made = Lowering.objects.create(
        dataset=row,
        before={name: before[name] for name in lowered},
        becomes={name: after[name] for name in lowered},
        reason=reason.strip(),
        proposed_by=actor,
    )
    _record_move(actor, made, made.reason)
    return made


@transaction.atomic
def confirm_lowering(*, actor: User, lowering: Lowering, reason: str) -> Lowering:
    """Let the bars become lower, as the reviewer for them who did not ask for it, with a reason.

    What was found under the higher bar stays found. Raises OwnLoweringError, LoweringDecidedError,
    DeniedError.
    """
    row = _lock_to_decide(actor, lowering, reason)
    now = read_bars(row.dataset)
    if any(now[name] != value for name, value in row.before.items()):
        raise LoweringDecidedError("The bars have changed since this was asked: ask again.")
    row.state, row.answer = row.State.CONFIRMED, reason.strip()
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    # Between these two the database lets the bars become lower, by exactly this.
    lower_bars(actor=actor, dataset=row.dataset, becomes=_resolve_vocabulary(row.becomes))
    row.state = row.State.APPLIED
    row.save(update_fields=["state"])
    _record_move(actor, row, row.answer)
    return row


@transaction.atomic
def refuse_lowering(*, actor: User, lowering: Lowering, reason: str) -> Lowering:
    """Leave the bars as they are, and say why. Raises as `confirm_lowering` does."""
    row = _lock_to_decide(actor, lowering, reason)
    row.state, row.answer = row.State.REFUSED, reason.strip()
    row.decided_by, row.decided_at = actor, timezone.now()
    row.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    _record_move(actor, row, row.answer)
    return row


@transaction.atomic
def cancel_lowering(*, actor: User, lowering: Lowering) -> Lowering:
    """Take one's own request back."""
    row = _lock_lowering(lowering)
    if row.proposed_by_id != actor.pk:
        raise DeniedError("Only who asked for it takes it back; refuse it instead.")
    row.state = row.State.CANCELLED
    row.save(update_fields=["state"])
    _record_move(actor, row, row.reason)
    return row


def list_visible_lowerings(user: Principal, dataset: Dataset) -> QuerySet[Lowering]:
    """Every request for the dataset, newest first, for those who work on it."""
    require_permission(user, Permission.DATASET_VIEW, dataset.organisation)
    return Lowering.objects.filter(dataset=dataset).select_related(
        "dataset__organisation", "proposed_by", "decided_by"
    )


def fetch_lowering(user: Principal, dataset: Dataset, uid: UUID) -> Lowering:
    """One request for the dataset. Raises LoweringUnknownError."""
    row = list_visible_lowerings(user, dataset).filter(uid=uid).first()
    if row is None:
        raise LoweringUnknownError(f"{dataset} has no request {uid} to lower a bar.")
    return row


def may_decide_on_lowering(user: Principal, lowering: Lowering) -> bool:
    """Whether the user is a reviewer for these bars, and did not ask for it."""
    decides = find_decider(lowering.becomes)
    reviews = has_permission(user, decides, lowering.dataset.organisation)
    return reviews and lowering.proposed_by_id != user.pk


def _resolve_vocabulary(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the vocabulary's row in place of its name and version."""
    said = changes.get("vocabulary")
    if not isinstance(said, str):
        return dict(changes)
    name, _, version = said.partition(" ")
    return {**changes, "vocabulary": fetch_vocabulary(name, version)}


def _lock_to_decide(actor: User, lowering: Lowering, reason: str) -> Lowering:
    row = _lock_lowering(lowering)
    if row.proposed_by_id == actor.pk:
        reviewer = REVIEWERS[find_decider(row.becomes)]
        raise OwnLoweringError(f"You asked for this: a {reviewer} who did not decides.")
    require_permission(actor, find_decider(row.becomes), row.dataset.organisation)
    if not reason.strip():
        raise InvalidError("Give a reason: the log keeps it.")
    return row


def _lock_lowering(lowering: Lowering) -> Lowering:
    """The request with its dataset locked first, as every writer of the dataset does."""
    dataset = _lock_dataset(lowering.dataset)
    row = Lowering.objects.select_for_update(of=("self",)).get(pk=lowering.pk)
    if row.state != Lowering.State.PROPOSED:
        raise LoweringDecidedError(f"This request is {row.state} already.")
    row.dataset = dataset
    return row


def _lock_dataset(dataset: Dataset) -> Dataset:
    rows = Dataset.objects.select_for_update(of=("self",)).select_related("organisation")
    return rows.get(pk=dataset.pk)


def _record_move(actor: User, row: Lowering, reason: str) -> None:
    record.lowering_moved(
        actor=actor.username,
        organisation=row.dataset.organisation.name,
        dataset=row.dataset.full_name,
        lowering=str(row.uid),
        state=row.state,
        reason=reason,
        detail={
            name: {"before": row.before[name], "becomes": value}
            for name, value in row.becomes.items()
        },
    )
    for follower in _FOLLOWERS:
        follower(row)
