"""Who may be recognised by voice, and the end of voice prints with that permission."""

from collections.abc import Collection

from django.utils import timezone

from apps.accounts.models import Organisation
from apps.consent.ledger import load_consents
from apps.consent.models import Participation
from apps.datasets.models import Dataset
from apps.voices.actions import forget_prints
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import PeopleCoverage, Plan
from datasets_catalog.ledger import Ledger
from datasets_catalog.purposes import Purpose


def find_unwilling_contents(
    dataset: Dataset, contributors: Collection[int] | None = None
) -> set[str]:
    """SHA-256 of the clips in which somebody takes part who may not be recognised by voice there.

    Of the clips in which one of the contributors takes part alone, if ids are given.
    """
    rows = Participation.objects.filter(clip__dataset=dataset)
    if contributors is not None:
        rows = rows.filter(contributor_id__in=contributors)
    parts = list(
        rows.values_list("contributor__code", "clip__recording__name", "clip__blob__sha256")
    )
    ledger = Ledger(load_consents(dataset, {code for code, _, _ in parts}))
    asked = PeopleCoverage(ledger, Plan((), dataset=dataset.full_name), timezone.now())
    return {
        sha256
        for code, recording, sha256 in parts
        if Purpose.IDENTIFY_SPEAKER
        not in asked.scope(ClipPeople("", "", (code,), 0.0, recording=recording or ""))
    }


def end_recognition(organisation: Organisation, contributors: Collection[int]) -> None:
    """Destroy the voice prints of those who may not, or may no longer, be recognised."""
    parts = Participation.objects.filter(contributor_id__in=contributors)
    datasets = Dataset.objects.filter(
        organisation=organisation, pk__in=parts.values("clip__dataset")
    ).select_related("organisation")
    for dataset in datasets:
        forget_prints(dataset, find_unwilling_contents(dataset, contributors))
