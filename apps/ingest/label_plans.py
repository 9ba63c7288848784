"""What an import does to the labels that are there: computed first, written in one go."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from apps.datasets.models import EmptyAnnotation, Event, WeakLabel
from apps.ingest.label_rows import identify_event, identify_weak_label
from datasets_catalog.labels import Status

# What an import may change of an event; its clip, label and identity stay.
EVENT_COLUMNS = (
    "term_id",
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
    "verifier",
)
# Who confirmed it here, which no file can say.
CONFIRMATION_COLUMNS = ("verified_by", "verified_at")
WEAK_COLUMNS = ("term_id", "confidence", "source", "status", "presence")

Label = TypeVar("Label", Event, WeakLabel)


@dataclass(slots=True)
class LabelPlan(Generic[Label]):
    """Rows to write, to change and to take out.

    `left` are rows that are there with other values than the file says, and stay as they are.
    """

    fresh: list[Label] = field(default_factory=list)
    changed: list[Label] = field(default_factory=list)
    gone: list[Label] = field(default_factory=list)
    left: list[Label] = field(default_factory=list)

    def clips(self) -> set[int]:
        return {each.clip_id for each in (*self.fresh, *self.changed, *self.gone)}


def plan_added_events(existing: Iterable[Event], events: Iterable[Event]) -> LabelPlan[Event]:
    return _plan_addition(existing, events, identify_event, ("confidence", "source", "status"))


def plan_added_weak_labels(
    existing: Iterable[WeakLabel], labels: Iterable[WeakLabel]
) -> LabelPlan[WeakLabel]:
    return _plan_addition(existing, labels, identify_weak_label, WEAK_COLUMNS[1:])


def _plan_addition(
    existing: Iterable[Label],
    wanted: Iterable[Label],
    identity: Callable[[Label], Hashable],
    columns: Iterable[str],
) -> LabelPlan[Label]:
    plan: LabelPlan[Label] = LabelPlan()
    present = {identity(each): each for each in existing}
    for each in wanted:
        before = present.get(identity(each))
        if before is None:
            plan.fresh.append(each)
        elif any(getattr(before, name) != getattr(each, name) for name in columns):
            plan.left.append(before)
    return plan


def plan_replaced_weak_labels(
    existing: Iterable[WeakLabel], labels: Iterable[WeakLabel]
) -> LabelPlan[WeakLabel]:
    plan: LabelPlan[WeakLabel] = LabelPlan()
    before = {identify_weak_label(each): each for each in existing}
    for each in labels:
        kept = before.pop(identify_weak_label(each), None)
        if kept is None:
            plan.fresh.append(each)
        elif _take_over_columns(kept, each, WEAK_COLUMNS):
            plan.changed.append(kept)
    plan.gone = list(before.values())
    return plan


def plan_replaced_events(existing: Iterable[Event], events: Iterable[Event]) -> LabelPlan[Event]:
    """Pair old and new events of one clip and label: same ones first, then in order of time.

    So an event that only moved stays the same event, and a diff can say by how much.
    """
    plan: LabelPlan[Event] = LabelPlan()
    same: dict[Hashable, Event] = {}
    for event in existing:
        # Of old events that say the same twice, one is paired and the other goes.
        if same.setdefault(identify_event(event), event) is not event:
            plan.gone.append(event)
    moved: list[Event] = []
    for event in events:
        kept = same.pop(identify_event(event), None)
        if kept is None:
            moved.append(event)
        else:
            _renew_event(kept, event, plan)
    waiting: dict[tuple[int, str], list[Event]] = {}
    for event in sorted(same.values(), key=_build_order_key):
        waiting.setdefault((event.clip_id, event.label), []).append(event)
    for event in sorted(moved, key=_build_order_key):
        left = waiting.get((event.clip_id, event.label))
        if left:
            _renew_event(left.pop(0), event, plan)
        else:
            plan.fresh.append(event)
    plan.gone += [event for left in waiting.values() for event in left]
    return plan


def _renew_event(kept: Event, event: Event, plan: LabelPlan[Event]) -> None:
    """Take over what the file says.

    What was verified or rejected was this event at this place. One that moved has to be looked at
    again; for one that did not, a file that merely suggests it says nothing new.
    """
    before, said = identify_event(kept), kept.status
    if identify_event(kept) == identify_event(event):
        if event.status == Status.SUGGESTED:
            event.status = kept.status
        if event.status == kept.status:
            event.verifier = kept.verifier
    if _take_over_columns(kept, event, EVENT_COLUMNS):
        if identify_event(kept) != before or kept.status != said:
            # Who looked at it here looked at another event.
            kept.verified_by = kept.verified_at = None
        plan.changed.append(kept)


def _take_over_columns(kept: Label, wanted: Label, columns: Iterable[str]) -> bool:
    changed = [name for name in columns if getattr(kept, name) != getattr(wanted, name)]
    for name in changed:
        setattr(kept, name, getattr(wanted, name))
    return bool(changed)


def _build_order_key(event: Event) -> tuple[int, str, float, float, float]:
    return (event.clip_id, event.label, event.onset, event.offset, event.f_low or 0.0)


@dataclass(slots=True)
class EmptyPlan:
    """Clips found empty to write down, and those that are not empty any more."""

    fresh: list[EmptyAnnotation] = field(default_factory=list)
    gone: list[EmptyAnnotation] = field(default_factory=list)
    unchanged: int = 0

    def clips(self) -> set[int]:
        return {each.clip_id for each in (*self.fresh, *self.gone)}
