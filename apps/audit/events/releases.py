"""Releases on their way out: steps, stops, questions, documents, publications."""

from typing import Any

from apps.audit.events.base import write_event


def release_moved(
    *, actor: str, organisation: str, release: str, before: str, after: str, root: str, reason: str
) -> None:
    write_event(
        "release.moved",
        actor=actor,
        organisation=organisation,
        subject=release,
        before=before,
        after=after,
        root=root,
        reason=reason,
    )


def release_signed_off(
    *, actor: str, organisation: str, release: str, part: str, root: str, note: str
) -> None:
    write_event(
        "release.signed_off",
        actor=actor,
        organisation=organisation,
        subject=release,
        part=part,
        root=root,
        note=note,
    )


def stop_placed(
    *, actor: str, organisation: str, dataset: str, stop: str, of: str, reason: str
) -> None:
    write_event(
        "stop.placed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        stop=stop,
        of=of,
        reason=reason,
    )


def stop_confirmed(*, actor: str, organisation: str, dataset: str, stop: str, of: str) -> None:
    write_event(
        "stop.confirmed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        stop=stop,
        of=of,
    )


def stop_lifted(
    *, actor: str, organisation: str, dataset: str, stop: str, of: str, reason: str
) -> None:
    write_event(
        "stop.lifted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        stop=stop,
        of=of,
        reason=reason,
    )


def question_answered(
    *, actor: str, organisation: str, release: str, root: str, question: str, answer: str, note: str
) -> None:
    write_event(
        "checklist.answered",
        actor=actor,
        organisation=organisation,
        subject=release,
        root=root,
        question=question,
        answer=answer,
        note=note,
    )


def document_attached(
    *, actor: str, organisation: str, dataset: str, document: str, kind: str, sha256: str
) -> None:
    write_event(
        "document.attached",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        document=document,
        kind_of_document=kind,
        sha256=sha256,
    )


def document_retired(
    *, actor: str, organisation: str, dataset: str, document: str, reason: str
) -> None:
    write_event(
        "document.retired",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        document=document,
        reason=reason,
    )


def target_saved(*, actor: str, organisation: str, target: str, endpoint: str) -> None:
    write_event(
        "target.saved", actor=actor, organisation=organisation, subject=target, endpoint=endpoint
    )


def publication_moved(
    *, actor: str, organisation: str, release: str, target: str, state: str, detail: dict[str, Any]
) -> None:
    write_event(
        "publication.moved",
        actor=actor,
        organisation=organisation,
        subject=release,
        target=target,
        state=state,
        **detail,
    )
