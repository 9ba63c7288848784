"""Which releases a user may know of."""

from django.db.models import QuerySet

from apps.accounts.access import Principal
from apps.datasets.access import may_see_draft
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.errors import NotFoundError
from datasets_catalog.release_states import PUBLIC_STATES


class ReleaseUnknownError(NotFoundError):
    """There is no such release, or it is not the user's to see."""

    code = "release.unknown"


def list_visible_releases(user: Principal, dataset: Dataset) -> QuerySet[Release]:
    """All releases for those who work on the dataset, the public ones for everybody else."""
    rows = Release.objects.filter(dataset=dataset).select_related(
        "vocabulary", "dataset__organisation", "frozen_by", "published_by"
    )
    return rows if may_see_draft(user, dataset) else rows.filter(state__in=PUBLIC_STATES)


def fetch_release(user: Principal, dataset: Dataset, version: str) -> Release:
    """The release of that version (with or without `v` before it)."""
    row = list_visible_releases(user, dataset).filter(version=version.removeprefix("v")).first()
    if row is None:
        raise ReleaseUnknownError(f"{dataset} has no release {version}.")
    return row
