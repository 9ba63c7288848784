"""The catalog's rows."""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models

from apps.accounts.models import SLUG, Organisation
from apps.storage.models import Blob
from datasets_catalog.labels import Presence, Source, Status
from datasets_catalog.licences import Use
from datasets_catalog.verticals import Vertical


def new_key() -> str:
    return secrets.token_hex(32)


class Vocabulary(models.Model):
    """A versioned label set; its terms form a directed acyclic graph."""

    name = models.CharField(max_length=96, validators=[SLUG])
    version = models.CharField(max_length=32)
    title = models.CharField(max_length=200, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    source_url = models.URLField(blank=True)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "vocabularies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["name", "version"], name="vocabulary_version_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Term(models.Model):
    """One label of a vocabulary."""

    vocabulary = models.ForeignKey(Vocabulary, on_delete=models.CASCADE, related_name="terms")
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    # It only orders others, and labels nothing.
    abstract = models.BooleanField(default=False)
    # Those who made the vocabulary advise against it, as people can hardly tell it.
    blacklisted = models.BooleanField(default=False)
    parents = models.ManyToManyField("self", symmetrical=False, related_name="children")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["vocabulary", "code"], name="term_code_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["vocabulary", "name"], name="term_by_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Dataset(models.Model):
    """`organisation/name`: clips, events and the releases made of them."""

    class Access(models.TextChoices):
        OPEN = "open", "Open to everyone"
        TERMS = "terms", "To everyone who accepts its terms"
        REQUEST = "request", "On request"
        ORGANISATION = "organisation", "Members and organisations with an agreement"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="datasets"
    )
    name = models.CharField(max_length=96, validators=[SLUG])
    title = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    vertical = models.CharField(max_length=16, choices=[(v, v.value) for v in Vertical])
    vocabulary = models.ForeignKey(
        Vocabulary, null=True, blank=True, on_delete=models.PROTECT, related_name="datasets"
    )
    # Which detectors must have seen every blob (apps/detection/detectors/registry.py).
    privacy_profile = models.CharField(max_length=16, default="standard")
    # Whether clips stand unmodified side by side, or were worked into something new.
    use = models.CharField(
        max_length=16, choices=[(u, u.value) for u in Use], default=Use.COLLECTION
    )
    wanted_licence = models.CharField(max_length=100, blank=True)
    access = models.CharField(max_length=16, choices=Access.choices, default=Access.REQUEST)
    # Whether a complete request for purposes the newest release is cleared for is granted at once.
    auto_grant = models.BooleanField(default=False)
    # How long access lasts that nobody gave an end, in days; None: without end.
    grant_days = models.PositiveIntegerField(null=True, blank=True)
    # What a request must answer (datasets_catalog/request_forms.py).
    request_fields = models.JSONField(default=list, blank=True)
    # Before this only members see into any release; `embargoes` says so of single versions.
    embargo_until = models.DateTimeField(null=True, blank=True)
    embargoes = models.JSONField(default=dict, blank=True)
    # The newest version of its terms of access, and the oldest that still binds; 0: no terms.
    terms_version = models.PositiveIntegerField(default=0)
    terms_required = models.PositiveIntegerField(default=0)
    # Whether every consent in a release needs the hash of its evidence.
    evidence_required = models.BooleanField(default=False)
    # For how long a guardian's answers still count after somebody has come of age, in days.
    guardian_notice_days = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(366)]
    )
    # What its keepers say of it beside these (datasets_catalog/description_sheets.py).
    sheet = models.JSONField(default=dict, blank=True)
    # Share of events a second person must have verified, 0 to 1.
    verified_share = models.FloatField(default=0.0)
    # Columns that together may single out a person, beside those that the vertical declares.
    quasi_identifiers = models.JSONField(default=list, blank=True)
    # As many people at least have to share what those columns say (k-anonymity).
    fewest_alike = models.PositiveSmallIntegerField(default=5)
    # What its splits mean (datasets_catalog/split_policies.py); null is the usual.
    split_policy = models.JSONField(null=True, blank=True)
    # Counts changes of the draft: a release frozen at an older count is stale.
    draft_serial = models.PositiveBigIntegerField(default=0)
    # Keys the digests of consents in manifests, so that nobody can guess a contributor from one.
    consent_key = models.CharField(max_length=64, default=new_key, editable=False)
    # When the first release was published; before that only members know of the dataset.
    released_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["organisation__name", "name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["organisation", "name"], name="dataset_name_once"),
            models.CheckConstraint(
                condition=models.Q(vertical__in=[v.value for v in Vertical]),
                name="dataset_vertical_known",
            ),
            models.CheckConstraint(
                condition=models.Q(verified_share__gte=0, verified_share__lte=1),
                name="dataset_verified_share_is_share",
            ),
            models.CheckConstraint(
                condition=models.Q(fewest_alike__gte=2), name="dataset_alike_are_several"
            ),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.organisation.name}/{self.name}"


