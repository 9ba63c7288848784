"""Which jobs a user may see."""

from uuid import UUID

from django.db.models import Q

from apps.accounts.access import Principal, find_token_reach, list_organisations_where
from apps.accounts.models import User
from apps.jobs.models import Job, JobQuerySet
from datasets_catalog.errors import NotFoundError
from datasets_catalog.roles import Permission


def list_visible_jobs(user: Principal) -> JobQuerySet:
    """The user's own jobs and those of the organisations they work in."""
    if not isinstance(user, User):
        return Job.objects.none()
    organisations = list_organisations_where(user, Permission.DATASET_VIEW)
    rows = Job.objects.filter(Q(created_by=user) | Q(organisation_id__in=organisations))
    names = find_token_reach(user)
    if names is None:
        return rows
    # A job is about a dataset, or about its name and a version.
    about = Q(pk__in=[])
    for name in names:
        about |= Q(subject=name) | Q(subject__startswith=f"{name} ")
    return rows.filter(about)


def fetch_job(user: Principal, uid: str) -> Job:
    """The job if the user may see it; `NotFoundError` otherwise."""
    try:
        row = list_visible_jobs(user).filter(uid=UUID(uid)).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFoundError("There is no such job, or it is not yours to see.")
    return row
