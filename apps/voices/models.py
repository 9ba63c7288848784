"""Voice prints: for finding the same voice again while a dataset is reviewed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from apps.datasets.models import Dataset


class VoicePrint(models.Model):
    """What the speech of one content sounds like, as a vector of unit length (float32).

    Biometric data: no door, export, log or report holds it. It speaks of bytes and names nobody;
    rows are deleted, never kept for history.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="voice_prints")
    content_sha256 = models.CharField(max_length=64)
    version = models.CharField(max_length=64)
    # Empty where there was too little speech for a print: it was tried.
    vector = models.BinaryField()

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset", "content_sha256", "version"], name="voice_print_once"
            ),
        ]

    def __str__(self) -> str:
        return f"voice print of {self.content_sha256[:12]}"
