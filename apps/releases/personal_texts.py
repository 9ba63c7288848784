"""Personal data in what a release says besides its clips: of the dataset, and in its labels."""

from collections.abc import Iterator

from apps.datasets.models import Clip, Dataset, Event, WeakLabel
from apps.detection.detectors.patterns import find_personal, shorten_text
from datasets_catalog.event_columns import EVENT_COLUMNS
from datasets_catalog.labels import Status

# What people write freely into labels and a release gives out.
LABEL_TEXTS = (
    (Event, tuple(column.name for column in EVENT_COLUMNS if column.is_scanned)),
    (WeakLabel, ("label", "annotator")),
)
# Of the description sheet. Its creators are not looked at: they want to be named, and are cited.
SHEET_TEXTS = ("provenance", "limitations", "funding")


def find_identifying_texts(dataset: Dataset) -> tuple[str, ...]:
    """Where texts of the dataset and its labels hold personal data that its form tells.

    Each with what kind it is, by the patterns for the cells of a table. What is personal is
    shortened to its beginning.
    """
    found = [
        *_describe_matches("title", dataset.title),
        *_describe_matches("description", dataset.description),
    ]
    for part in SHEET_TEXTS:
        found += _describe_matches(part, dataset.sheet.get(part, ""))
    for kind, columns in LABEL_TEXTS:
        rows = kind.objects.filter(clip__dataset=dataset, clip__state=Clip.State.ACTIVE)
        for column in columns:
            texts = rows.exclude(status=Status.REJECTED).order_by(column)
            for text in texts.values_list(column, flat=True).distinct().iterator(chunk_size=2000):
                found += _describe_matches(column, text)
    return tuple(found)


def _describe_matches(where: str, text: str) -> Iterator[str]:
    matches = find_personal(text)
    if matches:
        kinds = sorted({match.kind.replace("_", " ") for match in matches})
        yield f'{where} "{shorten_text(text, matches)}" ({", ".join(kinds)})'
