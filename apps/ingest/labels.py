"""Bringing events in from label files of any known format."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from django.db import transaction

from apps.accounts.access import require
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import touch_draft
from apps.datasets.models import Clip, Dataset, Event, Term
from apps.ingest.event_table import EventLine
from apps.ingest.importers.registry import read_labels
from apps.ingest.report import Report
from apps.ingest.rows import Problem, RowError, RowErrors
from datasets_catalog.labels import Event as EventValue
from datasets_catalog.labels import Extent, Presence, Source, Status, event_problems
from datasets_catalog.roles import Permission

BATCH = 2000
# What an import may change of an event; its clip, label and identity stay.
CHANGEABLE = [
    "onset",
    "offset",
    "f_low",
    "f_high",
    "channel",
    "confidence",
    "source",
    "status",
    "presence",
    "annotator",
]


class Clips:
    """Finds the clip a label file means: by path, by path without ending, by file name, by stem."""

    def __init__(self, dataset: Dataset) -> None:
        rows = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED)
        self._by_path = {clip.path: clip for clip in rows}
        self._by_name: dict[str, list[Clip]] = {}
        for clip in self._by_path.values():
            path = PurePosixPath(clip.path)
            for key in {str(path.with_suffix("")), path.name, path.stem}:
                self._by_name.setdefault(key, []).append(clip)

    def find(self, path: str) -> Clip | None:
        """The clip, or None if there is none or the name could mean several."""
        if path in self._by_path:
            return self._by_path[path]
        meant = PurePosixPath(path)
        for key in (path, str(meant.with_suffix("")), meant.name, meant.stem):
            found = self._by_name.get(key, [])
            if len(found) == 1:
                return found[0]
        return None


class Labels:
    """Turns lines into events of the dataset, and says what is wrong with the others."""

    def __init__(self, dataset: Dataset, actor: User, errors: RowErrors) -> None:
        self._clips = Clips(dataset)
        self._actor = actor
        self._errors = errors
        self._vocabulary = dataset.vocabulary
        terms = Term.objects.filter(vocabulary=dataset.vocabulary) if dataset.vocabulary else ()
        self._by_code = {term.code: term for term in terms}
        self._by_name = {term.name.casefold(): term for term in self._by_code.values()}

    def events(self, lines: Iterable[EventLine]) -> Iterator[Event]:
        for line in lines:
            event = self._event(line)
            if event is not None:
                yield event

    def _event(self, line: EventLine) -> Event | None:
        clip = self._clips.find(line.path)
        if clip is None:
            self._refuse(line, "path", line.path, "a clip of this dataset", Problem.CLIP_UNKNOWN)
            return None
        term = self._term(line)
        if term is None and self._vocabulary is not None:
            expected = f"a term of {self._vocabulary}, by code or name"
            self._refuse(line, "label", line.label, expected, Problem.VALUE_INVALID)
            return None
        event = Event(
            clip=clip,
            label=term.name if term else line.label,
            term=term,
            onset=line.onset,
            offset=clip.duration if line.offset is None else line.offset,
            f_low=line.f_low,
            f_high=line.f_high,
            channel=line.channel,
            confidence=line.confidence,
            source=line.source,
            status=line.status,
            presence=line.presence,
            annotator=line.annotator or "",
            created_by=self._actor,
        )
        return event if self._fits(line, event, clip) else None

    def _term(self, line: EventLine) -> Term | None:
        for text in (line.term, line.label):
            if text:
                found = self._by_code.get(text) or self._by_name.get(text.casefold())
                if found is not None:
                    return found
        return None

    def _fits(self, line: EventLine, event: Event, clip: Clip) -> bool:
        extent = Extent(clip.duration, clip.sample_rate, clip.channels)
        found = event_problems(event_value(event), extent)
        for problem in found:
            self._refuse(line, problem.field, problem.value, problem.message, Problem.VALUE_INVALID)
        return not found

    def _refuse(
        self, line: EventLine, column: str, value: object, expected: str, code: Problem
    ) -> None:
        self._errors.add(RowError(line.row, column, str(value), expected, code))


def event_value(event: Event) -> EventValue:
    """The row as the value that the rules judge and hash."""
    return EventValue(
        event_id=str(event.uid),
        label=event.label,
        onset=event.onset,
        offset=event.offset,
        term=event.term.code if event.term else None,
        f_low=event.f_low,
        f_high=event.f_high,
        channel=event.channel,
        confidence=event.confidence,
        source=Source(event.source),
        status=Status(event.status),
        presence=Presence(event.presence),
        annotator=event.annotator or None,
        verifier=event.verifier or None,
    )


def import_labels(
    *,
    actor: User,
    dataset: Dataset,
    source: Path,
    format_name: str,
    replace: bool = False,
    dry_run: bool = False,
) -> Report:
    """Add the events of a label file; events that are there already are left as they are.

    With `replace`, the events of every clip that the file names are taken out first. Lines that
    are wrong are named in the report; the others come in, all in one step.
    """
    require(actor, Permission.EVENT_EDIT, dataset.organisation)
    report = Report(dry_run=dry_run)
    labels = read_labels(source, format_name)
    errors = RowErrors()
    events = list(Labels(dataset, actor, errors).events(labels.events))
    report.add_rows(labels.errors)
    report.add_rows(errors)
    report.losses.extend(labels.losses.as_json())
    if labels.empty_clips:
        report.note("Listed as holding none of the labels", labels.empty_clips)
    if dry_run:
        report.added = len(events)
        return report
    write_events(dataset, events, report, replace=replace)
    record.events_imported(
        actor=actor.username,
        organisation=dataset.organisation.name,
        dataset=dataset.full_name,
        format_name=format_name,
        events=report.added,
    )
    return report


def _identity(event: Event) -> tuple[object, ...]:
    return (
        event.clip_id,
        event.label,
        round(event.onset, 6),
        round(event.offset, 6),
        event.channel,
        event.annotator,
        event.presence,
    )


@transaction.atomic
def write_events(
    dataset: Dataset, events: Sequence[Event], report: Report, *, replace: bool
) -> None:
    """Write events that were checked; the report says how many were new."""
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    clip_ids = sorted({event.clip_id for event in events})
    existing: list[Event] = []
    for start in range(0, len(clip_ids), BATCH):
        existing.extend(Event.objects.filter(clip_id__in=clip_ids[start : start + BATCH]))
    plan = _replacement(existing, events) if replace else _addition(existing, events)
    Event.objects.bulk_create(plan.fresh, batch_size=BATCH)
    Event.objects.bulk_update(plan.changed, CHANGEABLE, batch_size=BATCH)
    Event.objects.filter(pk__in=[event.pk for event in plan.gone]).delete()
    report.added, report.changed = len(plan.fresh), len(plan.changed)
    report.unchanged = len(events) - len(plan.fresh) - len(plan.changed)
    if plan.gone:
        report.note(f"{len(plan.gone)} events that the file no longer has were taken out")
    moved = {event.clip_id for event in (*plan.fresh, *plan.changed, *plan.gone)}
    if moved:
        touch_draft(row, clips=moved)


@dataclass(slots=True)
class Plan:
    """What an import does to the events of the clips that it names."""

    fresh: list[Event] = field(default_factory=list)
    changed: list[Event] = field(default_factory=list)
    gone: list[Event] = field(default_factory=list)


def _addition(existing: Iterable[Event], events: Iterable[Event]) -> Plan:
    plan = Plan()
    present = {_identity(event) for event in existing}
    for event in events:
        key = _identity(event)
        if key not in present:
            present.add(key)
            plan.fresh.append(event)
    return plan


def _replacement(existing: Iterable[Event], events: Iterable[Event]) -> Plan:
    """Pair old and new events of one clip and label in order of time.

    So an event that only moved stays the same event, and a diff can say by how much.
    """
    plan = Plan()
    before: dict[tuple[int, str], list[Event]] = {}
    for event in sorted(existing, key=_place):
        before.setdefault((event.clip_id, event.label), []).append(event)
    for event in sorted(events, key=_place):
        waiting = before.get((event.clip_id, event.label))
        if not waiting:
            plan.fresh.append(event)
            continue
        kept = waiting.pop(0)
        if any(getattr(kept, name) != getattr(event, name) for name in CHANGEABLE):
            for name in CHANGEABLE:
                setattr(kept, name, getattr(event, name))
            plan.changed.append(kept)
    plan.gone = [event for left in before.values() for event in left]
    return plan


def _place(event: Event) -> tuple[int, str, float, float]:
    return (event.clip_id, event.label, event.onset, event.offset)
