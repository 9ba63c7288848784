"""Which releases a user may know of."""

from django.db.models import QuerySet

from apps.accounts.access import Principal
from apps.datasets.access import sees_draft
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import NotFoundError
from datasets_catalog.release_states import PUBLIC


class ReleaseUnknownError(NotFoundError):
    """There is no such release, or it is not the user's to see."""

    code = "release.unknown"


def releases_for(user: Principal, dataset: Dataset) -> QuerySet[Release]:
    """All releases for those who work on the dataset, the public ones for everybody else."""
    rows = Release.objects.filter(dataset=dataset).select_related(
        "vocabulary", "dataset__organisation", "frozen_by", "published_by"
    )
    return rows if sees_draft(user, dataset) else rows.filter(state__in=PUBLIC)


def release_for(user: Principal, dataset: Dataset, version: str) -> Release:
    """The release of that version (with or without `v` before it)."""
    row = releases_for(user, dataset).filter(version=version.removeprefix("v")).first()
    if row is None:
        raise ReleaseUnknownError(f"{dataset} has no release {version}.")
    return row
