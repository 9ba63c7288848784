"""What people decided on what was found, each bound to the bytes it speaks of."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.storage.models import Blob
from datasets_catalog.clip_people import describe_fewer_recorded


class Playback(models.Model):
    """A stretch of a content's sound that was handed out to be heard, and to whom."""

    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="playbacks", db_index=False
    )
    content_sha256 = models.CharField(max_length=64)
    listener = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Seconds.
    onset = models.FloatField()
    offset = models.FloatField()
    played_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(onset__gte=0, offset__gt=models.F("onset")),
                name="playback_has_length",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["listener", "content_sha256"], name="playback_by_listener"),
        ]

    def __str__(self) -> str:
        return f"sent to {self.listener}: {self.onset:.2f}-{self.offset:.2f} s"


class Batch(models.Model):
    """Decisions that one reviewer made at once, on findings alike, for one reason.

    Of findings in the sound that were cleared: how many of them, chosen at random, the reviewer
    heard, and the largest share (0 to 1) that may be otherwise.
    """

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="batches")
    kind = models.CharField(max_length=64)
    verdict = models.CharField(max_length=16)
    reason = models.TextField()
    count = models.PositiveIntegerField()
    heard = models.PositiveIntegerField(null=True)
    bound = models.FloatField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.verdict} {self.count} x {self.kind}"


class Decision(models.Model):
    """What a reviewer said of a finding, and it holds; bound to the bytes the reviewer heard.

    Rows are those in force: one that is taken back becomes a `Revocation`.
    """

    class Verdict(models.TextChoices):
        CLEAR = "clear", "Clear"
        REDACT = "redact", "Redact"
        EXCLUDE = "exclude", "Exclude"

    finding = models.OneToOneField(Finding, on_delete=models.PROTECT, related_name="decision")
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    reason = models.TextField()
    # A person can be recognised in what was cleared: consent has to cover the clip.
    identifiable = models.BooleanField(default=False)
    content_sha256 = models.CharField(max_length=64)
    # The bytes that the clip had then: who excludes it for its texts excludes these. None in rows
    # from before this was kept.
    bytes_sha256 = models.CharField(max_length=64, null=True, editable=False)  # noqa: DJ001
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare: who uploaded does not decide.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now_add=True)
    batch = models.ForeignKey(
        Batch, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(decided_by=models.F("uploaded_by")),
                name="decision_not_by_uploader",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="decision_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.finding}"

    @property
    def needs_second(self) -> bool:
        """Whether it holds only once another reviewer agrees."""
        return self.verdict == self.Verdict.CLEAR and self.identifiable

    @property
    def awaits_second(self) -> bool:
        return self.needs_second and not hasattr(self, "confirmation")


class Confirmation(models.Model):
    """What a second reviewer said of a clearance that lets an identifiable person stay.

    Who does not agree takes the decision back: so a decision in force has one that agrees, or none.
    """

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="confirmations")
    # No constraint: the decision is gone where the second reviewer did not agree.
    decision = models.OneToOneField(
        Decision, on_delete=models.DO_NOTHING, db_constraint=False, related_name="confirmation"
    )
    agree = models.BooleanField()
    reason = models.TextField()
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare.
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(confirmed_by=models.F("decided_by")),
                name="confirmed_by_a_second",
            ),
            models.CheckConstraint(
                condition=~models.Q(confirmed_by=models.F("uploaded_by")),
                name="confirmed_not_by_uploader",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="confirmation_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{'agreed' if self.agree else 'did not agree'}: {self.finding}"


class Revocation(models.Model):
    """A decision that was taken back, as it was: `Decision` holds those in force and no other."""

    class Cause(models.TextChoices):
        UNDONE = "undone", "Undone by who decided"
        NOT_CONFIRMED = "not_confirmed", "The second reviewer did not agree"
        PEOPLE_CHANGED = "people_changed", "Other people are recorded for the clip"

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="revocations")
    # The id that the decision had.
    decision_number = models.BigIntegerField(unique=True)
    verdict = models.CharField(max_length=16, choices=Decision.Verdict.choices)
    reason = models.TextField()
    identifiable = models.BooleanField()
    content_sha256 = models.CharField(max_length=64)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="revoked")
    cause = models.CharField(max_length=16, choices=Cause.choices)
    why = models.TextField(blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    revoked_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.verdict} {self.finding}, taken back"