class Lowering(models.Model):
    """A request to lower bars of a dataset, which holds once a reviewer confirmed it.

    `before` and `becomes` hold the values of the bars (datasets_catalog/bars.py) by name.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waiting for a reviewer"
        # Only inside the transaction that carries it out: the database lets the dataset's row
        # become lower, by exactly this, while a lowering is in this state.
        CONFIRMED = "confirmed", "Confirmed"
        APPLIED = "applied", "Carried out"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Taken back"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="lowerings")
    before = models.JSONField()
    becomes = models.JSONField()
    reason = models.TextField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    # Why the reviewer agreed, or did not.
    answer = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["dataset"],
                condition=models.Q(state__in=["proposed", "confirmed"]),
                name="lowering_one_waits",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="lowering_has_reason"),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "cancelled"], decided_by=None)
                | (
                    models.Q(state__in=["confirmed", "applied", "refused"])
                    & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                    & ~models.Q(decided_by=models.F("proposed_by"))
                    & ~models.Q(answer="")
                ),
                name="lowering_decided_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{', '.join(self.becomes)} of {self.dataset}: {self.state}"


class Recording(models.Model):
    """What clips were cut from: one session of one microphone."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="recordings")
    name = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "name"], name="recording_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


# What decoding says of a clip's bytes.
PROBED_COLUMNS = (
    "media_type",
    "codec",
    "sample_rate",
    "channels",
    "frames",
    "duration",
    "has_video",
)


class Clip(models.Model):
    """One audio or audio-visual file of the draft, with its rights and provenance."""

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        EXCLUDED = "excluded", "Excluded by review"
        REMOVED = "removed", "Removed from the draft"

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    # Foreign keys without an index of their own begin a wider one below, or are never asked for:
    # every index is paid for by each of many thousand rows that an import writes.
    dataset = models.ForeignKey(
        Dataset, on_delete=models.CASCADE, related_name="clips", db_index=False
    )
    path = models.CharField(max_length=1024)
    recording = models.ForeignKey(
        Recording,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="clips",
        db_index=False,
    )
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="clips")
    # The bytes as they came in, where review replaced them; never leaves.
    original = models.ForeignKey(
        Blob, null=True, blank=True, on_delete=models.PROTECT, related_name="originals"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)

    media_type = models.CharField(max_length=64)
    codec = models.CharField(max_length=64)
    sample_rate = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    frames = models.PositiveBigIntegerField()
    duration = models.FloatField()
    has_video = models.BooleanField(default=False)

    licence = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=300, blank=True)
    author = models.CharField(max_length=300, blank=True)
    source_url = models.CharField(max_length=500, blank=True)
    environment = models.CharField(max_length=200, blank=True)
    device = models.CharField(max_length=200, blank=True)
    place = models.CharField(max_length=200, blank=True)
    recorded_at = models.CharField(max_length=32, blank=True)
    # Where the clip begins in its recording, in seconds.
    recording_offset = models.FloatField(null=True, blank=True)
    split = models.CharField(max_length=64, blank=True)
    synthetic = models.BooleanField(default=False)
    fields = models.JSONField(default=dict, blank=True)
    # SHA-256 of the texts above with the path (cells.py): what the detectors of texts speak of.
    cells_sha256 = models.CharField(max_length=64, default="")
    # The draft's count when anything of the clip last changed that a release states: its bytes,
    # row, state, events or people. What is not above a release's count is as that release has it.
    touched = models.PositiveBigIntegerField(default=0)

    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["dataset", "path"], name="clip_path_once"),
            models.CheckConstraint(condition=models.Q(duration__gt=0), name="clip_has_duration"),
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "excluded", "removed"]),
                name="clip_state_known",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["dataset", "state", "path"], name="clip_listing"),
            models.Index(fields=["dataset", "recording"], name="clip_by_recording"),
            models.Index(fields=["dataset", "touched"], name="clip_by_change"),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def redacted(self) -> bool:
        return self.original_id is not None


