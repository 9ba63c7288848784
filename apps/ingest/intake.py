"""The one path that every way in leads to: look at each file, keep its bytes, write its clip."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audio.probe import Limits, Probe, probe_file
from apps.audit import record
from apps.consent.participations import (
    PeopleChange,
    find_other_spellings,
    keep_people,
    set_participations,
)
from apps.database.bulk import insert_rows, update_rows
from apps.datasets.actions import touch_draft
from apps.datasets.models import PROBED_COLUMNS, Clip, Dataset, Recording
from apps.datasets.text_cells import build_cells, collect_cells, digest_cells
from apps.datasets.work import note_earlier_work
from apps.ingest.clip_table import ClipLine
from apps.ingest.import_report import Report
from apps.review.people_changes import follow_people
from apps.storage.blobs import open_local_copy, put_each
from apps.storage.errors import FileUnreadableError
from apps.storage.models import Blob
from datasets_catalog.clip_columns import SAID_OF_CLIP
from datasets_catalog.errors import EarmarkError

CHUNK = 500
# What a clip holds of what is said of it, and what it holds where nothing is.
UNSAID_VALUES = {column.name: getattr(Clip(), column.name) for column in SAID_OF_CLIP}
Progress = Callable[[int, int, str], None]


def ignore_progress(done: int, total: int, message: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file on its way in with what is said of it: a local file, or bytes kept already."""

    line: ClipLine
    file: Path | None = None
    blob: Blob | None = None


@dataclass(frozen=True, slots=True)
class AcceptedFile:
    """An arrival that is sound, with its bytes kept."""

    line: ClipLine
    blob_id: int
    probed: Probe


def load_clip_limits() -> Limits:
    return Limits(seconds=float(settings.INGEST_MAX_CLIP_SECONDS))


def examine_arrivals(
    arrivals: Sequence[Arrival],
    report: Report,
    *,
    dataset: Dataset,
    progress: Progress = ignore_progress,
) -> list[AcceptedFile]:
    """Decode every file and keep the bytes of the sound ones; what is refused is in the report.

    Can be stopped and repeated at any point: kept bytes without a clip are found again.
    """
    accepted: list[AcceptedFile] = []
    arrivals = _refuse_other_spellings(arrivals, report, dataset)
    total, waiting = len(arrivals), iter(arrivals)
    while chunk := list(islice(waiting, CHUNK)):
        progress(len(accepted), total, "Decoding and keeping files")
        accepted.extend(_keep_files(dataset, _probe_arrivals(chunk, report), report))
    return accepted


def inspect_arrivals(arrivals: Sequence[Arrival], report: Report, *, dataset: Dataset) -> int:
    """Decode every file and keep nothing; returns how many are sound."""
    return sum(
        1 for _ in _probe_arrivals(_refuse_other_spellings(arrivals, report, dataset), report)
    )


class ContributorAlikeError(EarmarkError):
    """A code that differs from one on record in case or Unicode form alone."""

    code = "ingest.contributor_alike"


def _refuse_other_spellings(
    arrivals: Sequence[Arrival], report: Report, dataset: Dataset
) -> Sequence[Arrival]:
    codes = [code for arrival in arrivals for code in arrival.line.contributors or ()]
    others = find_other_spellings(dataset.organisation, codes)
    kept = []
    for arrival in arrivals:
        strange = next((c for c in arrival.line.contributors or () if c in others), None)
        if strange is None:
            kept.append(arrival)
            continue
        problem = f"Contributor {strange} would be somebody else than {others[strange]}. Write"
        problem += f" {others[strange]}, or a code that differs from it in more than case."
        report.refuse_file(arrival.line.path, ContributorAlikeError(problem))
    return kept


