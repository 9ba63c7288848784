"""Terms that SPDX does not know."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from apps.accounts.models import Organisation


class Terms(models.Model):
    """A `LicenseRef-…` of an organisation: its text, and what it allows."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="terms")
    licence = models.CharField(
        max_length=100, validators=[RegexValidator(r"^LicenseRef-[A-Za-z0-9.-]+$")]
    )
    title = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    attribution = models.BooleanField(default=True)
    share_alike = models.BooleanField(default=False)
    noncommercial = models.BooleanField(default=True)
    no_derivatives = models.BooleanField(default=True)
    redistribution = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "terms"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "licence"], name="terms_once"),
        ]

    def __str__(self) -> str:
        return self.licence
