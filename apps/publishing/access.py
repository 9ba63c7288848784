"""Which targets and publications a user may see."""

from django.db.models import QuerySet

from apps.accounts.access import Principal, require_permission
from apps.accounts.models import Organisation
from apps.datasets.models import Dataset
from apps.publishing.models import Publication, Target
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission


class TargetUnknownError(NotFoundError):
    """The organisation has no such target."""

    code = "target.unknown"


def list_visible_targets(user: Principal, organisation: Organisation) -> QuerySet[Target]:
    """List the organisation's targets, for its members; their tokens are never shown."""
    require_permission(user, Permission.DATASET_VIEW, organisation)
    return Target.objects.filter(organisation=organisation).select_related("organisation")


def fetch_target(user: Principal, organisation: Organisation, name: str) -> Target:
    """Fetch one target of the organisation."""
    row = list_visible_targets(user, organisation).filter(name=name).first()
    if row is None:
        raise TargetUnknownError(f"{organisation} has no target {name}.")
    return row


def list_visible_publications(user: Principal, dataset: Dataset) -> QuerySet[Publication]:
    """List where the dataset's releases were sent, newest first, for those who work on it."""
    require_permission(user, Permission.DATASET_VIEW, dataset.organisation)
    rows = Publication.objects.filter(release__dataset=dataset)
    return rows.select_related("release__dataset__organisation", "target", "started_by")
