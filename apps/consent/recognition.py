"""Who may be recognised by voice, and the end of voice prints with that permission."""

from collections.abc import Collection, Iterable

from django.utils import timezone

from apps.accounts.models import Organisation
from apps.consent.ledger import consents_of
from apps.consent.models import Contributor, Participation
from apps.datasets.models import Dataset
from apps.voices.actions import forget_prints
from datasets_catalog.ledger import Ledger
from datasets_catalog.purposes import Purpose


def recognisable(organisation: Organisation, codes: Iterable[str]) -> frozenset[str]:
    """Of the named contributors those whose consent allows `identify.speaker` now."""
    wanted = set(codes)
    ledger = Ledger(consents_of(organisation, wanted))
    now = timezone.now()
    return frozenset(
        code for code in wanted if ledger.refusal(code, Purpose.IDENTIFY_SPEAKER, at=now) is None
    )


def unwilling_contents(dataset: Dataset) -> set[str]:
    """SHA-256 of the clips in which somebody takes part who may not be recognised by voice."""
    rows = Participation.objects.filter(clip__dataset=dataset)
    codes = rows.values_list("contributor__code", flat=True).distinct()
    willing = recognisable(dataset.organisation, codes)
    shut = rows.exclude(contributor__code__in=willing)
    return set(shut.values_list("clip__blob__sha256", flat=True))


def end_recognition(organisation: Organisation, contributors: Collection[int]) -> None:
    """Destroy the voice prints of those who may not, or may no longer, be recognised."""
    rows = Contributor.objects.filter(organisation=organisation, pk__in=contributors)
    codes = dict(rows.values_list("pk", "code"))
    willing = recognisable(organisation, codes.values())
    gone = [pk for pk, code in codes.items() if code not in willing]
    parts = Participation.objects.filter(contributor_id__in=gone)
    contents: dict[int, set[str]] = {}
    for dataset, sha256 in parts.values_list("clip__dataset_id", "clip__blob__sha256"):
        contents.setdefault(dataset, set()).add(sha256)
    for dataset_row in Dataset.objects.filter(pk__in=contents):
        forget_prints(dataset_row, contents[dataset_row.pk])
