"""What was taken, and what was refused: a few rows a day, however many requests a client makes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.access.authorizations import Action, Authorization
from apps.access.models import Receipt, RefusalCount
from apps.access.standing import find_account
from apps.accounts.access import Principal, require_permission
from apps.datasets.models import Dataset
from apps.releases.models import Release
from datasets_catalog.roles import Permission

# Seconds a receipt is remembered outside the database. It is a day's: the key holds the date.
REMEMBERED_SECONDS = 24 * 3600
# Counts go to the database when so many have gathered, or when so many seconds have passed.
MOST_GATHERED = 32
GATHER_SECONDS = 10


def record_receipt(
    principal: Principal,
    release: Release,
    authorization: Authorization,
    *,
    door: str,
    taken: str = "",
    objects: int = 0,
) -> None:
    """Write that bytes of the release went out.

    `taken` names the object, which counts once for each token and day however often it is asked
    for; otherwise `objects` are counted. Costs two looks in the cache after the first, and one
    statement for every 32 objects: the count of a receipt is at most 31 objects or a few seconds
    behind, and a cache that is emptied makes objects asked for again count again.
    """
    user = find_account(principal)
    token = user.token.prefix if user is not None and user.token is not None else ""
    day = timezone.now().date()
    stated = str(authorization.stated or "")
    key = _build_key(user.pk if user else None, token, release.uid, door, day, stated)
    if taken and not cache.add(f"{key}:{taken}", 1, REMEMBERED_SECONDS):
        return
    row = {
        "holder": user.username if user else "",
        "token": token,
        "release": release,
        "door": door,
        "day": day,
        "stated": stated,
    }
    if not cache.get(key):
        about = Receipt(
            user=user,
            root=release.root,
            entitlement_id=authorization.entitlement_id,
            code=str(authorization.code),
            terms=authorization.terms,
            purposes=sorted(authorization.purposes),
            **row,
        )
        Receipt.objects.bulk_create([about], ignore_conflicts=True)
        cache.set(key, value=True, timeout=REMEMBERED_SECONDS)
    count = 1 if taken else objects
    if not count:
        return
    rows = Receipt.objects.filter(**row)
    _gather_counts(
        key,
        count,
        lambda count: rows.update(objects_given=F("objects_given") + count, last_at=timezone.now()),
    )


def record_refusal(
    principal: Principal, dataset: Dataset, action: Action, answer: Authorization
) -> None:
    """Count that somebody was refused; costs two looks in the cache after the first of a day."""
    user = find_account(principal)
    row = {
        "dataset": dataset,
        "holder": user.username if user else "",
        "code": str(answer.code),
        "action": str(action),
        "day": timezone.now().date(),
    }
    key = f"refusal:{dataset.pk}:{user.pk if user else ''}:{answer.code}:{action}:{row['day']}"
    _gather_counts(key, 1, lambda count: _count_refusals(row, count))


def list_visible_receipts(user: Principal, dataset: Dataset) -> QuerySet[Receipt]:
    """What was taken of the dataset, newest first; for those who may grant access to it."""
    require_permission(user, Permission.ACCESS_GRANT, dataset.organisation)
    rows = Receipt.objects.filter(release__dataset=dataset)
    return rows.select_related("release", "entitlement").order_by("-day", "-pk")


def list_visible_refusals(user: Principal, dataset: Dataset) -> QuerySet[RefusalCount]:
    """How often whom was refused, newest first; for those who may grant access."""
    require_permission(user, Permission.ACCESS_GRANT, dataset.organisation)
    return RefusalCount.objects.filter(dataset=dataset).order_by("-day", "-pk")


def _count_refusals(row: dict[str, object], count: int) -> None:
    counted = RefusalCount.objects.filter(**row).update(count=F("count") + count)
    if counted:
        return
    try:
        with transaction.atomic():
            RefusalCount.objects.create(**row, count=count)
    except IntegrityError:
        # Another process was first.
        RefusalCount.objects.filter(**row).update(count=F("count") + count)


def _gather_counts(key: str, count: int, write: Callable[[int], object]) -> None:
    """Keep counts in the cache, and write them when there are enough or it has been a while."""
    waiting = f"{key}:waiting"
    cache.add(waiting, 0, REMEMBERED_SECONDS)
    gathered = cache.incr(waiting, count)
    if cache.add(f"{key}:lately", 1, GATHER_SECONDS) or gathered >= MOST_GATHERED:
        cache.decr(waiting, gathered)
        write(gathered)


def settle_counts() -> int:
    """Write the counts of receipts that still wait in the cache; returns how many there were.

    For clients that stopped asking. It finds what other processes counted where they share a cache.
    """
    lately = timezone.now().date() - timedelta(days=1)
    rows = {
        _build_key(row.user_id, row.token, row.release.uid, row.door, row.day, row.stated): row
        for row in Receipt.objects.filter(day__gte=lately).select_related("release")
    }
    waiting = cache.get_many([f"{key}:waiting" for key in rows])
    settled = 0
    for key, row in rows.items():
        count = waiting.get(f"{key}:waiting", 0)
        if count:
            cache.decr(f"{key}:waiting", count)
            Receipt.objects.filter(pk=row.pk).update(objects_given=F("objects_given") + count)
            settled += 1
    return settled


def _build_key(
    user_id: int | None, token: str, release: UUID, door: str, day: date, stated: str
) -> str:
    return f"receipt:{user_id or ''}:{token}:{release}:{door}:{day}:{stated}"
