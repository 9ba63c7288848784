"""The ledger of who allowed what. Consents are only ever added."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.accounts.models import Organisation
from apps.datasets.models import Clip, Dataset
from datasets_catalog.purposes import Answer, Purpose


class Contributor(models.Model):
    """A person whose voice or likeness a clip may carry, known here by a code alone."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="contributors"
    )
    code = models.CharField(max_length=100)
    # Whether the contributor is, or was, under age; `of_age_on` ends it (None: not known when).
    is_minor = models.BooleanField(default=False)
    of_age_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["code"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "code"], name="contributor_code_once"),
            models.CheckConstraint(
                condition=models.Q(of_age_on=None) | models.Q(is_minor=True),
                name="contributor_of_age_was_minor",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ConsentForm(models.Model):
    """One version of what people were asked, in one language; `reaches` say about what."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="consent_forms"
    )
    name = models.CharField(max_length=100)
    version = models.CharField(max_length=32)
    # BCP 47; "und" where the table that brought the form did not say.
    language = models.CharField(max_length=16, default="und")
    text = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64, blank=True)
    # The study that it is a part of, in the words of those who run it.
    study = models.CharField(max_length=200, blank=True)
    # What its purposes contain; None: as the platform says (datasets_catalog/implications.py).
    implications = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["organisation", "name", "version", "language"],
                name="consent_form_version_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class FormReach(models.Model):
    """A form asked about a dataset, or about one recording of it: answers count there alone.

    Only added, and ended once.
    """

    form = models.ForeignKey(ConsentForm, on_delete=models.PROTECT, related_name="reaches")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="form_reaches")
    # A recording by its name, which may come later than the form; empty: the whole dataset.
    recording = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    # None: noted when forms first had a reach, from where their contributors took part.
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["form", "dataset", "recording"],
                condition=models.Q(ended_at=None),
                name="form_reach_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None, ended_by=None)
                | models.Q(ended_at__isnull=False, ended_by__isnull=False)
                & ~models.Q(end_reason=""),
                name="form_reach_ended_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset}: {self.recording}" if self.recording else str(self.dataset)


class Consent(models.Model):
    """One contributor's answers under one form, at one time."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentForm, on_delete=models.PROTECT, related_name="consents")
    given_at = models.DateTimeField()
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    # Pseudonymous code of the guardian who answered for a minor.
    guardian = models.CharField(max_length=100, blank=True)
    territories = models.JSONField(default=list)
    # The record that this one corrects, which no longer counts and stays where it is.
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    correction_reason = models.TextField(blank=True)
    # How many answers it was recorded with, so that none is slipped in later.
    answered = models.PositiveSmallIntegerField(null=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["given_at", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["contributor", "form", "given_at"],
                condition=models.Q(supersedes=None),
                name="consent_once",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None)
                | models.Q(valid_until__gt=models.F("given_at"))
                & (models.Q(valid_from=None) | models.Q(valid_until__gt=models.F("valid_from"))),
                name="consent_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None, correction_reason="")
                | models.Q(supersedes__isnull=False) & ~models.Q(correction_reason=""),
                name="consent_corrected_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contributor} {self.form}"


class ConsentAnswer(models.Model):
    """The answer for one purpose; purposes without a row were not asked."""

    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="answers")
    purpose = models.CharField(max_length=32, choices=[(p, p.value) for p in Purpose])
    answer = models.CharField(
        max_length=16, choices=[(a, a.value) for a in Answer if a != Answer.NOT_ASKED]
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["consent", "purpose"], name="consent_answer_once"),
            models.CheckConstraint(
                condition=models.Q(purpose__in=[p.value for p in Purpose]),
                name="consent_purpose_known",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__in=[Answer.ALLOWED, Answer.DENIED]),
                name="consent_answer_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.answer}"


class Participation(models.Model):
    """A contributor can be heard or seen in a clip."""

    contributor = models.ForeignKey(
        Contributor, on_delete=models.PROTECT, related_name="participations"
    )
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="participations")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["contributor", "clip"], name="participation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.contributor} in {self.clip}"


class PeopleStatement(models.Model):
    """What was said of who is in a clip, with the bytes that it had then: only ever added to.

    Participations are how it is now; these rows are how it was. So is the recording that the clip
    was said to be cut from, since some forms ask about single recordings.
    """

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="people_statements")
    content_sha256 = models.CharField(max_length=64)
    # Codes of contributors.
    before = models.JSONField(default=list)
    after = models.JSONField(default=list)
    # The name of its recording; "": of none; None: rows of before it was noted.
    recording = models.CharField(max_length=200, null=True)  # noqa: DJ001 - None is not ""
    # Nobody said anything new: the bytes, or the recording, were about to be replaced.
    kept = models.BooleanField(default=False)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    said_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{len(self.before)} to {len(self.after)} people in {self.clip}"
