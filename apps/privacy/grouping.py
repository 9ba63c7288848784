"""The groups into which a detector of whole drafts sorts the clips of one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from apps.consent.ledger import people_in
from apps.datasets.models import Clip, Dataset
from apps.privacy.detectors.base import Detector, Draft, DraftDetector, DraftRow, GroupSubject
from apps.privacy.elsewhere import held_back_elsewhere
from apps.privacy.known_people import missing_people
from apps.privacy.known_places import moved_clips
from apps.privacy.likeness import gone_likenesses
from datasets_catalog.verticals import SHARED_COLUMNS, Vertical, quasi_identifiers

# Of an ISO 8601 moment: the day.
DAY_CHARACTERS = 10


def groups_of(dataset: Dataset, detector: Detector) -> Mapping[str, GroupSubject]:
    """Every active clip of the draft in exactly one group, by the group's key."""
    draft = draft_of(dataset)
    if getattr(detector, "needs_gone", False):
        draft = replace(draft, gone=_held_back(dataset))
    if getattr(detector, "needs_missing_people", False):
        draft = replace(
            draft,
            missing_people=missing_people(dataset),
            moved={pk: (each.here, *each.before) for pk, each in moved_clips(dataset).items()},
        )
    return cast("DraftDetector", detector).groups(draft)


def _held_back(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Why each clip is to be looked at again: it is like what left here, or is held elsewhere."""
    found = dict(gone_likenesses(dataset))
    for clip, why in held_back_elsewhere(dataset).items():
        found[clip] = tuple(sorted({*found.get(clip, ()), *why}))
    return found


def group_keys(dataset: Dataset, detector: Detector) -> dict[int, str]:
    """The key of the group in which each active clip of the draft is, by clip id."""
    groups = groups_of(dataset, detector)
    return {clip: key for key, group in groups.items() for clip in group.clips}


def draft_of(dataset: Dataset) -> Draft:
    """The draft with what its quasi-identifiers say, and the people in its clips."""
    columns = columns_of(dataset)
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    if not columns:
        ids = clips.values_list("pk", flat=True)
        rows = tuple(DraftRow(pk, {}) for pk in ids.iterator())
        return Draft(rows, (), dataset.fewest_alike)
    people = people_in(dataset)
    lookups = [name if name in SHARED_COLUMNS else f"fields__{name}" for name in columns]
    found = clips.values_list("pk", "recording_id", *lookups)
    return Draft(
        tuple(
            DraftRow(
                clip=pk,
                values=_told(columns, values),
                people=people.get(pk, ()),
                recording=recording,
            )
            for pk, recording, *values in found.iterator(chunk_size=2000)
        ),
        columns,
        dataset.fewest_alike,
    )


def columns_of(dataset: Dataset) -> tuple[str, ...]:
    """The quasi-identifiers of a dataset: its vertical's, and those it declares besides."""
    shared = quasi_identifiers().get(Vertical(dataset.vertical), ())
    return (*shared, *sorted(set(dataset.quasi_identifiers) - set(shared)))


def _told(columns: Sequence[str], values: Sequence[Any]) -> dict[str, str]:
    found = {
        name: str(value)
        for name, value in zip(columns, values, strict=True)
        if value is not None and value != ""
    }
    if "recorded_at" in found:
        # Somebody may know on which day they were recorded; the minute nobody else shares.
        found["recorded_at"] = found["recorded_at"][:DAY_CHARACTERS]
    return found
