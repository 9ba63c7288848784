"""One function per kind of event: what is written down, and under which words.

Every function takes the actor's name and writes in the caller's transaction: what is rolled back
did not happen and is not in the log.
"""

from typing import Any

from apps.audit.chain import append


def _event(kind: str, *, actor: str, organisation: str = "", subject: str, **detail: Any) -> None:
    append(kind=kind, actor=actor, organisation=organisation, subject=subject, detail=detail)


def organisation_created(*, actor: str, organisation: str) -> None:
    _event("organisation.created", actor=actor, organisation=organisation, subject=organisation)


def member_added(*, actor: str, organisation: str, user: str, role: str) -> None:
    _event("member.added", actor=actor, organisation=organisation, subject=user, role=role)


def member_removed(*, actor: str, organisation: str, user: str, role: str) -> None:
    _event("member.removed", actor=actor, organisation=organisation, subject=user, role=role)


def token_created(*, actor: str, token: str, scope: str, datasets: list[str]) -> None:
    _event("token.created", actor=actor, subject=token, scope=scope, datasets=datasets)


def token_revoked(*, actor: str, token: str) -> None:
    _event("token.revoked", actor=actor, subject=token)


def vocabulary_imported(*, actor: str, vocabulary: str, terms: int, sha256: str) -> None:
    _event("vocabulary.imported", actor=actor, subject=vocabulary, terms=terms, sha256=sha256)


def dataset_created(*, actor: str, organisation: str, dataset: str, vertical: str) -> None:
    _event(
        "dataset.created",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        vertical=vertical,
    )


def dataset_changed(
    *, actor: str, organisation: str, dataset: str, changes: dict[str, Any]
) -> None:
    _event(
        "dataset.changed", actor=actor, organisation=organisation, subject=dataset, changes=changes
    )


def clips_ingested(
    *, actor: str, organisation: str, dataset: str, added: int, changed: int, unchanged: int
) -> None:
    _event(
        "clips.ingested",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        added=added,
        changed=changed,
        unchanged=unchanged,
    )


def clips_removed(*, actor: str, organisation: str, dataset: str, clips: list[str]) -> None:
    _event("clips.removed", actor=actor, organisation=organisation, subject=dataset, clips=clips)


def draft_pushed(
    *, actor: str, organisation: str, dataset: str, commit: str, files: int, removed: int
) -> None:
    _event(
        "draft.pushed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        commit=commit,
        files=files,
        removed=removed,
    )


def events_imported(
    *, actor: str, organisation: str, dataset: str, format_name: str, events: int
) -> None:
    _event(
        "events.imported",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        format=format_name,
        events=events,
    )


def consents_recorded(*, actor: str, organisation: str, count: int, sha256: str) -> None:
    _event(
        "consents.recorded",
        actor=actor,
        organisation=organisation,
        subject=organisation,
        count=count,
        table_sha256=sha256,
    )


def contributor_of_age(*, actor: str, organisation: str, contributor: str, reason: str) -> None:
    _event(
        "contributor.of_age",
        actor=actor,
        organisation=organisation,
        subject=contributor,
        reason=reason,
    )


def terms_recorded(*, actor: str, organisation: str, licence: str, sha256: str) -> None:
    _event("terms.recorded", actor=actor, organisation=organisation, subject=licence, sha256=sha256)


def scan_finished(
    *, actor: str, organisation: str, dataset: str, scanned: int, findings: int, failed: int
) -> None:
    _event(
        "privacy.scanned",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        scanned=scanned,
        findings=findings,
        failed=failed,
    )


def finding_decided(
    *, actor: str, organisation: str, dataset: str, finding: str, verdict: str, reason: str
) -> None:
    _event(
        "finding.decided",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        finding=finding,
        verdict=verdict,
        reason=reason,
    )


