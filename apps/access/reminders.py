"""Reminding holders that their access ends, and what else has to be done from time to time."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.access.models import Entitlement, Notice
from apps.access.notices import list_members_with, notify_people
from apps.accounts.models import User
from datasets_catalog.roles import Permission

REMIND_BEFORE = timedelta(days=14)
AT_ONCE = 500


def remind_holders() -> int:
    """One notice for each access that ends within two weeks; returns how many.

    Whoever is reminded and the mark that they were stand in one transaction: nobody is told twice,
    whatever stops in between.
    """
    now = timezone.now()
    ending = Entitlement.objects.valid().filter(
        reminded_at=None, valid_until__lte=now + REMIND_BEFORE
    )
    done = 0
    for row in ending.select_related("dataset__organisation", "organisation", "user")[:AT_ONCE]:
        with transaction.atomic():
            mine = Entitlement.objects.filter(pk=row.pk, reminded_at=None)
            if mine.update(reminded_at=now):
                _remind_holder(row)
                done += 1
    return done


def _remind_holder(row: Entitlement) -> None:
    people: list[User] = [row.user] if row.user is not None else []
    who = "Your access"
    if row.organisation is not None:
        people = list(list_members_with(Permission.ORGANISATION_MANAGE, row.organisation))
        who = f"The access of {row.organisation}"
    text = f"{who} to {row.dataset} ends on {row.valid_until:%Y-%m-%d}: ask again to keep it."
    notify_people(people, Notice.Kind.ENDING, row.dataset, text)
