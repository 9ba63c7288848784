"""Personal data in what a release says besides its clips: of the dataset, and in its events."""

from collections.abc import Iterator

from apps.datasets.models import Clip, Dataset, Event
from apps.privacy.detectors.patterns import find_personal, shorten
from datasets_catalog.labels import Status

# What people write freely into an event and a release gives out.
EVENT_TEXTS = ("label", "annotator", "verifier")


def identifying_texts(dataset: Dataset) -> tuple[str, ...]:
    """Where title, description and events hold personal data that its form tells, and of what kind.

    By the patterns for the cells of a table. What is personal is shortened to its beginning.
    """
    found = [*_said("title", dataset.title), *_said("description", dataset.description)]
    events = Event.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE).exclude(
        status=Status.REJECTED
    )
    for column in EVENT_TEXTS:
        texts = events.order_by(column).values_list(column, flat=True).distinct()
        for text in texts.iterator(chunk_size=2000):
            found += _said(column, text)
    return tuple(found)


def _said(where: str, text: str) -> Iterator[str]:
    matches = find_personal(text)
    if matches:
        kinds = sorted({match.kind.replace("_", " ") for match in matches})
        yield f'{where} "{shorten(text, matches)}" ({", ".join(kinds)})'
