"""Replacing a clip's bytes by what review left of them."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from uuid import uuid4

from django.conf import settings

from apps.accounts.models import User
from apps.audio.probe import Probe, probe_file
from apps.audit import record
from apps.consent.participations import keep_people
from apps.datasets.models import PROBED_COLUMNS, Clip, Event
from apps.datasets.text_cells import collect_cells, digest_cells
from apps.datasets.work import note_earlier_work
from apps.detection.kinds import find_kind_policy
from apps.detection.models import Finding
from apps.review.models import Headcount, Playback, Redaction
from apps.review.redaction import (
    PARAMETERS,
    STRIP,
    TRANSFORM,
    Method,
    RedactionResult,
    StrippingResult,
    redact_file,
    strip_metadata,
)
from apps.storage.blobs import open_local_copy, put_blob
from apps.storage.models import Blob
from datasets_catalog.errors import InvalidError
from datasets_catalog.finding_kinds import ADVICE, FindingPlace
from datasets_catalog.labels import Status
from datasets_catalog.segments import Fate, Segment, mute_events

MIXED = "What is in the sound and what is in the tags are taken out one after the other."


class NotRedactableError(InvalidError):
    """What was found is not in the bytes, or the result has no room in the dataset."""

    code = "finding.not_redactable"


@dataclass(frozen=True, slots=True)
class Replacement:
    """The bytes that take the place of a clip's, and what they are now."""

    blob: Blob
    path: str
    probed: Probe
    muted: tuple[tuple[float, float], ...]
    changes: tuple[str, ...]
    method: str = ""
    intervals: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class SilencedEvents:
    """Events by uid: those not heard any more, with their status until then; those in part."""

    muted: dict[str, str]
    partly: list[str]

    def as_json(self) -> dict[str, object]:
        return {"muted": self.muted, "partly_muted": self.partly}


def take_findings_out(findings: Sequence[Finding], method: Method) -> Replacement:
    """A clip's bytes with findings in it taken out together, kept as a blob of its dataset.

    The findings are of one clip. Raises `NotRedactableError` where one is not in the bytes.
    """
    clip = findings[0].clip
    how, intervals = _choose_transform(findings, method)
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
        target = Path(folder) / "after"
        done = _run_transform(clip.blob, clip.path, target, how, intervals)
        name = PurePosixPath(clip.path)
        path = str(name.with_suffix(done.suffix)) if done.suffix else clip.path
        probed = probe_file(target, name=path)
        with target.open("rb") as stream:
            blob = put_blob(clip.dataset.uid, stream)
    muted = done.intervals if isinstance(done, RedactionResult) else ()
    return Replacement(blob, path, probed, muted, _describe_changes(done, how), how, intervals)


def repeat_redaction(row: Redaction, target: Path) -> None:
    """Write to `target` what the recorded transform makes of the bytes from before.

    For proofs: the result is what the clip got, byte for byte, under the same version.
    """
    intervals = tuple((onset, offset) for onset, offset in row.intervals)
    _run_transform(row.before, row.before_path, target, row.method, intervals)


def _describe_changes(done: RedactionResult | StrippingResult, how: str) -> tuple[str, ...]:
    if isinstance(done, RedactionResult):
        return (how, *done.changes)
    return tuple(f"{name} left out" for name, _ in done.removed)


def _choose_transform(
    findings: Sequence[Finding], method: Method
) -> tuple[str, tuple[tuple[float, float], ...]]:
    spans = [(row.onset, row.offset) for row in findings]
    intervals = tuple((on, off) for on, off in spans if on is not None and off is not None)
    if len(intervals) == len(findings):
        return str(method), intervals
    policies = [find_kind_policy(row.kind) for row in findings]
    if all(policy.place is FindingPlace.TAGS for policy in policies):
        return STRIP, ()
    # The most particular first: what is in a row is said last.
    advice = sorted(
        {policy.advice for policy in policies if policy.advice},
        key=lambda words: words == ADVICE[FindingPlace.ROW],
    )
    raise NotRedactableError(next(iter(advice), MIXED))


def _run_transform(
    blob: Blob,
    name: str,
    target: Path,
    how: str,
    intervals: Iterable[tuple[float, float]],
) -> RedactionResult | StrippingResult:
    with open_local_copy(blob) as source:
        if how == STRIP:
            return strip_metadata(source, target, name=name)
        return redact_file(source, target, intervals, method=Method(how), name=name)


