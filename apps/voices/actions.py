"""Keeping and destroying voice prints."""

from collections.abc import Iterable

from django.db import transaction

from apps.datasets.models import Dataset
from apps.voices.embedding import VERSION, Vector
from apps.voices.models import VoicePrint


def keep_print(dataset: Dataset, content_sha256: str, vector: Vector | None) -> None:
    """Remember the voice of a content; None says that there was too little speech to tell."""
    raw = b"" if vector is None else vector.astype("<f4").tobytes()
    VoicePrint.objects.update_or_create(
        dataset=dataset,
        content_sha256=content_sha256,
        version=VERSION,
        defaults={"vector": raw},
    )


@transaction.atomic
def forget_prints(dataset: Dataset, contents: Iterable[str]) -> int:
    """Destroy the prints of contents (SHA-256); returns how many there were."""
    rows = VoicePrint.objects.filter(dataset=dataset, content_sha256__in=list(contents))
    return rows.delete()[0]


def forget_dataset_prints(dataset: Dataset) -> int:
    """Destroy every print of the dataset."""
    return VoicePrint.objects.filter(dataset=dataset).delete()[0]
