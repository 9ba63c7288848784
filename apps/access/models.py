"""Who was let in, and what they took."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models import Organisation
from apps.datasets.models import Dataset
from apps.releases.models import Release


class EntitlementQuerySet(models.QuerySet["Entitlement"]):
    """Which entitlements hold now."""

    def valid(self) -> EntitlementQuerySet:
        now = timezone.now()
        return self.filter(revoked_at=None, valid_from__lte=now).filter(
            models.Q(valid_until=None) | models.Q(valid_until__gt=now)
        )


class Entitlement(models.Model):
    """A person or an organisation may take a dataset, for purposes, until a date."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="entitlements")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entitlements",
    )
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="entitlements",
    )
    purposes = models.JSONField(default=list)
    valid_from = models.DateTimeField(default=timezone.now)
    valid_until = models.DateTimeField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    granted_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = EntitlementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(user=None, organisation__isnull=False)
                | models.Q(user__isnull=False, organisation=None),
                name="entitlement_one_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.organisation} may take {self.dataset}"


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    """Which requests wait for an answer."""

    def pending(self) -> AccessRequestQuerySet:
        return self.filter(state=AccessRequest.State.PENDING)


class AccessRequest(models.Model):
    """A person asks to take a dataset, for purposes; somebody who may grant it answers."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for an answer"
        GRANTED = "granted", "Granted"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled by the asker"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="access_requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="access_requests"
    )
    purposes = models.JSONField(default=list)
    message = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    asked_at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    entitlement = models.ForeignKey(
        Entitlement, null=True, on_delete=models.PROTECT, related_name="requests"
    )

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-asked_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset", "user"],
                condition=models.Q(state="pending"),
                name="access_request_one_pending",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["pending", "cancelled"])
                | models.Q(answered_by__isnull=False, answered_at__isnull=False),
                name="access_request_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state="granted", entitlement__isnull=False)
                | (~models.Q(state="granted") & models.Q(entitlement=None)),
                name="access_request_granted_has_entitlement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} asks for {self.dataset}"


class Receipt(models.Model):
    """What was given to whom, when: one row per person, release and day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="receipts"
    )
    # Copied as text, empty for someone who is not signed in: the receipt outlives the account.
    holder = models.CharField(max_length=150, blank=True)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="receipts")
    root = models.CharField(max_length=64)
    entitlement = models.ForeignKey(
        Entitlement, null=True, on_delete=models.PROTECT, related_name="receipts"
    )
    door = models.CharField(max_length=8)
    day = models.DateField()
    first_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["holder", "release", "door", "day"], name="receipt_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder or 'anonymous'} took {self.release}"