class EarlierWork(models.Model):
    """Somebody brought in, described or labelled a clip while it had these bytes.

    Noted before another change would forget it: what was somebody's work stays theirs.
    """

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="earlier_work")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    content_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["user", "content_sha256", "clip"], name="earlier_work_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip}: {self.user}"


class Event(models.Model):
    """A strong label: what is heard, from onset to offset (seconds, half-open)."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="events")
    label = models.CharField(max_length=200)
    term = models.ForeignKey(Term, null=True, blank=True, on_delete=models.PROTECT)
    onset = models.FloatField()
    offset = models.FloatField()
    f_low = models.FloatField(null=True, blank=True)
    f_high = models.FloatField(null=True, blank=True)
    channel = models.PositiveSmallIntegerField(null=True, blank=True)
    confidence = models.FloatField(null=True, blank=True)
    source = models.CharField(
        max_length=16, choices=[(s, s.value) for s in Source], default=Source.IMPORT
    )
    status = models.CharField(
        max_length=16, choices=[(s, s.value) for s in Status], default=Status.SUGGESTED
    )
    presence = models.CharField(
        max_length=8, choices=[(p, p.value) for p in Presence], default=Presence.YES
    )
    annotator = models.CharField(max_length=150, blank=True)
    verifier = models.CharField(max_length=150, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # Who said here that it is right or wrong; what an import says of it is in `verifier` alone.
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(verified_by=None, verified_at=None)
                | models.Q(
                    verified_by__isnull=False,
                    verified_at__isnull=False,
                    status__in=[Status.VERIFIED.value, Status.REJECTED.value],
                )
                & ~models.Q(verifier="")
                & (models.Q(created_by=None) | ~models.Q(verified_by=models.F("created_by"))),
                name="event_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(onset__gte=0, offset__gt=models.F("onset")),
                name="event_has_length",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None)
                | models.Q(confidence__gte=0, confidence__lte=1),
                name="event_confidence_is_share",
            ),
            models.CheckConstraint(
                condition=models.Q(verifier="") | ~models.Q(verifier=models.F("annotator")),
                name="event_verified_by_another",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["clip", "onset"], name="event_in_clip"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.onset:.3f}-{self.offset:.3f}"


class WeakLabel(models.Model):
    """What is heard somewhere in a clip, or known to be nowhere in it, without saying when."""

    clip = models.ForeignKey(
        Clip, on_delete=models.CASCADE, related_name="weak_labels", db_index=False
    )
    label = models.CharField(max_length=200)
    term = models.ForeignKey(Term, null=True, blank=True, on_delete=models.PROTECT)
    confidence = models.FloatField(null=True, blank=True)
    source = models.CharField(
        max_length=16, choices=[(s, s.value) for s in Source], default=Source.IMPORT
    )
    status = models.CharField(
        max_length=16, choices=[(s, s.value) for s in Status], default=Status.SUGGESTED
    )
    presence = models.CharField(
        max_length=8, choices=[(p, p.value) for p in Presence], default=Presence.YES
    )
    annotator = models.CharField(max_length=150, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["clip", "label", "annotator"], name="weak_label_once_by_each"
            ),
            models.CheckConstraint(
                condition=models.Q(confidence=None)
                | models.Q(confidence__gte=0, confidence__lte=1),
                name="weak_label_confidence_is_share",
            ),
            models.CheckConstraint(
                condition=models.Q(presence__in=[p.value for p in Presence]),
                name="weak_label_presence_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} in {self.clip}"


class EmptyAnnotation(models.Model):
    """Somebody annotated the clip and found none of the labels in it."""

    clip = models.ForeignKey(
        Clip, on_delete=models.CASCADE, related_name="empty_annotations", db_index=False
    )
    source = models.CharField(
        max_length=16, choices=[(s, s.value) for s in Source], default=Source.IMPORT
    )
    annotator = models.CharField(max_length=150, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["clip", "annotator"], name="empty_annotation_once_by_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clip}: none of the labels"
