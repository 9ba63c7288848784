"""Steps of a release as jobs: for doors, where nobody can wait for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.intake import Progress
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.releases.actions import create_release, parse_purposes, settle_release
from apps.releases.freezing import freeze_rows
from apps.releases.gate_results import judge_draft
from apps.releases.models import Release
from apps.releases.version_proposals import build_proposal
from datasets_catalog.licences import Use
from datasets_catalog.release_states import ReleaseState, advance_state
from datasets_catalog.roles import Permission
from datasets_catalog.territories import parse_territories

FREEZE = "releases.freeze"
SUBMIT = "releases.submit"
DRY_RUN = "releases.dry_run"
# Of the rows that fail a gate, so many are told.
SHOWN_ROWS = 100


def start_freeze(*, actor: User, release: Release) -> Job:
    """Have the draft scanned and frozen."""
    require_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    return start_step(actor=actor, release=release, kind_name=FREEZE)


@transaction.atomic
def prepare_release(
    *,
    actor: User,
    dataset: Dataset,
    version: str,
    purposes: Sequence[str],
    territories: Iterable[str] = (),
    notes: str = "",
) -> Release:
    """Make a release and have the draft frozen as it; raises as `create_release` does."""
    release = create_release(
        actor=actor,
        dataset=dataset,
        version=version,
        purposes=purposes,
        territories=territories,
        notes=notes,
    )
    start_freeze(actor=actor, release=release)
    return release


def start_submission(*, actor: User, release: Release) -> Job:
    """Have the gates asked and the release handed to its reviewers."""
    require_permission(actor, Permission.RELEASE_PREPARE, release.dataset.organisation)
    advance_state(ReleaseState(settle_release(release).state), ReleaseState.IN_REVIEW)
    return start_step(actor=actor, release=release, kind_name=SUBMIT)


@transaction.atomic
def start_step(
    *, actor: User, release: Release, kind_name: str, arguments: dict[str, Any] | None = None
) -> Job:
    """Start a job about the release; while one like it waits or runs, that one is the answer.

    Who may was asked before.
    """
    # Two clicks at once come one after the other, so that the second finds the first one's job.
    Release.objects.select_for_update().get(pk=release.pk)
    wanted = {"release": release.pk, **(arguments or {})}
    waiting = Job.objects.filter(
        kind=kind_name, subject=str(release), created_by=actor, finished_at=None
    )
    for job in waiting:
        if job.arguments == wanted:
            return job
    return start_job(
        actor=actor,
        kind_name=kind_name,
        subject=str(release),
        organisation=release.dataset.organisation,
        arguments=wanted,
    )


def start_dry_run(
    *, actor: User, dataset: Dataset, purposes: Sequence[str], territories: Iterable[str] = ()
) -> Job:
    """Have the draft frozen and judged as a release of these purposes would be, for show."""
    require_permission(actor, Permission.RELEASE_PREPARE, dataset.organisation)
    return start_job(
        actor=actor,
        kind_name=DRY_RUN,
        subject=dataset.full_name,
        organisation=dataset.organisation,
        arguments={
            "dataset": dataset.pk,
            "purposes": parse_purposes(purposes),
            "territories": sorted(parse_territories(territories)),
        },
    )


def perform_dry_run(
    *,
    actor: User,
    dataset: Dataset,
    purposes: Sequence[str],
    progress: Progress,
    territories: Sequence[str] = (),
) -> dict[str, Any]:
    """What a release of the draft as it is now would hold, and what every gate would say of it.

    Makes no release and scans nothing. Its root is that of a release frozen at this moment.
    """
    require_permission(actor, Permission.RELEASE_PREPARE, dataset.organisation)
    frozen = freeze_rows(dataset, use=Use(dataset.use), at=timezone.now(), progress=progress)
    progress(frozen.clips, 0, "Asking the gates")
    planned = Release(
        dataset=dataset, purposes=list(purposes), territories=list(territories), use=dataset.use
    )
    verdicts = judge_draft(planned)
    gates = [
        {
            "code": verdict.code,
            "title": verdict.title,
            "blocking": verdict.severity == "blocking",
            "passed": verdict.passed,
            "summary": verdict.summary,
            "failing_count": len(verdict.rows),
            "failing": [asdict(row) for row in verdict.rows[:SHOWN_ROWS]],
        }
        for verdict in verdicts
    ]
    return {
        "proposal": build_proposal(planned, frozen).as_json(),
        "would_pass": bool(frozen.clips) and all(g["passed"] or not g["blocking"] for g in gates),
        "purposes": list(purposes),
        "territories": list(territories),
        "root": frozen.root,
        "clips": frozen.clips,
        "events": frozen.events,
        "seconds": frozen.seconds,
        "size": frozen.size,
        "licence": frozen.licence,
        "gates": gates,
    }
