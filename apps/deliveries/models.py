"""What readers choose of a release, and other forms of its sound.

Their tables keep the names that they had before this room had one of its own.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.releases.models import Release
from apps.storage.models import Blob


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
        db_table = "publishing_choice"
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

    class Meta:
        db_table = "publishing_flavour"

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
        db_table = "publishing_flavourfile"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["flavour", "source"], name="flavour_of_source_once"),
        ]

    def __str__(self) -> str:
        return f"{self.flavour} of {self.source}"
