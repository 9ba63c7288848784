"""What a reviewer says of the people in a clip: how many are heard, and where somebody is."""

import hashlib
import math
from collections.abc import Sequence
from typing import ClassVar

from django.db import transaction

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.consent.models import Participation
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.base import LISTENER
from apps.detection.models import Finding, Scan
from apps.review.decisions import refuse_own_work
from apps.review.models import Headcount
from apps.review.playback_records import require_clip_heard
from apps.review.verdict_changes import announce_verdicts
from datasets_catalog.canonical import to_canonical_json
from datasets_catalog.errors import ConflictError, InvalidError
from datasets_catalog.finding_kinds import FindingKind
from datasets_catalog.roles import Permission

# What is pointed out beside a sample has a version of its own: both can stand on one content.
POINTED_OUT = "2"
# More than this is a crowd, in which nobody can be told apart.
MOST_PEOPLE = 1000
LONGEST_REASON = 2000


class ClipGoneError(ConflictError):
    """The clip is not in the draft, or has other bytes than those that were heard."""

    code: ClassVar[str] = "headcount.clip_changed"


@transaction.atomic
def count_people(
    *,
    actor: User,
    clip: Clip,
    people_heard: int,
    somebody_unknown: bool,
    reason: str,
    content: str = "",
) -> Headcount:
    """Say how many people can be told apart in a clip, and whether one of them is not recorded.

    Nobody (0) says that no person can be recognised in it. It is said of the bytes, in every clip
    that has them, and a later count takes its place. More people than are recorded, or somebody
    unknown, hold back every release with these bytes until a voice is redacted (what is left is
    counted anew), the clip is excluded, or they are recorded and a reviewer counts again. `content`
    is the SHA-256 of the bytes that were heard, where the caller knows it. The whole clip has to
    have been played to the actor, unless somebody is unknown, which blocks. Raises `OwnWorkError`,
    `ClipGoneError`, `NotHeardError`, `DeniedError`; `InvalidError` for a count that contradicts
    itself.
    """
    said = _check_reason(reason)
    if not 0 <= people_heard <= MOST_PEOPLE:
        raise InvalidError(f"Count from 0 to {MOST_PEOPLE} people.")
    if somebody_unknown and not people_heard:
        raise InvalidError("Somebody who is not recorded is somebody: count at least 1.")
    dataset, row = _lock_clip(actor, clip, content)
    if not somebody_unknown:
        require_clip_heard(actor, row)
    recorded = Participation.objects.filter(clip=row).count()
    made = Headcount.objects.create(
        dataset=dataset,
        clip=row,
        content_sha256=row.blob.sha256,
        people_heard=people_heard,
        somebody_unknown=somebody_unknown,
        people_recorded=recorded,
        reason=said,
        counted_by=actor,
        uploaded_by=row.added_by,
    )
    record.people_counted(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        clip=row.path,
        reason=said,
        count={
            "content_sha256": made.content_sha256,
            "people_heard": people_heard,
            "people_recorded": recorded,
            "somebody_unknown": somebody_unknown,
        },
    )
    announce_verdicts(dataset.organisation_id, [made.content_sha256])
    return made


@transaction.atomic
def point_out_voice(
    *, actor: User, clip: Clip, onset: float, offset: float, reason: str, content: str = ""
) -> Finding:
    """Say that somebody is heard from `onset` to `offset` (seconds), where no detector said so.

    It becomes a finding by the listener in every clip with these bytes: open, and decided on like
    any other. Raises `OwnWorkError`, `ClipGoneError`, `DeniedError`; `InvalidError` for a stretch
    that does not lie in the clip.
    """
    said = _check_reason(reason)
    dataset, row = _lock_clip(actor, clip, content)
    if not (math.isfinite(onset) and math.isfinite(offset) and 0 <= onset < offset):
        raise InvalidError("A stretch begins at 0 s or later and ends after it begins.")
    if onset >= row.duration:
        raise InvalidError(f"The clip ends at {row.duration:.3f} s: the stretch begins after it.")
    end = min(offset, row.duration)
    seen = {
        "kind": FindingKind.SPEECH,
        "onset": round(onset, 4),
        "offset": round(end, 4),
        "score": 1.0,
        "detail": said[:500],
        "evidence": {"pointed_out": True},
    }
    where = to_canonical_json({"onset": seen["onset"], "offset": seen["offset"]})
    scan, _ = Scan.objects.get_or_create(
        dataset=dataset,
        content_sha256=row.blob.sha256,
        detector=LISTENER,
        detector_version=POINTED_OUT,
        parameters_sha256=hashlib.sha256(where).hexdigest(),
        defaults={"seen": [seen], "heard": 1.0},
    )
    same = list(_list_clips_with_content(dataset, row.blob.sha256))
    Finding.objects.bulk_create(
        [
            Finding(clip=each, scan=scan, position=0, content_sha256=row.blob.sha256, **seen)
            for each in same
        ],
        ignore_conflicts=True,
    )
    record.somebody_pointed_out(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        clip=row.path,
        onset=onset,
        end=end,
        reason=said,
    )
    return Finding.objects.select_related("clip").get(scan=scan, clip=row)


def _lock_clip(actor: User, clip: Clip, content: str) -> tuple[Dataset, Clip]:
    """The dataset and the clip, if the actor may speak of what is heard in it."""
    dataset = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=clip.dataset_id)
    )
    require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    row = Clip.objects.select_related("blob", "added_by").get(pk=clip.pk)
    if row.state != Clip.State.ACTIVE:
        raise ClipGoneError(f"{row.path} is not in the draft.")
    if content and content != row.blob.sha256:
        raise ClipGoneError(f"{row.path} has other bytes by now: hear them first.")
    refuse_own_work(actor, [each.pk for each in _list_clips_with_content(dataset, row.blob.sha256)])
    return dataset, row


def _list_clips_with_content(dataset: Dataset, content: str) -> Sequence[Clip]:
    rows = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE, blob__sha256=content)
    return list(rows.order_by("pk"))


def _check_reason(reason: str) -> str:
    said = reason.strip()
    if not said:
        raise InvalidError("Say what you heard: it is what the record of this review consists of.")
    if len(said) > LONGEST_REASON:
        raise InvalidError(f"Say it in {LONGEST_REASON} characters.")
    if "\0" in said:
        raise InvalidError("A text holds no zero bytes.")
    return said
