"""What reviewers do, and what follows from it."""

from django.db import transaction

from apps.accounts.access import require
from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.privacy.counting import ClipGoneError, count_people, point_out
from apps.privacy.deciding import (
    ContentChangedError,
    DecidedError,
    NotAlikeError,
    OwnWorkError,
    decide,
    decide_many,
)
from apps.privacy.talking import (
    AnsweredError,
    answer_changes,
    assign,
    comment,
    note_time,
    request_changes,
)
from apps.privacy.undoing import (
    UNDO_WITHIN,
    NotAwaitingError,
    UndoError,
    confirm,
    undo,
    undo_batch,
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
    "answer_changes",
    "assign",
    "comment",
    "confirm",
    "count_people",
    "decide",
    "decide_many",
    "note_time",
    "point_out",
    "request_changes",
    "start_scan",
    "undo",
    "undo_batch",
]

SCAN_CHUNK = 1000


@transaction.atomic
def start_scan(*, actor: User, dataset: Dataset) -> list[Job]:
    """Start jobs that scan the draft, a thousand clips each, on as many workers as there are."""
    require(actor, Permission.FINDING_VIEW, dataset.organisation)
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
