"""Telling people what concerns their access: on a page, and by mail where they have an address."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone

from apps.access.models import Notice
from apps.access.standing import find_account
from apps.accounts.access import Principal, match_within_reach
from apps.accounts.models import Organisation, User
from apps.datasets.models import Dataset
from datasets_catalog.roles import ROLE_PERMISSIONS, Permission

# A mail that was begun and did not end, by a crash or a mail server, is tried again after this.
TRY_AGAIN = timedelta(minutes=10)
# How long a mail is tried; the notice on the page stays.
GIVE_UP = timedelta(days=3)
AT_ONCE = 200

_log = logging.getLogger(__name__)


def notify_people(
    people: Iterable[User], kind: Notice.Kind, dataset: Dataset, text: str, *, page: str = ""
) -> None:
    """Leave a notice for each of the people, in the caller's transaction; mails go out later.

    `page` is where they can do something about it; without it the dataset's access page.
    """
    now = timezone.now()
    Notice.objects.bulk_create(
        Notice(
            user=one,
            kind=kind,
            dataset=dataset,
            text=text,
            page=page or f"/datasets/{dataset}/access/",
            mail_after=now if one.email else None,
        )
        for one in {one.pk: one for one in people}.values()
    )


def list_members_with(permission: Permission, organisation: Organisation) -> QuerySet[User]:
    """The active members of an organisation who have the permission."""
    roles = [role for role, granted in ROLE_PERMISSIONS.items() if permission in granted]
    rows = User.objects.filter(
        is_active=True, memberships__organisation=organisation, memberships__role__in=roles
    )
    return rows.distinct()


def list_own_notices(user: Principal) -> QuerySet[Notice]:
    """The person's own notices, newest first."""
    reader = find_account(user)
    if reader is None:
        return Notice.objects.none()
    rows = Notice.objects.filter(match_within_reach(reader, "dataset"), user=reader)
    return rows.select_related("dataset__organisation").order_by("-id")


def mark_read(*, actor: User) -> int:
    """Mark every notice of the actor as read; returns how many were not."""
    return list_own_notices(actor).filter(read_at=None).update(read_at=timezone.now())


def send_mails() -> int:
    """Send the mails that wait; returns how many went out.

    Each is claimed first, by putting its next try off, so that of several workers one sends it. A
    worker that dies between claim and sending leaves it to the next try.
    """
    now = timezone.now()
    waiting = Notice.objects.filter(mailed_at=None, mail_after__lte=now)
    sent = 0
    for notice in waiting.select_related("user", "dataset__organisation").order_by("pk")[:AT_ONCE]:
        claim = Notice.objects.filter(pk=notice.pk, mail_after=notice.mail_after, mailed_at=None)
        late = notice.created_at < now - GIVE_UP
        if claim.update(mail_after=None if late else now + TRY_AGAIN) and not late:
            sent += _send_notice(notice)
    return sent


def _send_notice(notice: Notice) -> bool:
    address = f"{settings.BASE_URL.rstrip('/')}{notice.page}"
    try:
        send_mail(
            f"{notice.dataset}: {notice.get_kind_display()}",
            f"{notice.text}\n\n{address}\n",
            None,
            [notice.user.email],
        )
    except OSError as problem:
        # smtplib's errors are OSErrors too.
        _log.warning("No mail to %s: %s", notice.user, problem)
        return False
    Notice.objects.filter(pk=notice.pk).update(mailed_at=timezone.now())
    return True
