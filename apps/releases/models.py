"""Releases, the blobs they hold, and who signed for what."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from apps.datasets.models import Clip, Dataset, Vocabulary
from apps.releases.lapse_models import Lapse, LapseGround, ReleasePerson
from apps.storage.models import Blob
from datasets_catalog.licences import Use
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState

__all__ = ["Lapse", "LapseGround", "ReleasePerson"]

VERSION = RegexValidator(
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$",
    "A version is three numbers joined by dots, such as 1.2.0.",
)
_AFTER_DRAFT = [state.value for state in ReleaseState if state != ReleaseState.DRAFT]
_PUBLIC = [state.value for state in sorted(PUBLIC_STATES)]


class Release(models.Model):
    """A frozen, reviewed, numbered state of a dataset."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=32, validators=[VERSION])
    # The version's numbers as one sortable integer.
    order = models.PositiveBigIntegerField()
    state = models.CharField(
        max_length=16, choices=[(s, s.value) for s in ReleaseState], default=ReleaseState.DRAFT
    )
    purposes = models.JSONField(default=list)
    # Where it may go: codes of countries, EU or EEA; none: everywhere.
    territories = models.JSONField(default=list, blank=True)
    use = models.CharField(max_length=16, choices=[(u, u.value) for u in Use])
    notes = models.TextField(blank=True)

    root = models.CharField(max_length=64, blank=True)
    draft_serial = models.PositiveBigIntegerField(default=0)
    # Under which definition the rows were computed (rows.py).
    rows_version = models.PositiveSmallIntegerField(default=0)
    clips = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    size = models.PositiveBigIntegerField(default=0)
    # What its labels were terms of when it was frozen.
    vocabulary = models.ForeignKey(
        Vocabulary, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # SPDX expression of the whole; empty while there are conflicts.
    licence = models.TextField(blank=True)
    statistics = models.JSONField(default=dict)
    clips_table = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    events_table = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    # Keyed digests of who is in which clip: compared with later releases, never served.
    people_table = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    # What the dataset said of itself when it was frozen (about.py); empty where it was not noted.
    about = models.JSONField(default=dict, blank=True)
    dvc_commit = models.CharField(max_length=40, blank=True)
    # The first moment from which people, terms or review no longer let it out, and which of them
    # (lapses.py); empty while nothing ends.
    lapses_at = models.DateTimeField(null=True, blank=True)
    lapses_by = models.CharField(max_length=16, choices=LapseGround.choices, blank=True)
    # What is left of `purposes`, and of what these contain, by the licences of its clips: what it
    # is given out for. Fixed by the freeze.
    cleared = models.JSONField(default=list, blank=True)
    # Why it should no longer be used; for its readers.
    deprecation = models.TextField(blank=True)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-order"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "version"], name="release_version_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[state.value for state in ReleaseState]),
                name="release_state_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=_AFTER_DRAFT)
                | (
                    models.Q(
                        frozen_by__isnull=False,
                        frozen_at__isnull=False,
                        clips_table__isnull=False,
                        events_table__isnull=False,
                    )
                    & ~models.Q(root="")
                ),
                name="release_frozen_has_root",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=_PUBLIC)
                | (
                    models.Q(published_by__isnull=False, published_at__isnull=False)
                    & ~models.Q(dvc_commit="")
                ),
                name="release_published_has_commit",
            ),
            models.CheckConstraint(
                condition=models.Q(lapses_at=None, lapses_by="")
                | models.Q(lapses_at__isnull=False, lapses_by__in=LapseGround.values),
                name="release_lapses_by_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataset} {self.version}"

    @property
    def tag(self) -> str:
        return f"v{self.version}"


class ReleaseBlob(models.Model):
    """A release holds a blob: the count that decides when bytes may be destroyed."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="holdings")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="held_by")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "blob"], name="release_holds_blob_once"),
        ]

    def __str__(self) -> str:
        return f"{self.release} holds {self.blob}"


class GateResult(models.Model):
    """What a gate said of one root."""

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="gate_results")
    root = models.CharField(max_length=64)
    code = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    blocking = models.BooleanField()
    passed = models.BooleanField()
    summary = models.TextField(blank=True)
    failing = models.JSONField(default=list)
    failing_count = models.PositiveBigIntegerField(default=0)
    numbers = models.JSONField(default=dict)
    checked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "root", "code"], name="gate_once_a_root"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {'passed' if self.passed else 'failed'}"


class SignOff(models.Model):
    """A person answers for one part of one root."""

    class Part(models.TextChoices):
        PRIVACY = "privacy", "Privacy"
        RIGHTS = "rights", "Rights and consent"

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="sign_offs")
    root = models.CharField(max_length=64)
    part = models.CharField(max_length=16, choices=Part.choices)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare: nobody signs for what they made.
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)
    signed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "root", "part"], name="sign_off_once"),
            models.CheckConstraint(
                condition=~models.Q(signed_by=models.F("frozen_by")),
                name="sign_off_not_by_maker",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.part} of {self.release} by {self.signed_by}"


class StopQuerySet(models.QuerySet["Stop"]):
    """Which stops hold."""

    def in_force(self) -> StopQuerySet:
        """Not lifted. What nobody confirmed in time stays closed: that is the safe error."""
        return self.filter(lifted_at=None)


class Stop(models.Model):
    """A privacy officer closes a dataset, one release or one clip at every door, at once.

    Without `release` and `clip` it is the whole dataset that is stopped.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="stops")
    release = models.ForeignKey(
        Release, null=True, blank=True, on_delete=models.PROTECT, related_name="stops"
    )
    clip = models.ForeignKey(
        Clip, null=True, blank=True, on_delete=models.PROTECT, related_name="stops"
    )
    reason = models.TextField()
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    stopped_at = models.DateTimeField(default=timezone.now)
    confirm_by = models.DateTimeField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.TextField(blank=True)

    objects = StopQuerySet.as_manager()

    class Meta:
        ordering: ClassVar[list[str]] = ["-stopped_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(release=None) | models.Q(clip=None), name="stop_of_one_thing"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="stop_has_reason"),
            models.CheckConstraint(
                condition=models.Q(confirmed_by=None, confirmed_at=None)
                | (
                    models.Q(confirmed_by__isnull=False, confirmed_at__isnull=False)
                    & ~models.Q(confirmed_by=models.F("stopped_by"))
                ),
                name="stop_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_by=None, lifted_at=None)
                | (
                    models.Q(lifted_by__isnull=False, lifted_at__isnull=False)
                    & ~models.Q(lifted_by=models.F("stopped_by"))
                    & ~models.Q(lift_reason="")
                ),
                name="stop_lifted_by_another",
            ),
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(release=None, clip=None, lifted_at=None),
                name="stop_dataset_once",
            ),
            models.UniqueConstraint(
                fields=["release"],
                condition=models.Q(release__isnull=False, lifted_at=None),
                name="stop_release_once",
            ),
            models.UniqueConstraint(
                fields=["clip"],
                condition=models.Q(clip__isnull=False, lifted_at=None),
                name="stop_clip_once",
            ),
        ]

    def __str__(self) -> str:
        return f"stop of {self.subject}"

    @property
    def subject(self) -> str:
        """What is closed, in words."""
        if self.release is not None:
            return str(self.release)
        return f"{self.dataset} {self.clip.path}" if self.clip is not None else str(self.dataset)

    @property
    def is_overdue(self) -> bool:
        """Nobody confirmed it in time. It stays closed all the same."""
        waiting = self.confirmed_at is None and self.lifted_at is None
        return waiting and self.confirm_by < timezone.now()


