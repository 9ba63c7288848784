"""Taking a decision back, and agreeing with one that needs two reviewers."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset
from apps.detection.scanning import scan_clips
from apps.review.access import RELATED_PATHS
from apps.review.decisions import OwnWorkError, refuse_own_work, split_ids
from apps.review.models import Batch, Confirmation, Decision, Redaction, Revocation
from apps.review.playback_records import require_heard
from apps.review.replacements import put_bytes_back
from apps.review.verdict_changes import announce_verdicts, collect_decided_bytes
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError
from datasets_catalog.roles import Permission

# Later it is no slip of the hand any more.
UNDO_WITHIN = timedelta(minutes=15)


class UndoError(ConflictError):
    """The decision cannot be taken back any more."""

    code = "decision.not_undoable"


class NotAwaitingError(ConflictError):
    """The decision waits for nobody's agreement."""

    code = "decision.not_awaiting"


def undo_decision(*, actor: User, decision: Decision, reason: str = "") -> None:
    """Take a decision of one's own back within `UNDO_WITHIN`: the finding is open again.

    An excluded clip returns to the draft; a redaction is turned back, events included. The
    decision stays in the record as a revocation. Raises `UndoError` where it is too late (the time
    is over, a release was frozen since, another reviewer agreed, the clip has changed since).
    """
    _undo_decisions(actor, [decision], reason)


def undo_batch(*, actor: User, batch: Batch, reason: str = "") -> int:
    """Take back what is in force of a batch; returns how many decisions.

    Raises as `undo_decision`.
    """
    decisions = list(Decision.objects.filter(batch=batch).order_by("pk"))
    if not decisions:
        raise UndoError("Nothing of this batch is in force any more.")
    _undo_decisions(actor, decisions, reason)
    return len(decisions)


def _undo_decisions(actor: User, decisions: Sequence[Decision], why: str) -> None:
    turned = _take_back_decisions(actor, decisions, why.strip())
    if turned:
        dataset = decisions[0].finding.clip.dataset
        scan_clips(actor=actor, dataset=dataset, clip_ids=turned)


@transaction.atomic
def _take_back_decisions(actor: User, decisions: Sequence[Decision], why: str) -> list[int]:
    """The ids of clips whose bytes were turned back."""
    dataset = _lock_dataset(decisions[0])
    require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    rows = _require_in_force(decisions)
    if any(row.decided_by_id != actor.pk for row in rows):
        raise DeniedError("Only who decided takes a decision back.")
    first = min(row.decided_at for row in rows)
    if timezone.now() - first > UNDO_WITHIN:
        raise UndoError(
            f"A decision can be taken back within {UNDO_WITHIN.seconds // 60} minutes. Ask the"
            " steward for a change of the clip instead: changed content is reviewed anew."
        )
    if Dataset.objects.filter(pk=dataset.pk, releases__frozen_at__gte=first).exists():
        raise UndoError("A release was frozen since, with this decision in it.")
    if any(hasattr(row, "confirmation") for row in rows):
        raise UndoError("Another reviewer agreed with this decision: it stands.")
    return revoke_decisions(actor, dataset, rows, Revocation.Cause.UNDONE, why)


def confirm_clearance(*, actor: User, decision: Decision, agree: bool, reason: str) -> Confirmation:
    """Say as a second reviewer whether an identifiable person may stay in what was cleared.

    Who agrees has been played it, too. Who does not agree takes the decision back: the finding is
    open again. Raises `NotAwaitingError`, `NotHeardError`, `OwnWorkError` (for the first reviewer,
    and who brought in or annotated the clip), `DeniedError`.
    """
    require_permission(actor, Permission.FINDING_DECIDE, decision.finding.clip.dataset.organisation)
    if not reason.strip():
        raise InvalidError("Give a reason: it is what the record of this review consists of.")
    return _record_confirmation(actor, decision, reason.strip(), agree=agree)


