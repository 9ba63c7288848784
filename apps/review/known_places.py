"""Where the sound of a clip was before: answers to forms count in the places they asked about."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from apps.accounts.models import Organisation
from apps.consent.ledger import load_people
from apps.consent.models import Consent, FormReach, PeopleStatement
from apps.datasets.models import Clip, Dataset
from apps.review.known_people import map_known_to_clips

# A dataset by its key, and the name of a recording in it; "" is none.
Place = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a clip is, and where else its sound was; each as `dataset uid/recording`."""

    here: str
    before: tuple[str, ...]


def map_moved_clips(dataset: Dataset) -> Mapping[int, Moved]:
    """The clips of the draft for which other answers count than where the same sound was before.

    The same sound is the same bytes in whatever clip of whatever dataset of the organisation, and
    what sounds like bytes that left this dataset. Other answers: of the people recorded for the
    clip, under a form that asks about the one place and not about the other. Where none counts here
    nothing is allowed, and nothing said of it.
    """
    people = load_people(dataset)
    asked = _Asked(dataset.organisation)
    clips = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE, pk__in=list(people))
    places = map_known_to_clips(dataset, _map_known_places(dataset)) if asked.about else {}
    uids = dict(Dataset.objects.filter(organisation=dataset.organisation).values_list("pk", "uid"))
    found = {}
    for pk, recording in clips.values_list("pk", "recording__name"):
        place = (dataset.pk, recording or "")
        counting = asked.of(place, people[pk])
        others = [each for each in places.get(pk, ()) if asked.of(each, people[pk]) != counting]
        if counting and others:
            here, *before = (f"{uids[where]}/{name}" for where, name in (place, *sorted(others)))
            found[pk] = Moved(here, tuple(before))
    return found


@dataclass(slots=True)
class _Asked:
    """Which forms asked about which places, and who answered them."""

    organisation: Organisation
    about: dict[Place, set[int]] = field(init=False)
    answered: dict[str, set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.about, self.answered = defaultdict(set), defaultdict(set)
        reaches = FormReach.objects.filter(form__organisation=self.organisation, ended_at=None)
        for form, dataset, recording in reaches.values_list("form", "dataset", "recording"):
            self.about[dataset, recording].add(form)
        consents = Consent.objects.filter(
            contributor__organisation=self.organisation, superseded_by=None
        )
        for code, form in consents.values_list("contributor__code", "form").distinct():
            self.answered[code].add(form)

    def of(self, place: Place, people: Iterable[str]) -> set[int]:
        """The forms whose answers of these people count at the place."""
        dataset, recording = place
        forms = self.about.get((dataset, ""), set()) | self.about.get((dataset, recording), set())
        return forms & {form for code in people for form in self.answered.get(code, ())}


def _map_known_places(dataset: Dataset) -> dict[str, set[Place]]:
    """Every place of each content that is, or was, in the dataset."""
    found: dict[str, set[Place]] = defaultdict(set)
    here = Clip.objects.filter(dataset=dataset, state=Clip.State.ACTIVE).values("blob__sha256")
    own = Q(dataset=dataset)
    elsewhere = Q(dataset__organisation=dataset.organisation_id)
    clips = Clip.objects.filter(
        own | (elsewhere & (Q(blob__sha256__in=here) | Q(original__sha256__in=here)))
    )
    columns = ("dataset", "blob__sha256", "original__sha256", "recording__name")
    for where, content, original, name in clips.values_list(*columns).iterator(chunk_size=5000):
        for each in filter(None, (content, original)):
            found[each].add((where, name or ""))
    said = PeopleStatement.objects.filter(clip__dataset__organisation=dataset.organisation_id)
    said = said.filter(Q(clip__dataset=dataset) | Q(content_sha256__in=here))
    rows = said.filter(recording__isnull=False)
    for where, content, name in rows.values_list("clip__dataset", "content_sha256", "recording"):
        found[content].add((where, name or ""))
    return found