class StoppedRelease(models.Model):
    """A release that the stop of a clip closes because it holds the clip."""

    stop = models.ForeignKey(Stop, on_delete=models.PROTECT, related_name="closes")
    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="closed_by")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["stop", "release"], name="stop_closes_release_once"),
        ]

    def __str__(self) -> str:
        return f"{self.stop} closes {self.release}"


class DetectorInForce(models.Model):
    """A detector that must have seen every clip of a privacy profile, as the gates last asked it.

    Noted here so that the database itself can refuse what only an older version has seen.
    """

    profile = models.CharField(max_length=32)
    looks_at = models.CharField(max_length=16)
    detector = models.CharField(max_length=64)
    detector_version = models.CharField(max_length=64)
    parameters_sha256 = models.CharField(max_length=64)
    noted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "detectors in force"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["profile", "detector"], name="detector_in_force_once"),
        ]

    def __str__(self) -> str:
        return f"{self.detector} {self.detector_version} for {self.profile}"


class ChecklistAnswer(models.Model):
    """What a reviewer answered to a question that no detector can (datasets_catalog/checklists)."""

    class Answer(models.TextChoices):
        YES = "yes", "Yes"
        NO = "no", "No"
        NOT_APPLICABLE = "not_applicable", "Does not apply"

    release = models.ForeignKey(Release, on_delete=models.CASCADE, related_name="answers")
    root = models.CharField(max_length=64)
    question = models.CharField(max_length=64)
    answer = models.CharField(max_length=16, choices=Answer.choices)
    note = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare: nobody answers for what they made.
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["release", "root", "question"], name="answer_once"),
            models.CheckConstraint(
                condition=~models.Q(answered_by=models.F("frozen_by")), name="answer_not_by_maker"
            ),
            models.CheckConstraint(
                condition=~models.Q(answer="not_applicable") | ~models.Q(note=""),
                name="answer_says_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.answer}"


class Document(models.Model):
    """A paper that a dataset rests on, such as an ethics approval; for members, never served."""

    class Kind(models.TextChoices):
        ETHICS = "ethics", "Ethics approval"
        DPIA = "dpia", "Data protection impact assessment"
        OTHER = "other", "Other"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    title = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    media_type = models.CharField(max_length=64)
    valid_until = models.DateField(null=True, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    retired_at = models.DateTimeField(null=True, blank=True)
    retire_reason = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["kind", "-added_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(retired_by=None, retired_at=None)
                | models.Q(retired_by__isnull=False, retired_at__isnull=False),
                name="document_retired_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        return self.valid_until is not None and self.valid_until < timezone.now().date()


class ReviewReport(models.Model):
    """The record of a release's review as it stood at publication: a JSON document, kept."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="review_report")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    schema = models.CharField(max_length=64)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"review report of {self.release}"
