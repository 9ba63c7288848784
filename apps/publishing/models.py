"""Where releases are sent, and how far each sending has come."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from apps.accounts.models import SLUG, Organisation
from apps.releases.models import Release

REPOSITORY = RegexValidator(
    r"^[A-Za-z0-9][\w.-]{0,95}/(?:[\w.-]|\{organisation\}|\{dataset\}){1,96}$",
    "Write namespace/name; {organisation} and {dataset} in the name stand for the dataset's own.",
)


class Target(models.Model):
    """A place outside, with the token to write there (encrypted; see `sealing`)."""

    class Kind(models.TextChoices):
        HUGGINGFACE = "huggingface", "Hugging Face Hub"

    class Gate(models.TextChoices):
        OPEN = "open", "Open to everyone"
        AUTO = "auto", "After filling in a form"
        MANUAL = "manual", "After a person has agreed"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="targets")
    name = models.CharField(max_length=96, validators=[SLUG])
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.HUGGINGFACE)
    endpoint = models.URLField(max_length=300, default="https://huggingface.co")
    repository = models.CharField(max_length=200, validators=[REPOSITORY])
    gate = models.CharField(max_length=8, choices=Gate.choices, default=Gate.MANUAL)
    # Seen by members of the namespace only.
    private = models.BooleanField(default=False)
    token_encrypted = models.TextField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["organisation__name", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "name"], name="target_name_once"),
            models.CheckConstraint(
                condition=models.Q(gate__in=["open", "auto", "manual"]), name="target_gate_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(token_encrypted=""), name="target_has_token"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_gated(self) -> bool:
        return self.gate != self.Gate.OPEN

    def repository_for(self, release: Release) -> str:
        """Return the repository that this release goes to."""
        dataset = release.dataset
        return self.repository.replace("{organisation}", dataset.organisation.name).replace(
            "{dataset}", dataset.name
        )


class Publication(models.Model):
    """One release on its way to one target.

    `files` are what must be read back, `shards` what a later version need not send again; both are
    written before the commit. Sizes in bytes.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENDING = "sending", "Sending"
        TAGGING = "tagging", "Tagging"
        VERIFYING = "verifying", "Reading back"
        PUBLISHED = "published", "Published"
        FAILED = "failed", "Failed"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="publications")
    target = models.ForeignKey(Target, on_delete=models.PROTECT, related_name="publications")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLANNED)
    # As they were when sending began: the target may be changed later.
    endpoint = models.URLField(max_length=300)
    repository = models.CharField(max_length=200)
    tag = models.CharField(max_length=40)
    base_oid = models.CharField(max_length=40, blank=True)
    commit_oid = models.CharField(max_length=40, blank=True)
    files = models.JSONField(default=list)
    shards = models.JSONField(default=list)
    bytes_total = models.PositiveBigIntegerField(default=0)
    bytes_sent = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    error = models.JSONField(default=dict)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "target"], name="publication_once"),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[
                        "planned",
                        "sending",
                        "tagging",
                        "verifying",
                        "published",
                        "failed",
                    ]
                ),
                name="publication_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="published")
                | (models.Q(verified_at__isnull=False) & ~models.Q(commit_oid="")),
                name="publication_published_is_verified",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["tagging", "verifying"]) | ~models.Q(commit_oid=""),
                name="publication_tagging_has_commit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release} on {self.target}"

    @property
    def url(self) -> str:
        """Return the address where people find it."""
        return f"{self.endpoint.rstrip('/')}/datasets/{self.repository}/tree/{self.tag}"

    @property
    def marker(self) -> str:
        """Return the line by which our commit is recognised."""
        return f"Earmark-Publication: {self.uid}"
