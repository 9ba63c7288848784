"""How an event is hashed onto the one before it, and how the chain is proved."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import rfc8785
from django.db import transaction
from django.utils import timezone

from apps.audit.models import AuditEvent, ChainHead

GENESIS = "0" * 64


def compute_event_hash(event: AuditEvent) -> str:
    """SHA-256 over the RFC 8785 form of the event and the hash before it."""
    body = {
        "sequence": event.sequence,
        "at": event.at.astimezone(tz=timezone.get_default_timezone()).isoformat(),
        "kind": event.kind,
        "actor": event.actor,
        "organisation": event.organisation,
        "subject": event.subject,
        "detail": event.detail,
        "previous": event.previous_hash,
    }
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


@transaction.atomic
def append_event(
    *, kind: str, actor: str, organisation: str, subject: str, detail: dict[str, Any]
) -> AuditEvent:
    """Write the next event. Writers queue on the head row until the transaction ends."""
    ChainHead.objects.get_or_create(id=1)
    head = ChainHead.objects.select_for_update().get(id=1)
    event = AuditEvent(
        sequence=head.sequence + 1,
        # Microseconds survive every database; nothing finer does.
        at=timezone.now(),
        kind=kind,
        actor=actor,
        organisation=organisation,
        subject=subject[:300],
        detail=detail,
        previous_hash=head.hash,
    )
    event.hash = compute_event_hash(event)
    event.save(force_insert=True)
    head.sequence, head.hash = event.sequence, event.hash
    head.save(update_fields=["sequence", "hash"])
    return event


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and how."""

    sequence: int
    problem: str


def find_breaks() -> Iterator[Break]:
    """Every place where an event was changed, deleted, moved or cut off the end."""
    expected, previous = 1, GENESIS
    for event in AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000):
        if event.sequence != expected:
            yield Break(expected, f"missing: the next event is {event.sequence}")
        elif event.previous_hash != previous:
            yield Break(event.sequence, "does not continue the event before it")
        if compute_event_hash(event) != event.hash:
            yield Break(event.sequence, "its content was changed")
        expected, previous = event.sequence + 1, event.hash
    head = ChainHead.objects.filter(id=1).first()
    if head is None:
        if expected > 1:
            yield Break(expected, "the head of the chain is missing")
    elif (head.sequence, head.hash) != (expected - 1, previous):
        yield Break(expected, f"the end was cut: the head says {head.sequence} events")
