"""A second person confirms or rejects what somebody else labelled."""

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset, Event
from datasets_catalog.errors import DeniedError, InvalidError, NotFoundError
from datasets_catalog.labels import Status
from datasets_catalog.roles import Permission

VERDICTS = (Status.VERIFIED, Status.REJECTED)
AT_ONCE = 5000
# Events that a second person confirmed here: not what an import says of itself.
SECOND_PERSON = Q(status=Status.VERIFIED, verified_by__isnull=False)


class EventUnknownError(NotFoundError):
    """The draft has no such event."""

    code: ClassVar[str] = "event.unknown"


class OwnEventError(DeniedError):
    """Who brought an event in or labelled it does not verify it."""

    code: ClassVar[str] = "event.own_work"


@transaction.atomic
def verify_events(
    *, actor: User, dataset: Dataset, events: Sequence[UUID], verdict: str = Status.VERIFIED
) -> int:
    """Say of events of the draft that they are right (`verified`) or wrong (`rejected`).

    All of them or none. A rejected event is in no release. Returns how many changed; said again
    by the same person it changes nothing. Raises EventUnknownError, OwnEventError, InvalidError.
    """
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    require_permission(actor, Permission.EVENT_VERIFY, row.organisation)
    if verdict not in VERDICTS:
        raise InvalidError(f"{verdict!r}: an event is verified or rejected.")
    wanted = set(events)
    if not wanted or len(wanted) > AT_ONCE:
        raise InvalidError(f"Name between one and {AT_ONCE} events.")
    found = list(
        Event.objects.filter(
            uid__in=wanted, clip__dataset=row, clip__state=Clip.State.ACTIVE
        ).select_related("clip")
    )
    missing = sorted(map(str, wanted - {event.uid for event in found}))
    if missing:
        raise EventUnknownError(f"The draft of {row} has no event {missing[0]}.", missing=missing)
    for event in found:
        _refuse_own(actor, event)
    changed = [event for event in found if not _has_verdict(event, actor, verdict)]
    now = timezone.now()
    for event in changed:
        event.status, event.verifier = verdict, actor.username
        event.verified_by, event.verified_at = actor, now
    Event.objects.bulk_update(
        changed, ["status", "verifier", "verified_by", "verified_at"], batch_size=500
    )
    if changed:
        touch_draft(row, clips={event.clip_id for event in changed})
        record.events_verified(
            actor=actor.username,
            organisation=row.organisation.name,
            dataset=row.full_name,
            verdict=str(verdict),
            events=sorted(str(event.uid) for event in changed),
        )
    return len(changed)


def _refuse_own(actor: User, event: Event) -> None:
    if event.created_by_id == actor.pk or event.annotator == actor.username:
        raise OwnEventError(
            f"{event.label} in {event.clip.path} is your own work: somebody else has to verify it."
        )


def _has_verdict(event: Event, actor: User, verdict: str) -> bool:
    return event.verified_by_id == actor.pk and event.status == verdict
