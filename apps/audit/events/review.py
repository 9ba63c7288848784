"""What detectors saw, reviewers said and samples showed."""

from typing import Any

from apps.audit.events.base import write_event


def scan_finished(
    *, actor: str, organisation: str, dataset: str, scanned: int, findings: int, failed: int
) -> None:
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
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
    write_event(
        "clip.redacted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        sha256_before=before,
        sha256_after=after,
        method=method,
    )


def people_counted(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    clip: str,
    reason: str,
    count: dict[str, Any],
) -> None:
    """`count`: of which content, how many people are heard and recorded, whether all are."""
    write_event(
        "people.counted",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        reason=reason,
        **count,
    )


def somebody_pointed_out(
    *,
    actor: str,
    organisation: str,
    dataset: str,
    clip: str,
    onset: float,
    end: float,
    reason: str,
) -> None:
    """Times in seconds."""
    write_event(
        "people.pointed_out",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        onset=onset,
        offset=end,
        reason=reason,
    )
