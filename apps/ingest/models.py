"""Uploads and pushes under way: files whose clips are not in the draft yet."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.datasets.models import Dataset
from apps.jobs.models import Job
from apps.storage.models import Blob


class UploadQuerySet(models.QuerySet["Upload"]):
    """Which uploads can go on, which are over."""

    def expired(self) -> UploadQuerySet:
        return self.filter(expires_at__lte=timezone.now())


class Upload(models.Model):
    """One person's upload session into one draft.

    Bytes go straight to the dataset's store; rows wait here until the upload is finished.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="uploads")
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(auto_now_add=True)
    # Moves on with every call; what is left after it goes away.
    expires_at = models.DateTimeField()
    # How many rows were ever committed: the number that errors name a row by.
    numbered = models.PositiveIntegerField(default=0)
    job = models.ForeignKey(
        Job, null=True, blank=True, on_delete=models.PROTECT, related_name="uploads"
    )
    finished_at = models.DateTimeField(null=True, blank=True)
    # What the last finish did; written with the draft, so that a lost worker's successor has it.
    report = models.JSONField(default=dict)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], name="upload_expiry"),
        ]

    def __str__(self) -> str:
        return f"upload {self.uid} into {self.dataset}"


class UploadRow(models.Model):
    """A row of the clip table, waiting; a path committed again replaces what was said of it."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    path = models.CharField(max_length=1024)
    sha256 = models.CharField(max_length=64)
    cells = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["upload", "path"], name="upload_row_path_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["upload", "number"], name="upload_row_order"),
        ]

    def __str__(self) -> str:
        return self.path


class UploadPart(models.Model):
    """A piece of a large file; the row is written once the piece lies whole under `key`."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    # Of the whole file.
    sha256 = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    size = models.PositiveBigIntegerField()
    # Of the part alone: what a client compares to find the one that went wrong.
    part_sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["upload", "sha256", "number"], name="upload_part_once"),
        ]

    def __str__(self) -> str:
        return f"part {self.number} of {self.sha256[:12]}"


class Push(models.Model):
    """One commit that the Hub's clients made on a draft: who changed what, and what came of it."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="pushes")
    # The draft's commit id right after it: forty hexadecimal digits.
    oid = models.CharField(max_length=40)
    title = models.CharField(max_length=500)
    message = models.TextField(blank=True)
    pushed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    pushed_at = models.DateTimeField(auto_now_add=True)
    # What came in, what waits and for what, in sentences.
    report = models.JSONField(default=list)

    class Meta:
        verbose_name_plural = "pushes"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "oid"], name="push_oid_once"),
        ]

    def __str__(self) -> str:
        return f"push {self.oid[:12]} to {self.dataset}"


class PushedFile(models.Model):
    """A file of the draft that is no clip: a table, the card, or sound no row speaks of yet."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="pushed_files")
    path = models.CharField(max_length=1024)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    # git's name of the file: of its content, or of the pointer in its place (Git LFS).
    git_oid = models.CharField(max_length=40)
    is_large = models.BooleanField()
    # What decoding found in a sound (`Probe`); empty for other files.
    probe = models.JSONField(default=dict)
    pushed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    pushed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["path"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "path"], name="pushed_file_path_once"),
        ]

    def __str__(self) -> str:
        return self.path


class Xorb(models.Model):
    """Chunks as Xet's client packs them; the row is written once they lie whole under `key`.

    They are kept only until the files made of them have arrived.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="xorbs")
    # The hash of the chunks' hashes, in Xet's way of writing it.
    name = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    arrived_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "name"], name="xorb_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["arrived_at"], name="xorb_age"),
        ]

    def __str__(self) -> str:
        return self.name
