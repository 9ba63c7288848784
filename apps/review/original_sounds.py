"""What was heard before a redaction: for the ears of privacy reviewers, and never unrecorded."""

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Clip
from apps.review.models import Redaction
from apps.storage.models import Blob
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission


class RedactionUnknownError(NotFoundError):
    """The clip has no such redaction, or its original is gone."""

    code = "redaction.unknown"


def find_redactions(clip: Clip) -> dict[int, int]:
    """By finding, the redaction in the clip's present bytes that took a stretch of sound out."""
    if clip.original_id is None:
        return {}
    rows = Redaction.objects.filter(clip=clip, before__destroyed_at=None).order_by("pk")
    return {row.finding_id: row.pk for row in rows if row.intervals}


def fetch_unredacted_bytes(
    *, actor: User, clip: Clip, redaction: int, onset: float, end: float
) -> Blob:
    """The bytes from before a redaction, to play the seconds from `onset` to `end` of them.

    Each hearing is recorded. Raises DeniedError for those who do not decide on findings, and
    RedactionUnknownError.
    """
    require_permission(actor, Permission.FINDING_DECIDE, clip.dataset.organisation)
    rows = Redaction.objects.filter(clip=clip, before__destroyed_at=None)
    row = rows.select_related("before").filter(pk=redaction).first()
    if row is None or not row.intervals:
        raise RedactionUnknownError("There is no such redaction of this clip.")
    record.original_heard(
        actor=actor.username,
        organisation=clip.dataset.organisation.name,
        dataset=clip.dataset.full_name,
        clip=clip.path,
        onset=round(onset, 3),
        end=round(end, 3),
    )
    return row.before
