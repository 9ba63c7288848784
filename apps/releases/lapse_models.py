"""Who is in a release that was given out, and what they no longer allow."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from apps.consent.models import Contributor


class ReleasePerson(models.Model):
    """A contributor is in a clip of a release; kept, whatever the draft says later."""

    release = models.ForeignKey("releases.Release", on_delete=models.CASCADE, related_name="people")
    contributor = models.ForeignKey(Contributor, on_delete=models.PROTECT, related_name="+")
    clip_uid = models.UUIDField()
    path = models.CharField(max_length=500)
    # The name of what the clip was cut from: some forms ask about recordings.
    recording = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "people of releases"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["release", "contributor", "clip_uid"], name="release_person_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contributor} in {self.release}"


class LapseGround(models.TextChoices):
    """What a release lapses by first: `Release.lapses_by` beside `lapses_at`."""

    CONSENT = "consent", "somebody in it no longer allows what it was released for"
    TERMS = "terms", "the terms of a clip no longer allow what it was released for"
    REVIEW = "review", "a review decision holds back bytes that it holds"
    PEOPLE = "people", "more people were heard in a clip of it than are recorded"


class Lapse(models.Model):
    """A clip closes a release that was given out to its readers, and why."""

    class Cause(models.TextChoices):
        DENIED = "denied", "does not allow it any more"
        EXPIRED = "expired", "consent has run out"
        WITHDRAWN = "withdrawn", "consent was withdrawn"
        OF_AGE = "of_age", "is of age, or has no guardian's consent, and has not answered"
        EXCLUDED = "excluded", "a reviewer decided to exclude the clip"
        PEOPLE_CHANGED = "people_changed", "was found to be in the clip later"
        TERMS_ENDED = "terms_ended", "the terms it is under have ended"
        REDACTED = "redacted", "a reviewer had something taken out of the clip"
        PEOPLE_UNKNOWN = "people_unknown", "more people are heard in the clip than are recorded"

    release = models.ForeignKey("releases.Release", on_delete=models.PROTECT, related_name="lapses")
    clip_uid = models.UUIDField()
    path = models.CharField(max_length=500)
    cause = models.CharField(max_length=16, choices=Cause.choices)
    # None where the cause is no answer of a person. For those who may see consents alone.
    contributor = models.ForeignKey(
        Contributor, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    since = models.DateTimeField(default=timezone.now)
    # When it was covered again, by a new answer or another decision.
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-since", "path", "id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["release", "clip_uid", "cause", "contributor"],
                condition=models.Q(over_at=None),
                name="lapse_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path} of {self.release}: {self.cause}"
