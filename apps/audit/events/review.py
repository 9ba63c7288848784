"""What detectors saw, reviewers said and samples showed."""

from typing import Any

from apps.audit.events.base import event


def scan_finished(
    *, actor: str, organisation: str, dataset: str, scanned: int, findings: int, failed: int
) -> None:
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
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
    event(
        "people.pointed_out",
        actor=actor,
        organisation=organisation,
        subject=dataset,
        clip=clip,
        onset=onset,
        offset=end,
        reason=reason,
    )
