"""Whom the record of a clip lacks, by what was recorded for the same sound before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from apps.consent.ledger import people_in
from apps.consent.models import Participation, PeopleStatement
from apps.datasets.models import Clip, Dataset
from apps.privacy.likeness import pairs_alike


def missing_people(dataset: Dataset) -> Mapping[int, tuple[str, ...]]:
    """Whom the record of each clip in the draft lacks, that was in the same sound before.

    The same sound is the same bytes in whatever clip of the dataset, and what sounds like bytes
    that left it. Clips that lack nobody are left out.
    """
    known = _known_people(dataset)
    if not known:
        return {}
    people = people_in(dataset)
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).order_by("pk")
    contents = dict(clips.values_list("pk", "blob__sha256"))
    here = sorted(set(contents.values()))
    left = sorted(known.keys() - set(here))
    wanted: dict[str, set[str]] = defaultdict(set)
    for content in here:
        wanted[content] |= known.get(content, set())
    if left:
        for gone, present in pairs_alike(dataset, left, here):
            wanted[present] |= known[gone]
    lacking = {pk: wanted[content] - set(people.get(pk, ())) for pk, content in contents.items()}
    return {pk: tuple(sorted(codes)) for pk, codes in lacking.items() if codes}


def _known_people(dataset: Dataset) -> dict[str, set[str]]:
    """Everybody who was ever recorded for a content of the dataset."""
    found: dict[str, set[str]] = defaultdict(set)
    said = PeopleStatement.objects.filter(clip__dataset=dataset)
    for content, before, after in said.values_list("content_sha256", "before", "after").iterator():
        found[content] |= {*before, *after}
    for content, code in _present(dataset):
        found[content].add(code)
    return {content: codes for content, codes in found.items() if codes}


def _present(dataset: Dataset) -> Iterable[tuple[str, str]]:
    rows = Participation.objects.filter(clip__dataset=dataset)
    return rows.values_list("clip__blob__sha256", "contributor__code").iterator(chunk_size=5000)
