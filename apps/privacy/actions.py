"""What reviewers decide, and what follows from it."""

from django.db import transaction

from apps.accounts.access import require
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset, Event
from apps.jobs.actions import start_job
from apps.jobs.models import Job
from apps.privacy.models import Decision, Finding
from apps.privacy.redaction import Method
from apps.privacy.replacing import Replacement, replace_bytes, take_out
from apps.privacy.scanning import scan_clips
from datasets_catalog.errors import ConflictError, DeniedError, InvalidError
from datasets_catalog.roles import Permission

SCAN_CHUNK = 1000


class OwnWorkError(DeniedError):
    """Who uploaded or annotated a clip does not decide on its findings."""

    code = "finding.own_work"


class ContentChangedError(ConflictError):
    """The finding speaks of bytes or texts that the clip no longer has."""

    code = "finding.content_changed"


class DecidedError(ConflictError):
    """The finding has its decision; decisions are never changed."""

    code = "finding.decided"


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


def decide(
    *,
    actor: User,
    finding: Finding,
    verdict: str,
    reason: str,
    method: str = Method.MUTE,
    identifiable: bool = False,
) -> Decision:
    """Clear the finding, exclude its clip, or redact its bytes; once and for all.

    `identifiable` says of a cleared finding that a person can be recognised in it: then a
    contributor has to be recorded for the clip, and consent has to cover it.

    A redaction writes new bytes (the clip's `original` keeps the old ones, which no door serves)
    and scans them. Raises `OwnWorkError`, `ContentChangedError`, `DecidedError`,
    `NotRedactableError`, `DeniedError`.
    """
    require(actor, Permission.FINDING_DECIDE, finding.clip.dataset.organisation)
    if verdict not in Decision.Verdict.values:
        raise InvalidError(f"Decide one of {', '.join(Decision.Verdict.values)}.")
    if not reason.strip():
        raise InvalidError("Give a reason: it is what the record of this review consists of.")
    _check_open(actor, finding, finding.clip)
    new = take_out(finding, Method(method)) if verdict == Decision.Verdict.REDACT else None
    made = Decision(
        finding=finding, verdict=verdict, reason=reason.strip(), identifiable=identifiable
    )
    decision = _settle(actor, made, new)
    if new is not None:
        clip = finding.clip
        scan_clips(actor=actor, dataset=clip.dataset, clip_ids=[clip.pk])
    return decision


def _check_open(actor: User, finding: Finding, clip: Clip) -> None:
    if hasattr(finding, "decision"):
        raise DecidedError(f"{finding.decision.decided_by} decided on this finding already.")
    if finding.content_sha256 not in {clip.blob.sha256, clip.cells_sha256}:
        raise ContentChangedError(
            "The clip has changed since this was found: look at its new findings instead."
        )
    annotated = Event.objects.filter(clip=clip, created_by=actor).exists()
    if clip.added_by_id == actor.pk or annotated:
        raise OwnWorkError("You uploaded or annotated this clip: somebody else has to decide.")


@transaction.atomic
def _settle(actor: User, made: Decision, new: Replacement | None) -> Decision:
    """Write the decision down and do what it says, on the locked clip."""
    dataset = Dataset.objects.select_for_update().get(pk=made.finding.clip.dataset_id)
    clip = (
        Clip.objects.select_for_update(of=("self",))
        .select_related("blob", "dataset__organisation")
        .get(pk=made.finding.clip_id)
    )
    _check_open(actor, Finding.objects.get(pk=made.finding_id), clip)
    made.content_sha256 = made.finding.content_sha256
    made.decided_by, made.uploaded_by = actor, clip.added_by
    made.save(force_insert=True)
    if made.verdict == Decision.Verdict.EXCLUDE:
        clip.state = Clip.State.EXCLUDED
        clip.save(update_fields=["state", "updated_at"])
    if new is not None:
        replace_bytes(actor, clip, new)
    if made.verdict != Decision.Verdict.CLEAR:
        touch_draft(dataset, clips=[clip.pk])
    record.finding_decided(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        finding=str(made.finding.uid),
        verdict=made.verdict,
        reason=made.reason,
    )
    return made