class Redaction(models.Model):
    """Which transform made a clip's bytes: the same one on `before` makes `after` again."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="redactions")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="redactions")
    before = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    before_path = models.CharField(max_length=1024)
    after_path = models.CharField(max_length=1024)
    # `mute`, `bleep`, `noise` or `strip`.
    method = models.CharField(max_length=16)
    version = models.CharField(max_length=16)
    parameters = models.JSONField(default=dict)
    # Seconds, as asked for: the transform rounds them out to whole samples.
    intervals = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    # Events by uid: `muted` with the status they had, `partly_muted`.
    events = models.JSONField(default=dict)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"{self.method} {self.clip}"


class Headcount(models.Model):
    """How many people a reviewer could tell apart in a content; the latest row of it counts."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="headcounts", db_index=False
    )
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="headcounts")
    content_sha256 = models.CharField(max_length=64)
    people_heard = models.PositiveSmallIntegerField()
    # One of them is not among the contributors who are recorded.
    somebody_unknown = models.BooleanField()
    # How many contributors were recorded for the clip when it was counted.
    people_recorded = models.PositiveSmallIntegerField()
    reason = models.TextField()
    counted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    counted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~models.Q(counted_by=models.F("uploaded_by")),
                name="counted_not_by_uploader",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="headcount_has_reason"),
            models.CheckConstraint(
                condition=models.Q(somebody_unknown=False) | models.Q(people_heard__gt=0),
                name="somebody_unknown_is_somebody",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["dataset", "content_sha256"], name="headcount_by_content"),
        ]

    def __str__(self) -> str:
        return f"{self.people_heard} in {self.clip}"

    @property
    def in_words(self) -> str:
        """Such as: 2 people are heard, 1 is recorded; somebody is not recorded."""
        if not self.people_heard:
            return "nobody can be recognised"
        words = describe_fewer_recorded(self.people_heard, self.people_recorded)
        return f"{words}; somebody is not recorded" if self.somebody_unknown else words


class Comment(models.Model):
    """What one reviewer tells the others of a clip."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="comments")
    text = models.TextField()
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]

    def __str__(self) -> str:
        return f"comment on {self.clip}"


class ChangeRequest(models.Model):
    """What a reviewer asks the steward to change; the clip stays in until it is answered."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="change_requests")
    text = models.TextField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(auto_now_add=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(answered_at=None, answered_by=None, answer="")
                | (models.Q(answered_at__isnull=False, answered_by__isnull=False))
                & ~models.Q(answer=""),
                name="change_request_answered_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"change of {self.clip}"


class Assignment(models.Model):
    """Whose case a clip is; a help for dividing the work, which forbids nothing."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="assignment")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.clip}: {self.reviewer}"


class ReviewTime(models.Model):
    """Seconds that a reviewer gave to a clip."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="review_times")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    seconds = models.FloatField(default=0.0)
    noted_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["clip", "reviewer"], name="review_time_once"),
            models.CheckConstraint(
                condition=models.Q(seconds__gte=0), name="review_time_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} on {self.clip}: {self.seconds:.0f} s"


class Sample(models.Model):
    """Contents drawn at random from those in which no detector heard anything."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="samples")
    # 1 for the dataset's first.
    number = models.PositiveIntegerField()
    seed = models.CharField(max_length=64)
    bound = models.FloatField()
    # The SHA-256 of all contents it was drawn from, 32 bytes each, in order.
    frame = models.BinaryField()
    population = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    drawn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "number"], name="sample_number_once"),
        ]

    def __str__(self) -> str:
        return f"sample {self.number} of {self.dataset}"


class SampleClip(models.Model):
    """One drawn content, and a clip that has it."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="clips")
    # The order of the draw: whoever hears them in it has heard a random part at any time.
    position = models.PositiveIntegerField()
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="+")
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar[list[str]] = ["position"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sample", "position"], name="sample_position_once"),
            models.UniqueConstraint(fields=["sample", "content_sha256"], name="sample_clip_once"),
        ]

    def __str__(self) -> str:
        return f"{self.clip} in {self.sample}"


class Hearing(models.Model):
    """What a person heard in a content that no detector had flagged."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="hearings")
    content_sha256 = models.CharField(max_length=64)
    sample_clip = models.OneToOneField(SampleClip, on_delete=models.PROTECT, related_name="hearing")
    missed = models.BooleanField()
    note = models.TextField(blank=True)
    heard_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    # Copied so that the database itself can compare.
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    heard_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "content_sha256"], name="heard_once"),
            models.CheckConstraint(
                condition=~models.Q(heard_by=models.F("uploaded_by")),
                name="heard_not_by_uploader",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content_sha256[:12]} heard by {self.heard_by}"
