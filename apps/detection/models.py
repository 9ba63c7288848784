"""What detectors saw, bound to the bytes that it was seen in.

Their tables keep the names that they had before this room had one of its own.
"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from apps.datasets.models import Clip, Dataset


class Scan(models.Model):
    """One detector's pass over one content; unchanged content is never scanned twice."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="scans")
    # SHA-256 of the bytes, or of the canonical text cells.
    content_sha256 = models.CharField(max_length=64)
    detector = models.CharField(max_length=64)
    detector_version = models.CharField(max_length=64)
    parameters_sha256 = models.CharField(max_length=64)
    model_sha256 = models.CharField(max_length=64, blank=True)
    # A scan that failed blocks like an open finding: not seen is not clean.
    failed = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)
    seen = models.JSONField(default=list)
    evidence = models.JSONField(default=dict)
    # How sure (0 to 1) it was that somebody is heard, reported or not; null where nobody was.
    heard = models.FloatField(null=True)
    finished_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "privacy_scan"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=[
                    "dataset",
                    "content_sha256",
                    "detector",
                    "detector_version",
                    "parameters_sha256",
                ],
                name="scan_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.detector_version} on {self.content_sha256[:12]}"


class Finding(models.Model):
    """What a detector saw in a clip; blocks every release of it until a person decides."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="findings")
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="findings")
    # Which of the things that the scan saw.
    position = models.PositiveIntegerField()
    content_sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=64)
    onset = models.FloatField(null=True, blank=True)
    offset = models.FloatField(null=True, blank=True)
    score = models.FloatField(null=True, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "privacy_finding"
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["clip", "scan", "position"], name="finding_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["clip", "content_sha256"], name="finding_by_content"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in {self.clip}"