@transaction.atomic
def _record_confirmation(
    actor: User, decision: Decision, reason: str, *, agree: bool
) -> Confirmation:
    dataset = _lock_dataset(decision)
    row = _require_in_force([decision])[0]
    if not row.awaits_second:
        raise NotAwaitingError("This decision waits for nobody's agreement.")
    if row.decided_by_id == actor.pk:
        raise OwnWorkError("You decided on this yourself: another reviewer has to agree.")
    refuse_own_work(actor, [row.finding.clip_id])
    if agree:
        require_heard(actor, [row.finding])
    made = Confirmation.objects.create(
        finding=row.finding,
        decision=row,
        agree=agree,
        reason=reason,
        confirmed_by=actor,
        decided_by=row.decided_by,
        uploaded_by=row.uploaded_by,
    )
    record.decision_confirmed(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        finding=str(row.finding.uid),
        agree=agree,
        reason=reason,
    )
    if agree:
        announce_verdicts(dataset.organisation_id, collect_decided_bytes([row.finding]))
    else:
        revoke_decisions(actor, dataset, [row], Revocation.Cause.NOT_CONFIRMED, reason)
    return made


def _lock_dataset(decision: Decision) -> Dataset:
    dataset_id = decision.finding.clip.dataset_id
    return (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=dataset_id)
    )


def _require_in_force(decisions: Sequence[Decision]) -> list[Decision]:
    related = (
        *(f"finding__{name}" for name in RELATED_PATHS if "decision" not in name),
        "confirmation",
    )
    ids = sorted(decision.pk for decision in decisions)
    rows = [
        row
        for some in split_ids(ids)
        for row in Decision.objects.filter(pk__in=some)
        .select_related("decided_by", "uploaded_by", *related)
        .order_by("pk")
    ]
    if len(rows) != len(ids):
        raise UndoError("This decision was taken back already.")
    return rows


def revoke_decisions(
    actor: User, dataset: Dataset, rows: Sequence[Decision], cause: str, why: str
) -> list[int]:
    """Move decisions from those in force into the record, and undo what they did."""
    Revocation.objects.bulk_create(
        [
            Revocation(
                finding=row.finding,
                decision_number=row.pk,
                verdict=row.verdict,
                reason=row.reason,
                identifiable=row.identifiable,
                content_sha256=row.content_sha256,
                decided_by=row.decided_by,
                decided_at=row.decided_at,
                batch_id=row.batch_id,
                cause=cause,
                why=why,
                revoked_by=actor,
            )
            for row in rows
        ],
        batch_size=500,
    )
    for some in split_ids([row.pk for row in rows]):
        Decision.objects.filter(pk__in=some).delete()
    contents = collect_decided_bytes(row.finding for row in rows)
    contents |= {row.bytes_sha256 for row in rows if row.bytes_sha256}
    turned = _turn_back_clips(actor, rows)
    changed = [row.finding.clip_id for row in rows if row.verdict != Decision.Verdict.CLEAR]
    if changed:
        touch_draft(dataset, clips=sorted(set(changed)))
    record.decisions_revoked(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        findings=[str(row.finding.uid) for row in rows[:20]],
        count=len(rows),
        cause=cause,
        reason=why,
    )
    announce_verdicts(dataset.organisation_id, contents)
    return turned


def _turn_back_clips(actor: User, rows: Sequence[Decision]) -> list[int]:
    """Return clips to the draft, and to the bytes they had; returns the ids of the latter."""
    excluded = [r.finding.clip_id for r in rows if r.verdict == Decision.Verdict.EXCLUDE]
    for some in split_ids(sorted(set(excluded))):
        kept_out = Decision.objects.filter(
            finding__clip__in=some, verdict=Decision.Verdict.EXCLUDE
        ).values("finding__clip")
        Clip.objects.filter(pk__in=some, state=Clip.State.EXCLUDED).exclude(pk__in=kept_out).update(
            state=Clip.State.ACTIVE, updated_at=timezone.now()
        )
    turned: set[int] = set()
    for row in rows:
        clip_id = row.finding.clip_id
        if row.verdict == Decision.Verdict.REDACT and clip_id not in turned:
            _restore_clip(actor, row)
            turned.add(clip_id)
    return sorted(turned)


def _restore_clip(actor: User, row: Decision) -> None:
    clip = (
        Clip.objects.select_for_update(of=("self",))
        .select_related("blob", "original", "dataset__organisation")
        .get(pk=row.finding.clip_id)
    )
    done = (
        Redaction.objects.filter(clip=clip, made_at__gte=row.decided_at)
        .select_related("before", "after")
        .order_by("-pk")
        .first()
    )
    if done is None or done.after_id != clip.blob_id or done.before.destroyed_at is not None:
        raise UndoError(f"{clip.path} has changed since it was redacted.")
    put_bytes_back(actor, clip, done)
