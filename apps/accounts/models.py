"""People, organisations and the keys programs use in their name."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from datasets_catalog.roles import Role

SLUG = RegexValidator(
    r"^[a-z0-9](?:[a-z0-9._-]{0,94}[a-z0-9])?$",
    "Use 1 to 96 lower-case letters, digits, dots, dashes or underscores,"
    " beginning and ending with a letter or digit.",
)


class User(AbstractUser):
    """A person who signs in."""

    # The token the person came with, which may narrow what they reach; None on pages.
    token: Token | None = None

    def __str__(self) -> str:
        return self.username


class Organisation(models.Model):
    """A consortium or company: owns datasets, has members with roles."""

    class Kind(models.TextChoices):
        CONSORTIUM = "consortium", "Consortium"
        COMPANY = "company", "Company"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=96, unique=True, validators=[SLUG])
    title = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.CONSORTIUM)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One role of one person in one organisation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=32, choices=[(role, role.value) for role in Role])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "organisation", "role"], name="membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]),
                name="membership_role_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role} of {self.organisation}"


class TokenQuerySet(models.QuerySet["Token"]):
    """Questions about tokens."""

    def usable(self, at: datetime | None = None) -> TokenQuerySet:
        return self.filter(revoked_at=None, user__is_active=True).filter(
            models.Q(expires_at=None) | models.Q(expires_at__gt=at or timezone.now())
        )


class Token(models.Model):
    """A key for programs; only the SHA-256 of it is kept."""

    class Scope(models.TextChoices):
        DOWNLOAD = "download", "Take released data alone"
        READ = "read", "Read what the user may read"
        WRITE = "write", "Change drafts in the user's name"
        ADMIN = "admin", "Everything the user may do"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=8, choices=Scope.choices, default=Scope.READ)
    # Names (`organisation/name`) of the only datasets it reaches; empty: all that the user does.
    datasets = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"
