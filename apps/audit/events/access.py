"""Who was let in, and put out."""

from collections.abc import Mapping

from apps.audit.events.base import write_event


def access_granted(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    holder: str,
    purposes: list[str],
    country: str,
    until: str,
) -> None:
    write_event(
        "access.granted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        holder=holder,
        purposes=purposes,
        country=country,
        until=until,
    )


def access_revoked(*, actor: str, organisation: str, dataset: str, holder: str) -> None:
    write_event(
        "access.revoked", actor=actor, organisation=organisation, subject=dataset, holder=holder
    )


def access_terms_saved(
    *, actor: str, organisation: str, dataset: str, version: int, sha256: str, asks_again: bool
) -> None:
    write_event(
        "access.terms_saved",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        version=version,
        sha256=sha256,
        asks_again=asks_again,
    )


def access_terms_accepted(
    *, actor: str, organisation: str, dataset: str, version: int, holder: str
) -> None:
    write_event(
        "access.terms_accepted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        version=version,
        holder=holder,
    )


def access_seats_set(
    *, actor: str, organisation: str, dataset: str, holder: str, seats: int | None
) -> None:
    write_event(
        "access.seats_set",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        holder=holder,
        seats=seats,
    )


def access_seat_moved(
    *, actor: str, organisation: str, dataset: str, user: str, given: bool
) -> None:
    write_event(
        "access.seat_given" if given else "access.seat_taken",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        user=user,
    )


def access_requested(
    *, actor: str, organisation: str, dataset: str, request: str, purposes: list[str]
) -> None:
    write_event(
        "access.requested",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        request=request,
        purposes=purposes,
    )


def access_answered(
    *, actor: str, organisation: str, dataset: str, request: str, state: str, answer: str
) -> None:
    write_event(
        "access.answered",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        request=request,
        state=state,
        answer=answer,
    )


def access_change_moved(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    change: str,
    state: str,
    detail: Mapping[str, str | bool],
) -> None:
    write_event(
        f"access.change_{state}",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        change=change,
        **detail,
    )
