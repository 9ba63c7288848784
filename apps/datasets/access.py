"""Which datasets a user may have: fetching is the permission check."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.access import (
    Principal,
    has_permission,
    list_organisations_where,
    match_within_reach,
    may_reach_dataset,
    require_permission,
)
from apps.datasets.models import Clip, Dataset, Vocabulary
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission


class DatasetUnknownError(NotFoundError):
    """There is no such dataset, or the user may not know of it: the answer is the same."""

    code = "dataset.unknown"


class ClipUnknownError(NotFoundError):
    """The draft has no such clip."""

    code = "clip.unknown"


class VocabularyUnknownError(NotFoundError):
    """There is no vocabulary of that name in that version."""

    code = "vocabulary.unknown"


# Conditions by which rooms above let people know of released datasets that are not public.
_KNOWERS: list[Callable[[Principal], Q]] = []


def add_knower(condition: Callable[[Principal], Q]) -> None:
    """Add a condition under which somebody knows of a released dataset: whom a room above let in.

    Called once, when the room is installed. The condition costs no query of its own.
    """
    if condition not in _KNOWERS:
        _KNOWERS.append(condition)


def list_visible_datasets(user: Principal) -> QuerySet[Dataset]:
    """Datasets of the user's organisations, and the released ones that they may know of.

    That is: those that are not internal, and those they were let into (`add_knower`). All within
    the reach of the user's token.
    """
    mine = list_organisations_where(user, Permission.DATASET_VIEW)
    known = ~Q(access=Dataset.Access.ORGANISATION)
    for condition in _KNOWERS:
        known |= condition(user)
    released = Q(released_at__isnull=False) & known
    return (
        Dataset.objects.filter(match_within_reach(user))
        .filter(Q(organisation_id__in=mine) | released)
        .select_related("organisation", "vocabulary")
        .order_by("organisation__name", "name")
    )


def fetch_dataset(user: Principal, full_name: str) -> Dataset:
    """The dataset `organisation/name`, if the user may know of it."""
    organisation, _, name = full_name.partition("/")
    row = list_visible_datasets(user).filter(organisation__name=organisation, name=name).first()
    if row is None:
        raise DatasetUnknownError(
            f"There is no dataset {full_name}, or it is not yours to see."
            " Sign in, or ask its organisation."
        )
    return row


def fetch_dataset_to_edit(user: Principal, full_name: str, permission: Permission) -> Dataset:
    """The dataset, if the user has the permission in its organisation; `DeniedError` if not."""
    row = fetch_dataset(user, full_name)
    require_permission(user, permission, row.organisation)
    return row


def may_see_draft(user: Principal, dataset: Dataset) -> bool:
    """Whether the user works on the dataset and may see what is not released."""
    if not may_reach_dataset(user, dataset.full_name):
        return False
    return has_permission(user, Permission.DATASET_VIEW, dataset.organisation)


def fetch_draft(user: Principal, full_name: str) -> Dataset:
    """The dataset, if the user works on it; `DeniedError` for one of which they may only know."""
    return fetch_dataset_to_edit(user, full_name, Permission.DATASET_VIEW)


def fetch_clip(user: Principal, full_name: str, uid: UUID) -> Clip:
    """A clip of the draft, if the user works on the dataset."""
    dataset = fetch_draft(user, full_name)
    rows = Clip.objects.select_related("blob", "recording", "added_by", "dataset__organisation")
    row = rows.filter(dataset=dataset, uid=uid).first()
    if row is None:
        raise ClipUnknownError(f"{dataset} has no clip {uid}.")
    return row


def fetch_vocabulary(name: str, version: str) -> Vocabulary:
    """One version of a vocabulary; anyone may read it."""
    row = Vocabulary.objects.filter(name=name, version=version).first()
    if row is None:
        raise VocabularyUnknownError(
            f"There is no vocabulary {name} {version}: bring it in with"
            " `manage.py import_vocabulary`."
        )
    return row
