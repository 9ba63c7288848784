"""Personal data in what a release says besides its clips: of the dataset, and in its labels."""

from collections.abc import Iterator

from apps.datasets.models import Clip, Dataset, Event, WeakLabel
from apps.privacy.detectors.patterns import find_personal, shorten
from datasets_catalog.event_columns import EVENT_COLUMNS
from datasets_catalog.labels import Status

# What people write freely into labels and a release gives out.
LABEL_TEXTS = (
    (Event, tuple(column.name for column in EVENT_COLUMNS if column.is_scanned)),
    (WeakLabel, ("label", "annotator")),
)


def identifying_texts(dataset: Dataset) -> tuple[str, ...]:
    """Where title, description and labels hold personal data that its form tells, and of what kind.

    By the patterns for the cells of a table. What is personal is shortened to its beginning.
    """
    found = [*_said("title", dataset.title), *_said("description", dataset.description)]
    for kind, columns in LABEL_TEXTS:
        rows = kind.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
        for column in columns:
            texts = rows.exclude(status=Status.REJECTED).order_by(column)
            for text in texts.values_list(column, flat=True).distinct().iterator(chunk_size=2000):
                found += _said(column, text)
    return tuple(found)


def _said(where: str, text: str) -> Iterator[str]:
    matches = find_personal(text)
    if matches:
        kinds = sorted({match.kind.replace("_", " ") for match in matches})
        yield f'{where} "{shorten(text, matches)}" ({", ".join(kinds)})'
