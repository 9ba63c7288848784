"""Where releases are sent, and how far each sending has come."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from apps.accounts.models import SLUG, Organisation
from apps.releases.models import Release
from apps.storage.models import Blob

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


class Snapshot(models.Model):
    """The files of a release as our own hub door serves them: built once, then never changed.

    Its commit is the release's commit in git, so a build that gave other bytes under the same name
    would break every client's cache.
    """

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="snapshot")
    # The YAML block of README.md.
    card = models.JSONField(default=dict)
    # When a worker was last asked to build it.
    asked_at = models.DateTimeField(null=True, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Snapshot of {self.release}"


class SnapshotFile(models.Model):
    """One file of a snapshot. `key` and `shard` are set for shards, which later versions reuse."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=300)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="snapshot_files")
    git_oid = models.CharField(max_length=40)
    key = models.CharField(max_length=64, blank=True)
    shard = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["path"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["snapshot", "path"], name="snapshot_path_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["key"], name="snapshot_file_by_key"),
        ]

    def __str__(self) -> str:
        return self.path


class Choice(models.Model):
    """A selection of a release's clips, kept so that an address can name it by its SHA-256."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="choices")
    sha256 = models.CharField(max_length=64)
    wanted = models.JSONField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Forgotten a while after this (see `choices.KEPT`).
    used_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "sha256"], name="choice_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["used_at"], name="choice_by_age"),
        ]

    def __str__(self) -> str:
        return self.sha256


class Flavour(models.Model):
    """Another form of sound: rate in hertz (none: each clip's own), channels, container.

    `key` is the SHA-256 of all that its bytes depend on, with the versions of the tools.
    """

    name = models.CharField(max_length=40)
    sample_rate = models.PositiveIntegerField(null=True)
    mono = models.BooleanField()
    container = models.CharField(max_length=8)
    tools = models.JSONField()
    key = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class FlavourFile(models.Model):
    """A blob made of another. Whoever destroys `source` finds here what was made of it."""

    flavour = models.ForeignKey(Flavour, on_delete=models.PROTECT, related_name="files")
    source = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="flavour_files")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="flavour_of")
    sample_rate = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    frames = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["flavour", "source"], name="flavour_of_source_once"),
        ]

    def __str__(self) -> str:
        return f"{self.flavour} of {self.source}"


class ReleaseStatement(models.Model):
    """The facts of a release as it was approved: what every page and file says of it."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="statements")
    root = models.CharField(max_length=64)
    # Of which approval: a release that went back to draft is approved anew.
    approved_at = models.DateTimeField()
    schema = models.CharField(max_length=64)
    facts = models.JSONField()
    # What was done to its contents, as JSON (review_report.py); none in the first statements.
    review = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["release", "root", "approved_at"], name="statement_once"
            ),
        ]

    def __str__(self) -> str:
        return f"statement of {self.release}"