def findings_decided(
    *, actor: str, organisation: str, dataset: str, verdict: str, reason: str, batch: dict[str, Any]
) -> None:
    """`batch`: its uid, the kind of its findings, how many, and the first of them."""
    _event(
        "findings.decided",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        verdict=verdict,
        reason=reason,
        batch=batch,
    )


def decisions_revoked(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    findings: list[str],
    count: int,
    cause: str,
    reason: str,
) -> None:
    _event(
        "decisions.revoked",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        findings=findings,
        count=count,
        cause=cause,
        reason=reason,
    )


def decision_confirmed(
    *, actor: str, organisation: str, dataset: str, finding: str, agree: bool, reason: str
) -> None:
    _event(
        "decision.confirmed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        finding=finding,
        agree=agree,
        reason=reason,
    )


def changes_requested(
    *, actor: str, organisation: str, dataset: str, clip: str, request: str, text: str
) -> None:
    _event(
        "changes.requested",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        request=request,
        text=text,
    )


def changes_answered(
    *, actor: str, organisation: str, dataset: str, clip: str, request: str, text: str
) -> None:
    _event(
        "changes.answered",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        request=request,
        text=text,
    )


def sample_drawn(
    *, actor: str, organisation: str, dataset: str, number: int, size: int, seed: str
) -> None:
    _event(
        "sample.drawn",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        number=number,
        size=size,
        seed=seed,
    )


def sample_heard(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    number: int,
    content: str,
    missed: bool,
    note: str,
) -> None:
    _event(
        "sample.heard",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        number=number,
        content_sha256=content,
        missed=missed,
        note=note,
    )


def original_heard(
    *, actor: str, organisation: str, dataset: str, clip: str, onset: float, end: float
) -> None:
    _event(
        "clip.original_heard",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        onset=onset,
        end=end,
    )


def clip_redacted(
    *, actor: str, organisation: str, dataset: str, clip: str, before: str, after: str, method: str
) -> None:
    _event(
        "clip.redacted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        sha256_before=before,
        sha256_after=after,
        method=method,
    )


def release_moved(
    *, actor: str, organisation: str, release: str, before: str, after: str, root: str, reason: str
) -> None:
    _event(
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
    _event(
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
    _event(
        "stop.placed",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        stop=stop,
        of=of,
        reason=reason,
    )


def stop_confirmed(*, actor: str, organisation: str, dataset: str, stop: str, of: str) -> None:
    _event(
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
    _event(
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
    _event(
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
    _event(
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
    _event(
        "document.retired",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        document=document,
        reason=reason,
    )


def access_granted(
    *, actor: str, organisation: str, dataset: str, holder: str, purposes: list[str], until: str
) -> None:
    _event(
        "access.granted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        holder=holder,
        purposes=purposes,
        until=until,
    )


def access_revoked(*, actor: str, organisation: str, dataset: str, holder: str) -> None:
    _event("access.revoked", actor=actor, organisation=organisation, subject=dataset, holder=holder)


def access_terms_saved(
    *, actor: str, organisation: str, dataset: str, version: int, sha256: str, asks_again: bool
) -> None:
    _event(
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
    _event(
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
    _event(
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
    _event(
        "access.seat_given" if given else "access.seat_taken",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        user=user,
    )


def access_requested(
    *, actor: str, organisation: str, dataset: str, request: str, purposes: list[str]
) -> None:
    _event(
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
    _event(
        "access.answered",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        request=request,
        state=state,
        answer=answer,
    )


def target_saved(*, actor: str, organisation: str, target: str, endpoint: str) -> None:
    _event(
        "target.saved", actor=actor, organisation=organisation, subject=target, endpoint=endpoint
    )


def publication_moved(
    *, actor: str, organisation: str, release: str, target: str, state: str, detail: dict[str, Any]
) -> None:
    _event(
        "publication.moved",
        actor=actor,
        organisation=organisation,
        subject=release,
        target=target,
        state=state,
        **detail,
    )