def redact_clip(actor: User, findings: Sequence[Finding], new: Replacement) -> Redaction:
    """Give the locked clip of the findings its new bytes, and write down what made them."""
    clip = findings[0].clip
    before, before_path = clip.blob, clip.path
    silenced = replace_bytes(actor, clip, new)
    if new.method == STRIP:
        _carry_counts(clip, before, new.blob)
    return Redaction.objects.create(
        finding=findings[0],
        clip=clip,
        before=before,
        after=new.blob,
        before_path=before_path,
        after_path=new.path,
        method=new.method,
        version=TRANSFORM,
        parameters=PARAMETERS if new.method != STRIP else {},
        intervals=[list(interval) for interval in new.intervals],
        changes=list(new.changes),
        events=silenced.as_json(),
        made_by=actor,
    )


def _carry_counts(clip: Clip, before: Blob, after: Blob) -> None:
    """Say of bytes that only lost their tags who heard and counted what: they sound the same.

    A redaction of sound carries nothing: who is heard in what is left has to be counted anew.
    """
    if before.sha256 == after.sha256:
        return
    for played in Playback.objects.filter(dataset=clip.dataset, content_sha256=before.sha256):
        played.pk, played.content_sha256 = None, after.sha256
        played.save(force_insert=True)
    for row in Headcount.objects.filter(dataset=clip.dataset, content_sha256=before.sha256):
        row.pk, row.uid, row.content_sha256 = None, uuid4(), after.sha256
        row.save(force_insert=True)


def replace_bytes(actor: User, clip: Clip, new: Replacement) -> SilencedEvents:
    """Give the locked clip its new bytes; events that can no longer be heard are rejected."""
    before = clip.blob
    keep_people(actor=actor, clips=[clip.pk])
    note_earlier_work([clip.pk])
    if new.path != clip.path and Clip.objects.filter(dataset=clip.dataset, path=new.path).exists():
        raise NotRedactableError(
            f"The redacted clip becomes {new.path}, and there is a clip of that name: rename one."
        )
    clip.original = clip.original or before
    clip.blob, clip.path = new.blob, new.path
    for name in PROBED_COLUMNS:
        setattr(clip, name, getattr(new.probed, name))
    clip.cells_sha256 = digest_cells(collect_cells(clip))
    clip.save()
    silenced = _silence_events(clip, new.muted)
    record.clip_redacted(
        actor=actor.username,
        organisation=clip.dataset.organisation.name,
        dataset=clip.dataset.full_name,
        clip=clip.path,
        before=before.sha256,
        after=new.blob.sha256,
        method="; ".join(new.changes),
    )
    return silenced


def put_bytes_back(actor: User, clip: Clip, done: Redaction) -> None:
    """Turn the redaction of the locked clip back: bytes, name and events as they were."""
    taken = Clip.objects.filter(dataset=clip.dataset, path=done.before_path).exclude(pk=clip.pk)
    if taken.exists():
        raise NotRedactableError(
            f"The clip was {done.before_path}, and there is another of that name now."
        )
    with open_local_copy(done.before) as source:
        probed = probe_file(source, name=done.before_path)
    after = clip.blob
    keep_people(actor=actor, clips=[clip.pk])
    note_earlier_work([clip.pk])
    clip.blob, clip.path = done.before, done.before_path
    # What came in is no longer replaced by anything.
    if clip.original_id == done.before_id:
        clip.original = None
    for name in PROBED_COLUMNS:
        setattr(clip, name, getattr(probed, name))
    clip.cells_sha256 = digest_cells(collect_cells(clip))
    clip.save()
    for uid, status in done.events["muted"].items():
        Event.objects.filter(clip=clip, uid=uid, status=Status.REJECTED).update(status=status)
    record.clip_redacted(
        actor=actor.username,
        organisation=clip.dataset.organisation.name,
        dataset=clip.dataset.full_name,
        clip=clip.path,
        before=after.sha256,
        after=done.before.sha256,
        method="taken back",
    )


def _silence_events(clip: Clip, muted: tuple[tuple[float, float], ...]) -> SilencedEvents:
    rows = list(Event.objects.filter(clip=clip))
    after = mute_events(rows, [Segment(*interval) for interval in muted])
    gone = [each.event for each in after if each.fate is Fate.MUTED]
    partly = [str(each.event.uid) for each in after if each.fate is Fate.PARTLY_MUTED]
    Event.objects.filter(pk__in=[event.pk for event in gone]).update(status=Status.REJECTED)
    return SilencedEvents({str(event.uid): event.status for event in gone}, partly)
