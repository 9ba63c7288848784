"""What reviewers do, and what follows from it."""

from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.review.decisions import (
    ContentChangedError,
    DecidedError,
    NotAlikeError,
    OwnWorkError,
    decide_finding,
    decide_findings_alike,
)
from apps.review.discussion import (
    AnsweredError,
    add_comment,
    answer_changes,
    assign_clips,
    note_time,
    request_changes,
)
from apps.review.headcounts import ClipGoneError, count_people, point_out_voice
from apps.review.undo import (
    UNDO_WITHIN,
    NotAwaitingError,
    UndoError,
    confirm_clearance,
    undo_batch,
    undo_decision,
)
from datasets_catalog.roles import Permission

__all__ = [
    "UNDO_WITHIN",
    "AnsweredError",
    "ClipGoneError",
    "ContentChangedError",
    "DecidedError",
    "NotAlikeError",
    "NotAwaitingError",
    "OwnWorkError",
    "UndoError",
    "add_comment",
    "answer_changes",
    "assign_clips",
    "confirm_clearance",
    "count_people",
    "decide_finding",
    "decide_findings_alike",
    "note_time",
    "point_out_voice",
    "request_changes",
    "start_scan",
    "undo_batch",
    "undo_decision",
]

SCAN_CHUNK = 1000


@transaction.atomic
def start_scan(*, actor: User, dataset: Dataset) -> list[Job]:
    """Start jobs that scan the draft, a thousand clips each, on as many workers as there are."""
    require_permission(actor, Permission.FINDING_VIEW, dataset.organisation)
    rows = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    ids = list(rows.values_list("pk", flat=True))
    return [
        start_job(
            actor=actor,
            kind_name="privacy.scan",
            subject=dataset.full_name,
            organisation=dataset.organisation,
            arguments={"dataset": dataset.pk, "clips": ids[at : at + SCAN_CHUNK]},
        )
        for at in range(0, len(ids), SCAN_CHUNK)
    ]