def _probe_arrivals(arrivals: Iterable[Arrival], report: Report) -> Iterator[tuple[Arrival, Probe]]:
    allowed = load_clip_limits()
    for arrival in arrivals:
        try:
            if arrival.file is not None:
                yield arrival, probe_file(arrival.file, limits=allowed, name=arrival.line.path)
            elif arrival.blob is not None:
                with open_local_copy(arrival.blob) as path:
                    found = probe_file(path, limits=allowed, name=arrival.line.path)
                yield arrival, found
        except EarmarkError as problem:
            report.refuse_file(arrival.line.path, problem)
        except OSError as problem:
            unreadable = FileUnreadableError(f"It cannot be read: {problem.strerror}.")
            report.refuse_file(arrival.line.path, unreadable)


def _keep_files(
    dataset: Dataset, probed: Iterable[tuple[Arrival, Probe]], report: Report
) -> Iterator[AcceptedFile]:
    local: list[tuple[Arrival, Probe]] = []
    for arrival, found in probed:
        if arrival.blob is not None:
            yield AcceptedFile(arrival.line, arrival.blob.pk, found)
        else:
            local.append((arrival, found))
    paths = [arrival.file for arrival, _ in local if arrival.file is not None]
    for (arrival, found), (_, kept) in zip(local, put_each(dataset.uid, paths), strict=True):
        if isinstance(kept, EarmarkError):
            report.refuse_file(arrival.line.path, kept)
        else:
            yield AcceptedFile(arrival.line, kept.pk, found)


@transaction.atomic
def admit_clips(
    *, actor: User, dataset: Dataset, accepted: Sequence[AcceptedFile], report: Report
) -> None:
    """Write the clips of one import, all or none, and make what was frozen before stale."""
    # Every writer of the draft takes this lock, so that a freeze sees all of an import or nothing.
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    # The row is locked, so this is the count that `touch_draft` comes to below.
    writing = _ClipWriter(row, actor, row.draft_serial + 1, timezone.now())
    recordings = _ensure_recordings(row, accepted)
    is_new = not Clip.objects.filter(dataset=row).exists()
    rest = iter(accepted)
    while chunk := list(islice(rest, CHUNK)):
        known = {} if is_new else _find_known_clips(row, [item.line.path for item in chunk])
        writing.take(chunk, known, recordings)
    changes = _set_people(actor, row, accepted, added=writing.added)
    moved = {path for path, change in changes.items() if path not in writing.added}
    follow_people(actor=actor, dataset=row, changes=[changes[path] for path in sorted(moved)])
    writing.changed |= moved
    report.added, report.changed = len(writing.added), len(writing.changed)
    report.unchanged = len(accepted) - report.added - report.changed
    if moved:
        report.note("Who is in it has changed", sorted(moved))
    if writing.added or writing.changed:
        touch_draft(row, clips=[change.clip for change in changes.values()])
    record.clips_ingested(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
    )


_CHANGEABLE = ["recording", "blob", "original", "state", "fields", "cells_sha256", "added_by"]
_CHANGEABLE += [*UNSAID_VALUES, *PROBED_COLUMNS]
_FRESH = ["uid", "dataset", "path", "touched", "created_at", "updated_at", *_CHANGEABLE]


@dataclass(slots=True)
class _ClipWriter:
    """Writes chunks of one import: rows of its own for new clips, changed columns for others."""

    dataset: Dataset
    actor: User
    serial: int
    now: datetime
    added: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)

    def take(
        self,
        chunk: Sequence[AcceptedFile],
        known: Mapping[str, Clip],
        recordings: Mapping[str, Recording],
    ) -> None:
        fresh: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        replaced: list[int] = []
        forgotten: list[int] = []
        for item in chunk:
            clip = known.get(item.line.path)
            recording = recordings.get(item.line.recording or "")
            if clip is None:
                fresh.append(self._row(item, recording))
                self.added.add(item.line.path)
                continue
            blob, before = clip.blob_id, clip.recording_id
            if _update_clip_from_row(clip, item, recording):
                if clip.added_by_id != self.actor.pk or clip.blob_id != blob:
                    forgotten.append(clip.pk)
                clip.added_by = self.actor
                changed.append((*_read_values(clip), self.serial, self.now, clip.pk))
                self.changed.add(item.line.path)
                moved = before != clip.recording_id
                replaced += [clip.pk] if clip.blob_id != blob or moved else []
        # Before the bytes leave: who is in them, and whose work they are, is known by them,
        # should they come again. Before the recording is another one: answers to forms that ask
        # about recordings go by it.
        keep_people(actor=self.actor, clips=replaced)
        note_earlier_work(forgotten)
        insert_rows(Clip, _FRESH, fresh)
        update_rows(Clip, [*_CHANGEABLE, "touched", "updated_at"], changed)

    def _row(self, item: AcceptedFile, recording: Recording | None) -> tuple[Any, ...]:
        line = item.line
        return (
            uuid4(),
            self.dataset.pk,
            line.path,
            self.serial,
            self.now,
            self.now,
            None if recording is None else recording.pk,
            item.blob_id,
            None,
            Clip.State.ACTIVE.value,
            line.fields,
            digest_cells(_collect_cells(line)),
            self.actor.pk,
            *{**UNSAID_VALUES, **line.said}.values(),
            *_read_probed_values(item.probed),
        )


