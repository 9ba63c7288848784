"""The receipts of what was taken: one row for each holder, release, door and day."""

from __future__ import annotations

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from apps.access.answers import Authorization
from apps.access.models import Receipt
from apps.access.standing import person
from apps.accounts.access import Principal, require
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.roles import Permission

# Seconds a receipt is remembered outside the database. It is a day's: the key holds the date.
REMEMBERED = 24 * 3600


def note_taken(
    principal: Principal, release: Release, authorization: Authorization, *, door: str
) -> None:
    """Write that bytes of the release went out; costs one look in the cache after the first."""
    user = person(principal)
    day = timezone.now().date()
    holder = user.username if user else ""
    key = f"receipt:{user.pk if user else ''}:{release.uid}:{door}:{day}"
    if cache.get(key):
        return
    Receipt.objects.bulk_create(
        [
            Receipt(
                user=user,
                holder=holder,
                release=release,
                root=release.root,
                entitlement_id=authorization.entitlement_id,
                door=door,
                day=day,
            )
        ],
        ignore_conflicts=True,
    )
    cache.set(key, value=True, timeout=REMEMBERED)


def receipts_for(user: Principal, dataset: Dataset) -> QuerySet[Receipt]:
    """What was taken of the dataset, newest first; for those who may grant access to it."""
    require(user, Permission.ACCESS_GRANT, dataset.organisation)
    rows = Receipt.objects.filter(release__dataset=dataset)
    return rows.select_related("release", "entitlement").order_by("-day", "-pk")
