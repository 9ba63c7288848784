"""The one path that every way in leads to: look at each file, keep its bytes, write its clip."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.audit import record
from apps.consent.actions import set_participations
from apps.datasets.actions import touch_draft
from apps.datasets.cells import cells_digest
from apps.datasets.models import PROBED, Clip, Dataset, Recording
from apps.ingest.clip_table import ClipLine
from apps.ingest.probe import Limits, Probe, probe
from apps.ingest.report import Report
from apps.storage.blobs import local_copy, put_each
from apps.storage.models import Blob
from datasets_catalog.errors import EarmarkError

CHUNK = 500
TEXTS = (
    "licence",
    "title",
    "author",
    "source_url",
    "environment",
    "device",
    "place",
    "recorded_at",
    "split",
)
Progress = Callable[[int, int, str], None]


def silent(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file on its way in with what is said of it: a local file, or bytes kept already."""

    line: ClipLine
    file: Path | None = None
    blob: Blob | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """An arrival that is sound, with its bytes kept."""

    line: ClipLine
    blob: Blob
    probed: Probe


def limits() -> Limits:
    return Limits(seconds=float(settings.INGEST_MAX_CLIP_SECONDS))


def examine(
    arrivals: Sequence[Arrival], report: Report, *, dataset: Dataset, progress: Progress = silent
) -> list[Accepted]:
    """Decode every file and keep the bytes of the sound ones; what is refused is in the report.

    Can be stopped and repeated at any point: kept bytes without a clip are found again.
    """
    accepted: list[Accepted] = []
    total, waiting = len(arrivals), iter(arrivals)
    while chunk := list(islice(waiting, CHUNK)):
        progress(len(accepted), total, "Decoding and keeping files")
        accepted.extend(_keep(dataset, _probed(chunk, report), report))
    return accepted


def inspect(arrivals: Iterable[Arrival], report: Report) -> int:
    """Decode every file and keep nothing; returns how many are sound."""
    return sum(1 for _ in _probed(arrivals, report))


def _probed(arrivals: Iterable[Arrival], report: Report) -> Iterator[tuple[Arrival, Probe]]:
    allowed = limits()
    for arrival in arrivals:
        try:
            if arrival.file is not None:
                yield arrival, probe(arrival.file, limits=allowed, name=arrival.line.path)
            elif arrival.blob is not None:
                with local_copy(arrival.blob) as path:
                    found = probe(path, limits=allowed, name=arrival.line.path)
                yield arrival, found
        except EarmarkError as problem:
            report.refuse_file(arrival.line.path, problem)


def _keep(
    dataset: Dataset, probed: Iterable[tuple[Arrival, Probe]], report: Report
) -> Iterator[Accepted]:
    local: list[tuple[Arrival, Probe]] = []
    for arrival, found in probed:
        if arrival.blob is not None:
            yield Accepted(arrival.line, arrival.blob, found)
        else:
            local.append((arrival, found))
    paths = [arrival.file for arrival, _ in local if arrival.file is not None]
    for (arrival, found), (_, kept) in zip(local, put_each(dataset.uid, paths), strict=True):
        if isinstance(kept, EarmarkError):
            report.refuse_file(arrival.line.path, kept)
        else:
            yield Accepted(arrival.line, kept, found)


@transaction.atomic
def admit(*, actor: User, dataset: Dataset, accepted: Sequence[Accepted], report: Report) -> None:
    """Write the clips of one import, all or none, and make what was frozen before stale."""
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    known = _known(row, [item.line.path for item in accepted])
    recordings = _recordings(row, accepted)
    fresh: list[Clip] = []
    changed: list[Clip] = []
    for item in accepted:
        clip = known.get(item.line.path)
        recording = recordings.get(item.line.recording or "")
        if clip is None:
            clip = Clip(dataset=row, path=item.line.path, added_by=actor)
            _describe(clip, item, recording)
            fresh.append(clip)
        elif _describe(clip, item, recording):
            clip.added_by = actor
            changed.append(clip)
    Clip.objects.bulk_create(fresh, batch_size=CHUNK)
    Clip.objects.bulk_update(changed, _COLUMNS, batch_size=CHUNK)
    people = {known_or_new.path: known_or_new for known_or_new in (*fresh, *known.values())}
    set_participations(
        organisation=row.organisation,
        people={
            people[item.line.path].pk: item.line.contributors
            for item in accepted
            if item.line.contributors
        },
    )
    report.added, report.changed = len(fresh), len(changed)
    report.unchanged = len(accepted) - len(fresh) - len(changed)
    if accepted:
        touch_draft(row)
    record.clips_ingested(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
    )


_COLUMNS = ["recording", "blob", "original", "state", "synthetic", "fields", "cells_sha256"]
_COLUMNS += ["added_by", *TEXTS, *PROBED]


def _known(dataset: Dataset, paths: Sequence[str]) -> dict[str, Clip]:
    found: dict[str, Clip] = {}
    for start in range(0, len(paths), CHUNK):
        rows = Clip.objects.filter(dataset=dataset, path__in=paths[start : start + CHUNK])
        found.update((clip.path, clip) for clip in rows)
    return found


def _recordings(dataset: Dataset, accepted: Iterable[Accepted]) -> dict[str, Recording]:
    wanted = {item.line.recording for item in accepted if item.line.recording}
    found = {row.name: row for row in Recording.objects.filter(dataset=dataset)}
    fresh = [Recording(dataset=dataset, name=name) for name in sorted(wanted - found.keys())]
    Recording.objects.bulk_create(fresh, batch_size=CHUNK)
    found.update((row.name, row) for row in fresh)
    return found


def _describe(clip: Clip, item: Accepted, recording: Recording | None) -> bool:
    """Write what is said onto the clip; what is not said stays. True if anything changed."""
    before = {name: getattr(clip, _attribute(name)) for name in _COLUMNS}
    if clip.original_id == item.blob.pk and clip.state != Clip.State.REMOVED:
        # The bytes that review replaced come again: its redaction stands.
        pass
    elif clip.blob_id != item.blob.pk or clip.state == Clip.State.REMOVED:
        clip.blob, clip.original, clip.state = item.blob, None, Clip.State.ACTIVE
        for name in PROBED:
            setattr(clip, name, getattr(item.probed, name))
    for name in TEXTS:
        said = getattr(item.line, name)
        if said is not None:
            setattr(clip, name, said)
    if recording is not None:
        clip.recording = recording
    if item.line.synthetic is not None:
        clip.synthetic = item.line.synthetic
    if item.line.fields:
        clip.fields = {**clip.fields, **item.line.fields}
    clip.cells_sha256 = cells_digest(clip)
    return any(getattr(clip, _attribute(name)) != value for name, value in before.items())


def _attribute(column: str) -> str:
    return f"{column}_id" if column in {"recording", "blob", "original", "added_by"} else column
