"""The groups into which a detector of whole drafts sorts the clips of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from apps.consent.ledger import load_people
from apps.datasets.models import Clip, Dataset
from apps.detection.detectors.base import Detector, Draft, DraftDetector, DraftRow, GroupSubject
from datasets_catalog.verticals import SHARED_COLUMNS, Vertical, load_quasi_identifiers

# Of an ISO 8601 moment: the day.
DAY_CHARACTERS = 10


Knowledge = Callable[[Dataset], Mapping[int, tuple[str, ...]]]
"""Words for clips of a draft, by clip id."""

# What rooms above know of drafts, by the field of `Draft` that it fills.
_KNOWLEDGE: dict[str, Knowledge] = {}


def provide_knowledge(field: str, source: Knowledge) -> None:
    """Have `source` fill this field of drafts. Called once, when the room that knows is installed.

    A detector that needs a field which nobody fills fails with KeyError: it never sees a draft in
    which nothing was held back because nobody was asked.
    """
    _KNOWLEDGE[field] = source


def build_groups(dataset: Dataset, detector: Detector) -> Mapping[str, GroupSubject]:
    """Every active clip of the draft in exactly one group, by the group's key."""
    draft = load_draft(dataset)
    if getattr(detector, "needs_gone", False):
        draft = replace(draft, gone=_KNOWLEDGE["gone"](dataset))
    if getattr(detector, "needs_missing_people", False):
        draft = replace(
            draft,
            missing_people=_KNOWLEDGE["missing_people"](dataset),
            moved=_KNOWLEDGE["moved"](dataset),
        )
    return cast("DraftDetector", detector).groups(draft)


def map_group_keys(dataset: Dataset, detector: Detector) -> dict[int, str]:
    """The key of the group in which each active clip of the draft is, by clip id."""
    groups = build_groups(dataset, detector)
    return {clip: key for key, group in groups.items() for clip in group.clips}


def load_draft(dataset: Dataset) -> Draft:
    """The draft with what its quasi-identifiers say, and the people in its clips."""
    columns = list_quasi_identifiers(dataset)
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    if not columns:
        ids = clips.values_list("pk", flat=True)
        rows = tuple(DraftRow(pk, {}) for pk in ids.iterator())
        return Draft(rows, (), dataset.fewest_alike)
    people = load_people(dataset)
    lookups = [name if name in SHARED_COLUMNS else f"fields__{name}" for name in columns]
    found = clips.values_list("pk", "recording_id", *lookups)
    return Draft(
        tuple(
            DraftRow(
                clip=pk,
                values=_pick_filled(columns, values),
                people=people.get(pk, ()),
                recording=recording,
            )
            for pk, recording, *values in found.iterator(chunk_size=2000)
        ),
        columns,
        dataset.fewest_alike,
    )


def list_quasi_identifiers(dataset: Dataset) -> tuple[str, ...]:
    """The quasi-identifiers of a dataset: its vertical's, and those it declares besides."""
    shared = load_quasi_identifiers().get(Vertical(dataset.vertical), ())
    return (*shared, *sorted(set(dataset.quasi_identifiers) - set(shared)))


def _pick_filled(columns: Sequence[str], values: Sequence[Any]) -> dict[str, str]:
    found = {
        name: str(value)
        for name, value in zip(columns, values, strict=True)
        if value is not None and value != ""
    }
    if "recorded_at" in found:
        # Somebody may know on which day they were recorded; the minute nobody else shares.
        found["recorded_at"] = found["recorded_at"][:DAY_CHARACTERS]
    return found
