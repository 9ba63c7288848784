"""Terms that an organisation has read and judged itself."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from apps.accounts.models import Organisation
from datasets_catalog.licence_terms import AiTerms


class Terms(models.Model):
    """Terms by a name of the organisation's own or of SPDX's list: a text, and what it allows.

    Rows never change: what clips were released under must be what is read later.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="terms")
    # `LicenseRef-…`, or the SPDX identifier of a licence that nobody judged in our tables.
    licence = models.CharField(max_length=100, validators=[RegexValidator(r"^[A-Za-z0-9.-]+$")])
    title = models.CharField(max_length=200)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    attribution = models.BooleanField(default=True)
    share_alike = models.BooleanField(default=False)
    noncommercial = models.BooleanField(default=True)
    no_derivatives = models.BooleanField(default=True)
    redistribution = models.BooleanField(default=False)
    ai_terms = models.CharField(
        max_length=16, choices=[(t, t.value) for t in AiTerms], default=AiTerms.UNSTATED
    )
    # The only purposes they allow, among those of the same group; none: they do not say.
    field_of_use = models.JSONField(default=list, blank=True)
    # Where they hold (datasets_catalog/territories.py); none: everywhere.
    territories = models.JSONField(default=list, blank=True)
    # The last day on which they hold.
    expires_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "terms"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "licence"], name="terms_once"),
            models.CheckConstraint(
                condition=models.Q(ai_terms__in=[t.value for t in AiTerms]),
                name="terms_on_ai_known",
            ),
        ]

    def __str__(self) -> str:
        return self.licence
