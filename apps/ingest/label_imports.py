"""Bringing labels in from files of any known format: events, weak labels, clips found empty."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.audit import record
from apps.datasets.actions import touch_draft
from apps.datasets.models import Dataset, EmptyAnnotation, Event, WeakLabel
from apps.datasets.work import note_earlier_work
from apps.ingest.import_report import Report
from apps.ingest.importers.imported_labels import LossReport
from apps.ingest.importers.registry import read_labels
from apps.ingest.label_plans import (
    CONFIRMATION_COLUMNS,
    EVENT_COLUMNS,
    WEAK_COLUMNS,
    EmptyPlan,
    Label,
    LabelPlan,
    plan_added_events,
    plan_added_weak_labels,
    plan_replaced_events,
    plan_replaced_weak_labels,
)
from apps.ingest.label_rows import (
    FoundEmpty,
    LabelReader,
    LabelRows,
    collect_annotators,
    refuse_empty_annotation,
)
from apps.ingest.row_readers import Problem, RowErrors
from datasets_catalog.roles import Permission

BATCH = 2000
LEFT_LABELS = (
    "labels that are there with another status, source or confidence were left as they are"
)
NOT_REPLACED = (
    "Nothing was replaced, as some lines are wrong: with `replace` the file says all there is of"
    " its clips. Correct the lines, or add the others without `replace`"
)

Labelled = TypeVar("Labelled", Event, WeakLabel, EmptyAnnotation)


def import_labels(
    *,
    actor: User,
    dataset: Dataset,
    source: Path,
    format_name: str,
    replace: bool = False,
    dry_run: bool = False,
) -> Report:
    """Add the labels of a file; those that are there already are left as they are.

    Lines that are wrong are named in the report; the others come in, all in one step. With
    `replace` the file says all there is of the clips that it names: what it does not have is taken
    out. It replaces nothing then while any line is wrong, but for lines of clips that are not here.
    """
    require_permission(actor, Permission.EVENT_EDIT, dataset.organisation)
    report = Report(dry_run=dry_run)
    labels = read_labels(source, format_name)
    rows = LabelReader(dataset, actor, labels.errors, labels.losses).read(labels.lines)
    if replace and len(labels.errors) > labels.errors.by_code[Problem.CLIP_UNKNOWN]:
        report.note(NOT_REPLACED)
    else:
        write_labels(
            dataset, rows, report, labels.errors, labels.losses, replace=replace, dry_run=dry_run
        )
    report.add_rows(labels.errors)
    report.losses.extend(labels.losses.as_json())
    if not dry_run:
        record.events_imported(
            actor=actor.username,
            organisation=dataset.organisation.name,
            dataset=dataset.full_name,
            format_name=format_name,
            events=report.added,
        )
    return report


@dataclass(frozen=True, slots=True)
class _ExistingLabels:
    """What the clips that an import names are labelled with."""

    events: list[Event]
    weak: list[WeakLabel]
    empty: list[EmptyAnnotation]


@dataclass(frozen=True, slots=True)
class _Plans:
    events: LabelPlan[Event]
    weak: LabelPlan[WeakLabel]
    empty: EmptyPlan

    def find_rewritten_clips(self) -> set[int]:
        """Clips of which a label that is there changes or goes."""
        events = {row.clip_id for row in (*self.events.changed, *self.events.gone)}
        weak = {row.clip_id for row in (*self.weak.changed, *self.weak.gone)}
        return events | weak | {row.clip_id for row in self.empty.gone}


def write_labels(
    dataset: Dataset,
    rows: LabelRows,
    report: Report,
    errors: RowErrors,
    losses: LossReport,
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> None:
    """Write rows that were checked, in one transaction; the report says how many were new.

    A row that says a clip is empty is refused where its annotator has labelled the clip, unless
    those labels are replaced; whoever labels a clip that they found empty no longer finds it so.
    """
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        plans = _plan_labels(rows, errors, replace=replace)
        _fill_report(report, losses, rows, plans)
        if dry_run:
            return
        note_earlier_work(plans.find_rewritten_clips(), also=rows.makers())
        _apply_plan(Event.objects.all(), (*EVENT_COLUMNS, *CONFIRMATION_COLUMNS), plans.events)
        _apply_plan(WeakLabel.objects.all(), WEAK_COLUMNS, plans.weak)
        _delete_rows(EmptyAnnotation.objects.all(), plans.empty.gone)
        EmptyAnnotation.objects.bulk_create(plans.empty.fresh, batch_size=BATCH)
        moved = plans.events.clips() | plans.weak.clips() | plans.empty.clips()
        if moved:
            touch_draft(locked, clips=moved)


def _plan_labels(rows: LabelRows, errors: RowErrors, *, replace: bool) -> _Plans:
    emptied = {each.annotation.clip_id for each in rows.empty}
    with_events = {event.clip_id for event in rows.events} | emptied
    with_weak = {label.clip_id for label in rows.weak} | emptied
    there = _ExistingLabels(
        list(_select_rows_of_clips(Event.objects.all(), with_events)),
        list(_select_rows_of_clips(WeakLabel.objects.all(), with_weak)),
        list(_select_rows_of_clips(EmptyAnnotation.objects.all(), with_events | with_weak)),
    )
    if replace:
        events = plan_replaced_events(there.events, rows.events)
        weak = plan_replaced_weak_labels(there.weak, rows.weak)
    else:
        events, weak = (
            plan_added_events(there.events, rows.events),
            plan_added_weak_labels(there.weak, rows.weak),
        )
    return _Plans(events, weak, _plan_empty(rows, there, errors, replace=replace))


def _plan_empty(
    rows: LabelRows, there: _ExistingLabels, errors: RowErrors, *, replace: bool
) -> EmptyPlan:
    plan = EmptyPlan()
    known = {(each.clip_id, each.annotator): each for each in there.empty}
    labelled = (
        set() if replace else collect_annotators(there.events) | collect_annotators(there.weak)
    )
    for each in rows.empty:
        annotation = each.annotation
        key = (annotation.clip_id, annotation.annotator)
        if key in labelled:
            refuse_empty_annotation(errors, each, _advise_replacing(each))
        elif known.pop(key, None) is None:
            plan.fresh.append(annotation)
        else:
            plan.unchanged += 1
    said = collect_annotators(rows.labels())
    plan.gone = [each for key, each in known.items() if replace or key in said]
    return plan


def _advise_replacing(each: FoundEmpty) -> str:
    who = each.annotation.annotator
    by = f" by {who}" if who else ""
    return f"a clip without labels{by}: this one has some, which `replace` takes out"


def _fill_report(report: Report, losses: LossReport, rows: LabelRows, plans: _Plans) -> None:
    labels = (plans.events, plans.weak)
    report.added = sum(len(plan.fresh) for plan in labels) + len(plans.empty.fresh)
    report.changed = sum(len(plan.changed) for plan in labels)
    known = len(rows.events) + len(rows.weak) + plans.empty.unchanged
    report.unchanged = known - sum(len(plan.fresh) + len(plan.changed) for plan in labels)
    if plans.weak.fresh:
        report.note(f"{len(plans.weak.fresh)} of those added are labels of whole clips")
    if plans.empty.fresh:
        paths = sorted(each.clip.path for each in plans.empty.fresh)
        report.note("Noted as annotated and holding none of the labels", paths)
    for count, text in (
        (len(plans.events.gone), "events that the file no longer has were taken out"),
        (len(plans.weak.gone), "labels of whole clips that the file no longer has were taken out"),
        (len(plans.empty.gone), "clips are no longer noted as holding none of the labels"),
    ):
        if count:
            report.note(f"{count} {text}")
    for plan in labels:
        for each in plan.left:
            losses.note(LEFT_LABELS, f"{each.clip.path}: {each.label}")


def _apply_plan(table: QuerySet[Label], columns: Iterable[str], plan: LabelPlan[Label]) -> None:
    _delete_rows(table, plan.gone)
    table.bulk_update(plan.changed, [name.removesuffix("_id") for name in columns], BATCH)
    table.bulk_create(plan.fresh, BATCH)


def _delete_rows(table: QuerySet[Labelled], gone: Iterable[Labelled]) -> None:
    for ids in _split_into_chunks([row.pk for row in gone]):
        table.filter(pk__in=ids).delete()


def _select_rows_of_clips(table: QuerySet[Labelled], clip_ids: Iterable[int]) -> Iterator[Labelled]:
    for some in _split_into_chunks(sorted(clip_ids)):
        yield from table.filter(clip_id__in=some).select_related("clip")


def _split_into_chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while some := list(islice(rest, BATCH)):
        yield some
