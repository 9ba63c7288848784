"""The review of a draft over the wire: cases, batches, second opinions, samples."""

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.datasets.models import Clip
from apps.detection.models import Finding
from apps.doors.api.shapes.finding_kinds import KindField
from apps.doors.api.shapes.headcounts import HeadcountOut
from apps.doors.api.shapes.privacy import DecisionNew, FindingOut
from apps.releases.foresight import foresee_closures, foresee_count
from apps.review.access import name_finding_state
from apps.review.models import Batch, ChangeRequest, Comment, Confirmation, Redaction, SampleClip
from apps.review.queue import AWAITED_STATES, Case

MOST_CASES = 200
MOST_FINDINGS = 10_000
LONGEST_TEXT = 10_000


class CaseQuery(serializers.Serializer[Any]):
    """Which cases."""

    kind = KindField(max_length=64, required=False, default="")
    awaiting = serializers.ChoiceField(
        choices=[word for word in AWAITED_STATES if word],
        required=False,
        default="",
        help_text="`second`: another reviewer; `changes`: the steward; `people`: somebody to count"
        " who is heard. Without it a decision.",
    )
    mine = serializers.BooleanField(required=False, default=False)
    most = serializers.IntegerField(
        min_value=1, max_value=MOST_CASES, required=False, default=50, help_text="Cases to list."
    )


class CaseLine(serializers.ModelSerializer[Clip]):
    """A clip that waits; `risk` and that of its recording from 0 to 1."""

    recording = serializers.CharField(source="recording.name", default=None, allow_null=True)
    open_findings = serializers.IntegerField()
    risk = serializers.FloatField()
    recording_risk = serializers.FloatField()

    class Meta:
        model = Clip
        fields = ("uid", "path", "recording", "duration", "open_findings", "risk", "recording_risk")
        read_only_fields = fields


class CommentOut(serializers.ModelSerializer[Comment]):
    """What one reviewer told the others."""

    written_by = serializers.CharField(source="written_by.username")

    class Meta:
        model = Comment
        fields = ("text", "written_by", "written_at")
        read_only_fields = fields


class ChangeRequestOut(serializers.ModelSerializer[ChangeRequest]):
    """What a reviewer asked the steward to change; `answered_at` null while it blocks."""

    asked_by = serializers.CharField(source="asked_by.username")
    answered_by = serializers.CharField(
        source="answered_by.username", default=None, allow_null=True
    )

    class Meta:
        model = ChangeRequest
        fields = ("uid", "text", "asked_by", "asked_at", "answer", "answered_by", "answered_at")
        read_only_fields = fields


class RedactionOut(serializers.ModelSerializer[Redaction]):
    """Which transform made which bytes of which; intervals in seconds."""

    before = serializers.CharField(source="before.sha256")
    after = serializers.CharField(source="after.sha256")
    intervals = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    parameters = serializers.DictField()
    changes = serializers.ListField(child=serializers.CharField())
    made_by = serializers.CharField(source="made_by.username")

    class Meta:
        model = Redaction
        fields = (
            "before",
            "after",
            "method",
            "version",
            "parameters",
            "intervals",
            "changes",
            "made_by",
            "made_at",
        )
        read_only_fields = fields


class NeighbourOut(serializers.Serializer[Any]):
    """Another clip of the recording."""

    clip = serializers.UUIDField(source="clip.uid")
    path = serializers.CharField(source="clip.path")
    words = serializers.CharField()


class AgreedOut(serializers.Serializer[Any]):
    """What a contributor agreed to."""

    contributor = serializers.CharField()
    purposes = serializers.ListField(child=serializers.CharField())
    valid = serializers.BooleanField()


class ForesightOut(serializers.Serializer[Any]):
    """Releases open to readers that deciding on the open findings, or a count, would close."""

    by_exclusion = serializers.ListField(child=serializers.CharField())
    by_redaction = serializers.ListField(child=serializers.CharField())
    by_count = serializers.ListField(
        child=serializers.CharField(), help_text="A count of more people than are recorded."
    )


class CaseOut(serializers.Serializer[Any]):
    """All that a reviewer has to know of one clip; `seconds_so_far` of everybody's time."""

    clip = serializers.UUIDField(source="clip.uid")
    path = serializers.CharField(source="clip.path")
    findings = FindingOut(many=True)
    neighbours = NeighbourOut(many=True)
    consents = AgreedOut(many=True)
    comments = CommentOut(many=True)
    change_requests = ChangeRequestOut(many=True)
    redactions = RedactionOut(source="clip.redactions.all", many=True)
    headcounts = HeadcountOut(many=True)
    assignee = serializers.CharField(source="assignee.username", default=None, allow_null=True)
    seconds_so_far = serializers.FloatField()
    closes = serializers.SerializerMethodField()

    @extend_schema_field(ForesightOut)
    def get_closes(self, found: Case) -> dict[str, Any]:
        foreseen = foresee_closures(self._list_open_findings(found))
        counted = replace(foreseen, by_count=foresee_count(found.clip))
        return dict(ForesightOut(counted).data)

    def _list_open_findings(self, found: Case) -> list[Finding]:
        return [row for row in found.findings if name_finding_state(row) == "open"]


