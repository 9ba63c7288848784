"""The groups into which a detector of whole drafts sorts the clips of one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from apps.consent.ledger import people_in
from apps.datasets.models import Clip, Dataset
from apps.privacy.detectors.base import Detector, Draft, DraftDetector, DraftRow, GroupSubject
from apps.privacy.likeness import gone_likenesses
from datasets_catalog.verticals import Vertical, quasi_identifiers


def groups_of(dataset: Dataset, detector: Detector) -> Mapping[str, GroupSubject]:
    """Every active clip of the draft in exactly one group, by the group's key."""
    draft = draft_of(dataset)
    if getattr(detector, "needs_gone", False):
        draft = replace(draft, gone=gone_likenesses(dataset))
    return cast("DraftDetector", detector).groups(draft)


def group_keys(dataset: Dataset, detector: Detector) -> dict[int, str]:
    """The key of the group in which each active clip of the draft is, by clip id."""
    groups = groups_of(dataset, detector)
    return {clip: key for key, group in groups.items() for clip in group.clips}


def draft_of(dataset: Dataset) -> Draft:
    """The draft with the quasi-identifiers of its vertical and the people in its clips."""
    columns = quasi_identifiers().get(Vertical(dataset.vertical), ())
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    if not columns:
        ids = clips.values_list("pk", flat=True)
        return Draft(tuple(DraftRow(pk, {}) for pk in ids.iterator()), ())
    people = people_in(dataset)
    rows = clips.values_list("pk", "recording_id", *(f"fields__{name}" for name in columns))
    return Draft(
        tuple(
            DraftRow(
                clip=pk,
                values={
                    name: str(value)
                    for name, value in zip(columns, values, strict=True)
                    if value not in {None, ""}
                },
                people=people.get(pk, ()),
                recording=recording,
            )
            for pk, recording, *values in rows.iterator(chunk_size=2000)
        ),
        columns,
    )
