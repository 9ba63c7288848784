"""The chain of events."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class AuditEvent(models.Model):
    """One thing that happened; never changed, never deleted (triggers refuse it)."""

    sequence = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=64)
    # Copied as text: the log outlives accounts.
    actor = models.CharField(max_length=150)
    organisation = models.CharField(max_length=100, blank=True)
    subject = models.CharField(max_length=300)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["sequence"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["organisation", "-sequence"], name="audit_by_organisation"),
            models.Index(fields=["subject", "-sequence"], name="audit_by_subject"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=~models.Q(actor=""), name="audit_has_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind} {self.subject}"


class ChainHead(models.Model):
    """The end of the chain: the row every writer locks, and the proof against a cut tail."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    sequence = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_one_head"),
        ]

    def __str__(self) -> str:
        return f"head {self.sequence}"