class ByReviewerOut(serializers.Serializer[Any]):
    """What one reviewer did: decisions in force, clips, seconds."""

    username = serializers.CharField()
    decisions = serializers.IntegerField()
    clips = serializers.IntegerField()
    seconds = serializers.FloatField()


class ProgressOut(serializers.Serializer[Any]):
    """How far a review is, in clips in which anything was found."""

    total = serializers.IntegerField()
    decided = serializers.IntegerField()
    open = serializers.IntegerField()
    seconds = serializers.FloatField()
    per_clip = serializers.FloatField(allow_null=True)
    by_reviewer = ByReviewerOut(many=True)


class BatchNew(DecisionNew):
    """One decision on findings alike: those named, else all open ones of the kind."""

    kind = KindField(max_length=64)
    findings = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_FINDINGS
    )
    count = serializers.IntegerField(
        min_value=1, help_text="How many you mean: another number of open ones is refused."
    )


class BatchOut(serializers.ModelSerializer[Batch]):
    """Decisions made at once."""

    kind = KindField()
    made_by = serializers.CharField(source="made_by.username")

    class Meta:
        model = Batch
        fields = (
            "uid",
            "kind",
            "verdict",
            "reason",
            "count",
            "heard",
            "bound",
            "made_by",
            "made_at",
        )
        read_only_fields = fields


class ConfirmationNew(serializers.Serializer[Any]):
    """Whether a second reviewer agrees, and why."""

    agree = serializers.BooleanField()
    reason = serializers.CharField(max_length=LONGEST_TEXT)


class ConfirmationOut(serializers.ModelSerializer[Confirmation]):
    """What the second reviewer said."""

    confirmed_by = serializers.CharField(source="confirmed_by.username")

    class Meta:
        model = Confirmation
        fields = ("agree", "reason", "confirmed_by", "confirmed_at")
        read_only_fields = fields


class ReasonNew(serializers.Serializer[Any]):
    """Why, if there is anything to say."""

    reason = serializers.CharField(max_length=LONGEST_TEXT, required=False, default="")


class TextNew(serializers.Serializer[Any]):
    """What to say."""

    text = serializers.CharField(max_length=LONGEST_TEXT)


class AssignmentNew(serializers.Serializer[Any]):
    """Whose case it is; null for nobody's."""

    reviewer = serializers.CharField(max_length=150, allow_null=True)


class TimeNew(serializers.Serializer[Any]):
    """What a visit took."""

    seconds = serializers.FloatField(min_value=0, max_value=86_400)


class SampleNew(serializers.Serializer[Any]):
    """How much may be left at most, from 0 to 1, if nothing is missed."""

    bound = serializers.FloatField(min_value=0.0001, max_value=0.5, required=False, default=0.01)


class SampleClipOut(serializers.ModelSerializer[SampleClip]):
    """One drawn content with a clip that has it; hear them in the order of `position`."""

    clip = serializers.UUIDField(source="clip.uid")
    path = serializers.CharField(source="clip.path")

    class Meta:
        model = SampleClip
        fields = ("uid", "position", "clip", "path", "content_sha256")
        read_only_fields = fields


class SampleOut(serializers.Serializer[Any]):
    """The latest sample and how far it is heard; counts are of contents."""

    uid = serializers.UUIDField()
    number = serializers.IntegerField()
    seed = serializers.CharField()
    bound = serializers.FloatField(help_text="The share that it was drawn to prove.")
    proved = serializers.FloatField(
        allow_null=True,
        help_text="The share that it proves so far; null of a draw with a miss, or unheard.",
    )
    population = serializers.IntegerField()
    size = serializers.IntegerField()
    frame = serializers.ListField(
        child=serializers.CharField(), help_text="The SHA-256 of everything it was drawn from."
    )
    drawn_by = serializers.CharField(source="drawn_by.username")
    drawn_at = serializers.DateTimeField()
    heard = serializers.IntegerField()
    missed = serializers.IntegerField()
    outside = serializers.IntegerField(help_text="Unflagged contents that came in since.")
    gone = serializers.IntegerField(help_text="Drawn contents that left before they were heard.")
    due = SampleClipOut(many=True)


class HearingNew(serializers.Serializer[Any]):
    """Whether a voice was missed in it; a miss needs a note."""

    missed = serializers.BooleanField()
    note = serializers.CharField(max_length=2000, required=False, default="", allow_blank=True)
