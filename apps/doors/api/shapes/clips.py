"""Clips, recordings and events of a draft over the wire."""

from typing import Any

from rest_framework import serializers

from apps.datasets.label_verification import AT_ONCE, VERDICTS
from apps.datasets.models import Clip, EmptyAnnotation, Event, Recording, WeakLabel
from apps.doors.api.shapes.columns import Field, build_draft_field, build_filter_field
from datasets_catalog.clip_columns import CLIP_COLUMNS, FILTERABLE
from datasets_catalog.labels import Presence, Source, Status

IN_DRAFT = [column for column in CLIP_COLUMNS if column.source and column.name != "path"]


class ClipOut(serializers.ModelSerializer[Clip]):
    """A clip of the draft: its bytes by hash, what decoding found, its rights and provenance."""

    redacted = serializers.BooleanField()
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        model = Clip
        fields = (
            "uid",
            "path",
            "state",
            *(column.name for column in IN_DRAFT if column.source == column.name),
            "redacted",
            "fields",
            "added_by",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_fields(self) -> dict[str, Field]:
        elsewhere = [column for column in IN_DRAFT if column.source != column.name]
        return {
            **super().get_fields(),
            **{column.name: build_draft_field(column) for column in elsewhere},
        }


class WeakLabelOut(serializers.ModelSerializer[WeakLabel]):
    """A weak label: what is somewhere in the clip, or known to be nowhere in it."""

    term = serializers.CharField(source="term.code", default=None)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF has one too
        choices=[s.value for s in Source]
    )
    status = serializers.ChoiceField(choices=[s.value for s in Status])
    presence = serializers.ChoiceField(choices=[p.value for p in Presence])

    class Meta:
        model = WeakLabel
        fields = ("label", "term", "confidence", "source", "status", "presence", "annotator")
        read_only_fields = fields


class EmptyAnnotationOut(serializers.ModelSerializer[EmptyAnnotation]):
    """Who annotated the clip and found none of the labels in it."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF has one too
        choices=[s.value for s in Source]
    )

    class Meta:
        model = EmptyAnnotation
        fields = ("annotator", "source")
        read_only_fields = fields


class ClipFull(ClipOut):
    """A clip with what is said of the whole of it; its events have an address of their own."""

    weak_labels = WeakLabelOut(many=True)
    empty_annotations = EmptyAnnotationOut(many=True)

    class Meta:
        model = Clip
        fields = (*ClipOut.Meta.fields, "weak_labels", "empty_annotations")
        read_only_fields = fields


class ClipQuery(serializers.Serializer[Any]):
    """Which clips."""

    q = serializers.CharField(
        max_length=200, required=False, help_text="Part of path, title or author."
    )
    state = serializers.ChoiceField(choices=Clip.State.choices, required=False)
    prefix = serializers.CharField(
        max_length=1024, required=False, help_text="Beginning of the path."
    )
    label = serializers.CharField(  # type: ignore[assignment]  # DRF has one too
        max_length=200,
        required=False,
        help_text="An event or a weak label of this name, or of a term below it, says that it is"
        " in the clip.",
    )

    def get_fields(self) -> dict[str, Field]:
        filters = {column.name: build_filter_field(column) for column in FILTERABLE}
        return {**super().get_fields(), **filters}


class ClipRemoval(serializers.Serializer[Any]):
    """Clips to take out of the draft, by path."""

    paths = serializers.ListField(
        child=serializers.CharField(max_length=1024), min_length=1, max_length=1000
    )


class Removed(serializers.Serializer[Any]):
    """How many were taken out."""

    removed = serializers.IntegerField()


class EventOut(serializers.ModelSerializer[Event]):
    """A strong label; times in seconds, half-open, frequencies in hertz."""

    term = serializers.CharField(source="term.code", default=None)
    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF has one too
        choices=[s.value for s in Source]
    )
    status = serializers.ChoiceField(choices=[s.value for s in Status])
    presence = serializers.ChoiceField(choices=[p.value for p in Presence])

    class Meta:
        model = Event
        fields = (
            "uid",
            "label",
            "term",
            "onset",
            "offset",
            "f_low",
            "f_high",
            "channel",
            "confidence",
            "source",
            "status",
            "presence",
            "annotator",
            "verifier",
        )
        read_only_fields = fields


class EventVerification(serializers.Serializer[Any]):
    """What a second person says of events of the draft."""

    events = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=AT_ONCE, help_text="Their uids."
    )
    verdict = serializers.ChoiceField(
        choices=[each.value for each in VERDICTS], default=Status.VERIFIED.value
    )


class EventsVerified(serializers.Serializer[Any]):
    """How many events say something else now."""

    changed = serializers.IntegerField()


class RecordingOut(serializers.Serializer[Recording]):
    """What clips were cut from."""

    name = serializers.CharField()
    clips = serializers.IntegerField(source="clip_count")