def _collect_cells(line: ClipLine) -> dict[str, str]:
    texts = {"path": line.path, "recording": line.recording, **line.said}
    return build_cells(texts, line.fields)


_read_probed_values = attrgetter(*PROBED_COLUMNS)


_KEYS = {"recording", "blob", "original", "added_by"}
_read_values = attrgetter(*(f"{name}_id" if name in _KEYS else name for name in _CHANGEABLE))


def _find_known_clips(dataset: Dataset, paths: Sequence[str]) -> dict[str, Clip]:
    rows = Clip.objects.filter(dataset=dataset, path__in=paths).select_related("recording")
    return {clip.path: clip for clip in rows}


def _ensure_recordings(dataset: Dataset, accepted: Iterable[AcceptedFile]) -> dict[str, Recording]:
    wanted = {item.line.recording for item in accepted if item.line.recording}
    found = {row.name: row for row in Recording.objects.filter(dataset=dataset)} if wanted else {}
    fresh = [Recording(dataset=dataset, name=name) for name in sorted(wanted - found.keys())]
    Recording.objects.bulk_create(fresh, batch_size=CHUNK)
    found.update((row.name, row) for row in fresh)
    return found


def _set_people(
    actor: User, dataset: Dataset, accepted: Iterable[AcceptedFile], *, added: Collection[str]
) -> dict[str, PeopleChange]:
    """Say who is in the clips of which something is said; returns what is new, by path."""
    people = {
        item.line.path: item.line.contributors
        for item in accepted
        # Of a new clip that nobody is in it says nothing that was not so.
        if item.line.contributors or (item.line.contributors == () and item.line.path not in added)
    }
    found: dict[str, PeopleChange] = {}
    rest = iter(people)
    while paths := list(islice(rest, CHUNK)):
        rows = Clip.objects.filter(dataset=dataset, path__in=paths)
        ids = dict(rows.order_by("path").values_list("pk", "path"))
        changes = set_participations(
            actor=actor,
            organisation=dataset.organisation,
            people={pk: people[path] for pk, path in ids.items()},
            added={pk for pk, path in ids.items() if path in added},
        )
        found.update((ids[change.clip], change) for change in changes)
    return found


def _update_clip_from_row(clip: Clip, item: AcceptedFile, recording: Recording | None) -> bool:
    """Write what is said onto the clip; what is not said stays. True if anything changed."""
    before = _read_values(clip)
    if clip.original_id == item.blob_id and clip.state != Clip.State.REMOVED:
        # The bytes that review replaced come again: its redaction stands.
        pass
    elif clip.blob_id != item.blob_id or clip.state == Clip.State.REMOVED:
        clip.blob_id, clip.original_id, clip.state = item.blob_id, None, Clip.State.ACTIVE
        for name in PROBED_COLUMNS:
            setattr(clip, name, getattr(item.probed, name))
    for name, said in item.line.said.items():
        setattr(clip, name, said)
    if recording is not None:
        clip.recording = recording
    if item.line.fields:
        clip.fields = {**clip.fields, **item.line.fields}
    clip.cells_sha256 = digest_cells(collect_cells(clip))
    return bool(_read_values(clip) != before)
