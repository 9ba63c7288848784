"""Hearing a random sample of what no detector flagged: drawn so that anybody can draw it again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, QuerySet

from apps.accounts.access import (
    Principal,
    list_organisations_where,
    match_within_reach,
    require_permission,
)
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.base import LISTENER
from apps.detection.models import Finding, Scan
from apps.review.decisions import refuse_own_work
from apps.review.models import Hearing, Sample, SampleClip
from apps.review.playback_records import require_clip_heard
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.facts import SampleFacts
from datasets_catalog.finding_kinds import FindingKind
from datasets_catalog.roles import Permission
from datasets_catalog.sampling import count_clips_to_hear, derive_seed, draw_contents

LISTENER_VERSION = "1"
DIGEST_BYTES = 32
LONGEST_NOTE = 2000
# People have none: SHA-256 of an empty object.
NO_PARAMETERS = hashlib.sha256(b"{}").hexdigest()


class NothingToSampleError(ConflictError):
    """Every clip of the draft was flagged, or there is none."""

    code: ClassVar[str] = "sampling.nothing"


class SampleClipUnknownError(NotFoundError):
    """There is no such clip in a sample, or it is not the user's to hear."""

    code: ClassVar[str] = "sampling.clip_unknown"


class HeardError(ConflictError):
    """Somebody heard these bytes already, or they are not in the draft any more."""

    code: ClassVar[str] = "sampling.heard"


@dataclass(frozen=True, slots=True)
class SampleProgress:
    """How far a sample is, and what its frame has become. All counts are of contents.

    `due` are those drawn that wait for ears, in the order of the draw; `outside` are unflagged
    contents of the draft that were not there when it was drawn.
    """

    sample: Sample
    facts: SampleFacts
    due: tuple[SampleClip, ...]


def find_unflagged(dataset: Dataset) -> dict[str, int]:
    """The contents of the draft in whose sound no detector saw anything, each with its first clip.

    A finding in the sound has an onset; tags and table cells say nothing of what is heard.
    """
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE)
    flagged = set(
        Finding.objects.filter(
            clip__dataset=dataset, onset__isnull=False, content_sha256=F("clip__blob__sha256")
        ).values_list("content_sha256", flat=True)
    )
    rows = clips.order_by("-pk").values_list("blob__sha256", "pk")
    return {content: pk for content, pk in rows if content not in flagged}


@transaction.atomic
def draw_sample(*, actor: User, dataset: Dataset, bound: float = 0.01) -> Sample:
    """Draw the contents to hear so that, nothing missed, the bound is proved (0 to 1).

    The seed comes from the dataset's uid, the SHA-256 of everything drawn from, and the sample's
    number and uid (`datasets_catalog.sampling`). What was heard before in the same bytes stays
    heard. Each draw of a dataset has to be larger than the one before, heard or not.
    Raises `NothingToSampleError`, `SampleError`, `DeniedError`.
    """
    dataset = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .get(pk=dataset.pk)
    )
    require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    frame = find_unflagged(dataset)
    if not frame:
        raise NothingToSampleError("No clip of the draft is left unflagged: nothing is to sample.")
    contents = sorted(frame)
    number = Sample.objects.filter(dataset=dataset).count() + 1
    size = count_clips_to_hear(bound=bound, population=len(contents), draw=number)
    # Unknown to everybody before this moment: nobody tries out which draft draws what.
    uid = uuid4()
    seed = derive_seed(dataset=str(dataset.uid), sample=str(uid), contents=contents, number=number)
    made = Sample.objects.create(
        uid=uid,
        dataset=dataset,
        number=number,
        seed=seed,
        bound=bound,
        frame=b"".join(bytes.fromhex(content) for content in contents),
        population=len(contents),
        size=size,
        drawn_by=actor,
    )
    SampleClip.objects.bulk_create(
        [
            SampleClip(
                sample=made, position=position, clip_id=frame[content], content_sha256=content
            )
            for position, content in enumerate(
                draw_contents(seed=seed, contents=contents, count=size)
            )
        ],
        batch_size=500,
    )
    record.sample_drawn(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        number=number,
        size=size,
        seed=seed,
    )
    return made


def load_frame(sample: Sample) -> list[str]:
    """The contents that the sample was drawn from, in order: with them anybody draws it again."""
    raw = bytes(sample.frame)
    return [raw[at : at + DIGEST_BYTES].hex() for at in range(0, len(raw), DIGEST_BYTES)]


def find_latest_sample(dataset: Dataset) -> Sample | None:
    """The latest sample of the dataset."""
    return Sample.objects.filter(dataset=dataset).order_by("-number").first()


def fetch_sample_clip(user: Principal, uid: UUID | str) -> SampleClip:
    """The drawn clip, if the user may see findings there. Raises `SampleClipUnknownError`."""
    row = (
        SampleClip.objects.filter(
            match_within_reach(user, "sample__dataset"),
            uid=uid,
            sample__dataset__organisation_id__in=list_organisations_where(
                user, Permission.FINDING_VIEW
            ),
        )
        .select_related("sample__dataset__organisation", "clip__blob")
        .first()
    )
    if row is None:
        raise SampleClipUnknownError(f"There is no {uid} in a sample, or it is not yours to hear.")
    return row


