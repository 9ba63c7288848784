"""Replacing a clip's bytes by what review left of them."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from django.conf import settings

from apps.accounts.models import User
from apps.audio.probe import Probe, probe
from apps.audit import record
from apps.datasets.cells import cells_digest
from apps.datasets.models import PROBED, Clip, Event
from apps.privacy.models import Finding
from apps.privacy.redaction import (
    Method,
    Redacted,
    Stripped,
    redact,
    strip_metadata,
)
from apps.storage.blobs import local_copy, put
from apps.storage.models import Blob
from datasets_catalog.errors import InvalidError
from datasets_catalog.labels import Status
from datasets_catalog.segments import Fate, Segment, events_after_mute

METADATA = "metadata"


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


def take_out(finding: Finding, method: Method) -> Replacement:
    """The clip's bytes with the finding taken out, kept as a blob of its dataset.

    Raises `NotRedactableError` where the finding is not in the bytes.
    """
    clip = finding.clip
    name = PurePosixPath(clip.path)
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
        target = Path(folder) / "after"
        with local_copy(clip.blob) as source:
            done = _taken_out(finding, source, target, method)
        path = str(name.with_suffix(done.suffix)) if done.suffix else clip.path
        probed = probe(target, name=path)
        with target.open("rb") as stream:
            blob = put(clip.dataset.uid, stream)
    muted = done.intervals if isinstance(done, Redacted) else ()
    return Replacement(blob, path, probed, muted, _changes(done))


def _changes(done: Redacted | Stripped) -> tuple[str, ...]:
    if isinstance(done, Redacted):
        return ("muted", *done.changes)
    return tuple(f"{name} left out" for name, _ in done.removed)


def _taken_out(finding: Finding, source: Path, target: Path, method: Method) -> Redacted | Stripped:
    if finding.onset is not None and finding.offset is not None:
        interval = (finding.onset, finding.offset)
        return redact(source, target, [interval], method=method, name=finding.clip.path)
    if finding.kind == METADATA:
        return strip_metadata(source, target, name=finding.clip.path)
    raise NotRedactableError(
        "This finding is in the clip's table row: change the row, or exclude the clip."
    )


def replace_bytes(actor: User, clip: Clip, new: Replacement) -> None:
    """Give the locked clip its new bytes; events that can no longer be heard are rejected."""
    before = clip.blob
    if new.path != clip.path and Clip.objects.filter(dataset=clip.dataset, path=new.path).exists():
        raise NotRedactableError(
            f"The redacted clip becomes {new.path}, and there is a clip of that name: rename one."
        )
    clip.original = clip.original or before
    clip.blob, clip.path = new.blob, new.path
    for name in PROBED:
        setattr(clip, name, getattr(new.probed, name))
    clip.cells_sha256 = cells_digest(clip)
    clip.save()
    _silence_events(clip, new.muted)
    record.clip_redacted(
        actor=actor.username,
        organisation=clip.dataset.organisation.name,
        dataset=clip.dataset.full_name,
        clip=clip.path,
        before=before.sha256,
        after=new.blob.sha256,
        method="; ".join(new.changes),
    )


def _silence_events(clip: Clip, muted: tuple[tuple[float, float], ...]) -> None:
    rows = list(Event.objects.filter(clip=clip))
    after = events_after_mute(rows, [Segment(*interval) for interval in muted])
    gone = [each.event.pk for each in after if each.fate is Fate.MUTED]
    Event.objects.filter(pk__in=gone).update(status=Status.REJECTED)
