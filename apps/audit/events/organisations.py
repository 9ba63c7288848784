"""Organisations, their people and tokens, vocabularies and terms."""

from apps.audit.events.base import write_event


def organisation_created(*, actor: str, organisation: str) -> None:
    write_event(
        "organisation.created", actor=actor, organisation=organisation, subject=organisation
    )


def member_added(*, actor: str, organisation: str, user: str, role: str) -> None:
    write_event("member.added", actor=actor, organisation=organisation, subject=user, role=role)


def member_removed(*, actor: str, organisation: str, user: str, role: str) -> None:
    write_event("member.removed", actor=actor, organisation=organisation, subject=user, role=role)


def token_created(*, actor: str, token: str, scope: str, datasets: list[str]) -> None:
    write_event("token.created", actor=actor, subject=token, scope=scope, datasets=datasets)


def token_revoked(*, actor: str, token: str) -> None:
    write_event("token.revoked", actor=actor, subject=token)


def vocabulary_imported(*, actor: str, vocabulary: str, terms: int, sha256: str) -> None:
    write_event("vocabulary.imported", actor=actor, subject=vocabulary, terms=terms, sha256=sha256)


def terms_recorded(
    *, actor: str, organisation: str, licence: str, sha256: str, allowed: dict[str, object]
) -> None:
    write_event(
        "terms.recorded",
        actor=actor,
        organisation=organisation,
        subject=licence,
        sha256=sha256,
        allowed=allowed,
    )
