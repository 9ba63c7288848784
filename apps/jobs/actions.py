"""Every write to a job: start, claim, report, end, cancel, rescue."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import Organisation, User
from apps.jobs.models import Job, JobQuerySet
from apps.jobs.registry import find_job_kind
from apps.jobs.worker_messages import wake_worker
from datasets_catalog.errors import ConflictError, DeniedError, EarmarkError
from datasets_catalog.roles import Permission

log = logging.getLogger(__name__)


class JobCancelledError(EarmarkError):
    """Somebody asked the job to stop."""

    code = "job.cancelled"


class ActorMissingError(EarmarkError):
    """Work that is done in somebody's name was started by nobody."""

    code = "job.actor_missing"


class LeaseLostError(EarmarkError):
    """Another worker took the job over."""

    code = "job.lease_lost"


def start_job(
    *,
    actor: User | None,
    kind_name: str,
    subject: str = "",
    organisation: Organisation | None = None,
    arguments: dict[str, Any] | None = None,
) -> Job:
    """Write the job down and wake a worker when the transaction commits."""
    row = Job.objects.create(
        kind=kind_name,
        subject=subject,
        arguments=arguments or {},
        created_by=actor,
        organisation=organisation,
    )
    # A worker that was woken before the commit would find no row, and nobody would wake it again
    # but `rescue_jobs`.
    transaction.on_commit(lambda: wake_worker(row.pk))
    return row


def claim_job(job_id: int) -> Claim | None:
    """Take the job if it is free; None if somebody has it or it is over."""
    token = uuid.uuid4()
    now = timezone.now()
    # One conditional update: of several workers that a message reached, the database lets one have
    # it.
    taken = (
        Job.objects.filter(pk=job_id)
        .claimable()
        .update(
            state=Job.State.RUNNING,
            claim=token,
            lease_until=now + timedelta(seconds=settings.JOB_LEASE_SECONDS),
            attempt=F("attempt") + 1,
            started_at=now,
        )
    )
    if not taken:
        return None
    row = Job.objects.get(pk=job_id)
    return Claim(
        job_id=row.pk,
        token=token,
        attempt=row.attempt,
        kind_name=row.kind,
        arguments=row.arguments,
        actor_id=row.created_by_id,
    )


@dataclass(slots=True)
class Claim:
    """A worker's hold on a job: what the job's function is given as its `Run`."""

    job_id: int
    token: uuid.UUID
    attempt: int
    kind_name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    actor_id: int | None = None

    @property
    def actor(self) -> User:
        """Who started the job; a job that only the system may start has nobody."""
        if self.actor_id is None:
            raise ActorMissingError("This job has to be started by somebody.")
        return User.objects.get(pk=self.actor_id)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Report, renew the lease, and learn whether to go on."""
        # The claim is the fence: whoever lost the lease, however late they wake up, changes no row.
        held = self._select_own().update(
            done=done,
            total=total,
            message=message[:300],
            lease_until=timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        )
        if not held:
            raise LeaseLostError("Another worker took this job over.")
        if Job.objects.filter(pk=self.job_id, cancel_requested=True).exists():
            raise JobCancelledError("The job was cancelled.")

    def finish(self, state: str, *, result: dict[str, Any], error: dict[str, Any]) -> bool:
        """End the job; False when it is no longer ours to end."""
        return bool(
            self._select_own().update(
                state=state,
                result=result,
                error=error,
                finished_at=timezone.now(),
                claim=None,
                lease_until=None,
            )
        )

    def _select_own(self) -> JobQuerySet:
        return Job.objects.filter(pk=self.job_id, claim=self.token, state=Job.State.RUNNING)


def run_claimed_job(claimed: Claim) -> None:
    """Do the work of a claimed job and write down how it ended."""
    registered = find_job_kind(claimed.kind_name)
    if claimed.attempt > registered.attempts:
        message = f"Gave up after {registered.attempts} tries."
        error: dict[str, Any] = {"code": "job.gave_up", "message": message}
        claimed.finish(Job.State.FAILED, result={}, error=error)
        return
    try:
        claimed.progress(0, 0, registered.title)
        result = registered.work(claimed)
    except LeaseLostError:
        log.warning("job %s: lease lost to another worker", claimed.job_id)
    except JobCancelledError:
        claimed.finish(Job.State.CANCELLED, result={}, error={})
    except EarmarkError as problem:
        error = {"code": problem.code, "message": problem.message, "detail": problem.detail}
        claimed.finish(Job.State.FAILED, result={}, error=error)
    except Exception:
        log.exception("job %s failed", claimed.job_id)
        error = {
            "code": "job.crashed",
            "message": "Something went wrong on our side. The operators' log has the details;"
            " start it again, and tell them if it fails again.",
        }
        claimed.finish(Job.State.FAILED, result={}, error=error)
    else:
        claimed.finish(Job.State.DONE, result=result, error={})


def run_job(job_id: int) -> bool:
    """Claim and run; False when there was nothing to do."""
    claimed = claim_job(job_id)
    if claimed is None:
        return False
    run_claimed_job(claimed)
    return True


@transaction.atomic
def cancel_job(*, actor: User, job: Job) -> Job:
    """Ask a job to stop; a queued one stops at once, a running one at its next report.

    Who started it may, and who may edit the organisation's datasets.
    """
    row = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if row.created_by_id != actor.pk:
        _require_editor(actor, row)
    if row.is_over:
        raise ConflictError(f"This job is {row.state} already.")
    row.cancel_requested = True
    if row.state == Job.State.QUEUED:
        row.state, row.finished_at = Job.State.CANCELLED, timezone.now()
    row.save(update_fields=["cancel_requested", "state", "finished_at"])
    return row


def _require_editor(actor: User, row: Job) -> None:
    if row.organisation is None:
        raise DeniedError("Only who started this job may stop it.")
    require_permission(actor, Permission.DATASET_EDIT, row.organisation)


def rescue_jobs() -> int:
    """Wake workers for jobs whose message or worker was lost; returns how many."""
    # What is younger may still have its first message under way.
    stale = timezone.now() - timedelta(seconds=30)
    lost = Job.objects.claimable().filter(created_at__lt=stale).values_list("pk", flat=True)
    ids = list(lost[:500])
    for job_id in ids:
        wake_worker(job_id)
    return len(ids)
