"""Whom the record of a clip lacks, by what was recorded for the same sound before."""

from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from django.db.models import Q

from apps.consent.ledger import load_people
from apps.consent.models import Participation, PeopleStatement
from apps.datasets.models import Clip, Dataset
from apps.detection.sounds_alike import find_alike_pairs

T = TypeVar("T")


def find_missing_people(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Whom the record of each clip in the draft lacks, that was in the same sound before.

    The same sound is the same bytes in whatever clip of whatever dataset of the organisation, and
    what sounds like bytes that left this one. Clips that lack nobody are left out.
    """
    known = _collect_known_people(dataset)
    people = load_people(dataset) if known else {}
    said = map_known_to_clips(dataset, known)
    lacking = {pk: codes - set(people.get(pk, ())) for pk, codes in said.items()}
    return {pk: tuple(sorted(codes)) for pk, codes in lacking.items() if codes}


def map_known_to_clips(
    dataset: Dataset, known: Mapping[str, AbstractSet[T]]
) -> dict[int, AbstractSet[T]]:
    """What is known of the sound of each clip in the draft; `known` is by content, gone ones too.

    What sounds like bytes that left is known by them.
    """
    if not known:
        return {}
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    contents = dict(clips.values_list("pk", "blob__sha256"))
    here = sorted(set(contents.values()))
    left = sorted(known.keys() - set(here))
    wanted: dict[str, set[T]] = defaultdict(set)
    for content in here:
        wanted[content] |= known.get(content, set())
    if left:
        for gone, present in find_alike_pairs(dataset, left, here):
            wanted[present] |= known[gone]
    return {pk: wanted[content] for pk, content in contents.items()}


def _collect_known_people(dataset: Dataset) -> dict[str, set[str]]:
    """Everybody who was ever recorded for a content of the dataset, here or in another one."""
    found: dict[str, set[str]] = defaultdict(set)
    here = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).values("blob__sha256")
    elsewhere = Q(clip__dataset__organisation=dataset.organisation_id)
    own = Q(clip__dataset=dataset)
    said = PeopleStatement.objects.filter(own | (elsewhere & Q(content_sha256__in=here)))
    for content, before, after in said.values_list("content_sha256", "before", "after").iterator():
        found[content] |= {*before, *after}
    parts = Participation.objects.filter(own | (elsewhere & Q(clip__blob__sha256__in=here)))
    present = parts.values_list("clip__blob__sha256", "contributor__code")
    for content, code in present.iterator(chunk_size=5000):
        found[content].add(code)
    return {content: codes for content, codes in found.items() if codes}
