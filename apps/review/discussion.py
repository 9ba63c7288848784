"""What reviewers write down beside their decisions: comments, requests, whose case, how long."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least
from django.utils import timezone

from apps.accounts.access import has_permission, require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Clip, Dataset
from apps.review.models import Assignment, ChangeRequest, Comment, ReviewTime
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.roles import Permission

LONGEST_TEXT = 10_000
# Seconds: who was away longer forgot to close the page.
LONGEST_VISIT = 1800.0
LONGEST_TIME = 8 * 3600.0


class AnsweredError(ConflictError):
    """The change request has its answer."""

    code = "change_request.answered"


def add_comment(*, actor: User, clip: Clip, text: str) -> Comment:
    """Leave a word for the other reviewers of the clip; it stays as it is."""
    require_permission(actor, Permission.FINDING_VIEW, clip.dataset.organisation)
    return Comment.objects.create(clip=clip, text=_check_text(text), written_by=actor)


@transaction.atomic
def assign_clips(*, actor: User, clips: Sequence[Clip], reviewer: User | None) -> int:
    """Make clips somebody's cases, or nobody's; returns how many.

    Raises `DeniedError` where the actor does not review, `InvalidError` where the reviewer could
    not decide.
    """
    datasets = {clip.dataset_id: clip.dataset for clip in clips}
    for dataset in datasets.values():
        require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
        if reviewer and not has_permission(
            reviewer, Permission.FINDING_DECIDE, dataset.organisation
        ):
            raise InvalidError(f"{reviewer} does not review in {dataset.organisation}.")
    ids = sorted({clip.pk for clip in clips})
    if reviewer is None:
        return Assignment.objects.filter(clip__in=ids).delete()[0]
    Assignment.objects.bulk_create(
        [
            Assignment(clip_id=pk, reviewer=reviewer, assigned_by=actor, assigned_at=timezone.now())
            for pk in ids
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["clip"],
        update_fields=["reviewer", "assigned_by", "assigned_at"],
    )
    return len(ids)


@transaction.atomic
def request_changes(*, actor: User, clip: Clip, text: str) -> ChangeRequest:
    """Ask the stewards to change a clip's row, file or consents; it blocks until it is answered."""
    dataset = Dataset.objects.select_for_update(of=("self",)).get(pk=clip.dataset_id)
    require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    made = ChangeRequest.objects.create(clip=clip, text=_check_text(text), asked_by=actor)
    record.changes_requested(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        clip=clip.path,
        request=str(made.uid),
        text=made.text,
    )
    return made


@transaction.atomic
def answer_changes(*, actor: User, request: ChangeRequest, text: str) -> ChangeRequest:
    """Say what was done, which closes the request. A steward answers; who asked may close it too.

    Raises `AnsweredError`, `DeniedError`.
    """
    row = ChangeRequest.objects.select_for_update().get(pk=request.pk)
    dataset = row.clip.dataset
    reviewing = has_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    if not (row.asked_by_id == actor.pk and reviewing):
        require_permission(actor, Permission.CLIP_INGEST, dataset.organisation)
    if row.answered_at is not None:
        raise AnsweredError(f"{row.answered_by} answered this already.")
    row.answer, row.answered_by, row.answered_at = _check_text(text), actor, timezone.now()
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    record.changes_answered(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        clip=row.clip.path,
        request=str(row.uid),
        text=row.answer,
    )
    return row


@transaction.atomic
def note_time(*, actor: User, clip: Clip, seconds: float) -> None:
    """Add what a visit to the clip took, in seconds: half an hour of it at most."""
    require_permission(actor, Permission.FINDING_VIEW, clip.dataset.organisation)
    if not 0 <= seconds < float("inf"):
        raise InvalidError("A visit takes no negative and no endless time.")
    visit = min(seconds, LONGEST_VISIT)
    row, made = ReviewTime.objects.get_or_create(
        clip=clip, reviewer=actor, defaults={"seconds": visit}
    )
    if not made:
        ReviewTime.objects.filter(pk=row.pk).update(
            seconds=Least(F("seconds") + visit, LONGEST_TIME), noted_at=timezone.now()
        )


def _check_text(text: str) -> str:
    said = text.strip()
    if not said:
        raise InvalidError("Write something.")
    if len(said) > LONGEST_TEXT:
        raise InvalidError(f"Write at most {LONGEST_TEXT} characters.")
    if "\0" in said:
        raise InvalidError("A text holds no zero bytes.")
    return said