def list_hearings(dataset: Dataset) -> QuerySet[Hearing]:
    """Everything that was heard for samples of the dataset, oldest first."""
    return Hearing.objects.filter(dataset=dataset).order_by("pk")


@transaction.atomic
def record_hearing(
    *, actor: User, sample_clip: SampleClip, missed: bool, note: str = ""
) -> SampleClip:
    """Say that a drawn content was heard to the end, and whether a voice was missed in it.

    A miss becomes a finding by `listener` in every clip with these bytes, which blocks like any
    other, and re-opens the stratum: another sample has to be drawn. Nobody hears their own work.
    Who says that nothing was missed has been played it to the end. Raises `HeardError`,
    `NotHeardError`, `OwnWorkError`, `DeniedError`; `InvalidError` for a miss without a note.
    """
    dataset = Dataset.objects.select_for_update(of=("self",)).get(pk=sample_clip.sample.dataset_id)
    require_permission(actor, Permission.FINDING_DECIDE, dataset.organisation)
    said = note.strip()[:LONGEST_NOTE]
    if missed and not said:
        raise InvalidError("Say what you heard: it is what the finding consists of.")
    content = sample_clip.content_sha256
    if Hearing.objects.filter(dataset=dataset, content_sha256=content).exists():
        raise HeardError("Somebody has heard these bytes already.")
    clips = list(
        Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE, blob__sha256=content)
        .select_related("blob", "added_by")
        .order_by("pk")
    )
    if not clips:
        raise HeardError("These bytes are not in the draft any more: hear the others.")
    refuse_own_work(actor, [clip.pk for clip in clips])
    if not missed:
        require_clip_heard(actor, clips[0])
    Hearing.objects.create(
        dataset=dataset,
        content_sha256=content,
        sample_clip=sample_clip,
        missed=missed,
        note=said,
        heard_by=actor,
        uploaded_by=clips[0].added_by,
    )
    if missed:
        _note_miss(dataset, sample_clip, clips, said)
    record.sample_heard(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        number=sample_clip.sample.number,
        content=content,
        missed=missed,
        note=said,
    )
    return sample_clip


def _note_miss(dataset: Dataset, sample_clip: SampleClip, clips: Sequence[Clip], note: str) -> None:
    """What a listener found, written down as a detector writes: a scan, and findings from it."""
    evidence = {"sample": sample_clip.sample.number, "position": sample_clip.position}
    seen = {
        "kind": FindingKind.SPEECH,
        "onset": 0.0,
        "offset": clips[0].duration,
        "score": 1.0,
        "detail": note[:500],
        "evidence": evidence,
    }
    scan, _ = Scan.objects.get_or_create(
        dataset=dataset,
        content_sha256=sample_clip.content_sha256,
        detector=LISTENER,
        detector_version=LISTENER_VERSION,
        parameters_sha256=NO_PARAMETERS,
        defaults={"seen": [seen], "evidence": evidence, "heard": 1.0},
    )
    Finding.objects.bulk_create(
        [
            Finding(
                clip=clip,
                scan=scan,
                position=0,
                content_sha256=sample_clip.content_sha256,
                **seen,
            )
            for clip in clips
        ],
        ignore_conflicts=True,
    )


def load_sample_progress(dataset: Dataset) -> SampleProgress | None:
    """How far the latest sample is, as the draft is now; None where none was drawn."""
    sample = find_latest_sample(dataset)
    if sample is None:
        return None
    heard = dict(list_hearings(dataset).values_list("content_sha256", "missed"))
    present = find_unflagged(dataset)
    frame = set(load_frame(sample))
    rows = list(sample.clips.select_related("clip__recording"))
    missed = sum(heard.get(row.content_sha256, False) for row in rows)
    waiting = [row for row in rows if row.content_sha256 not in heard]
    due = tuple(row for row in waiting if row.content_sha256 in present)
    facts = SampleFacts(
        population=len(frame & present.keys()),
        # A miss may lie beyond a gap.
        heard=max(len(_take_unbroken_run(rows, heard)), missed),
        missed=missed,
        due=len(due),
        outside=len(present.keys() - frame),
        number=sample.number,
        gone=len(waiting) - len(due),
        frame=sample.population,
    )
    return SampleProgress(sample, facts, due)


def _take_unbroken_run(rows: Sequence[SampleClip], heard: Mapping[str, bool]) -> list[SampleClip]:
    """What was heard without a gap, in the order of the draw.

    Whoever hears in another order may have chosen, and so may who takes a clip out before it is
    heard: what lies beyond a gap is no random part.
    """
    run: list[SampleClip] = []
    for row in rows:
        if row.content_sha256 not in heard:
            break
        run.append(row)
    return run


def load_sample_facts(dataset: Dataset) -> SampleFacts:
    """What the gate wants to know of the latest sample, or of the draft where none was drawn."""
    found = load_sample_progress(dataset)
    if found is not None:
        return found.facts
    return SampleFacts(population=len(find_unflagged(dataset)), heard=0, missed=0, number=0)
