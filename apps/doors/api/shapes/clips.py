"""Clips, recordings and events of a draft over the wire."""

from typing import Any

from rest_framework import serializers

from apps.datasets.models import Clip, Event, Recording
from datasets_catalog.labels import Presence, Source, Status


class ClipOut(serializers.ModelSerializer[Clip]):
    """A clip of the draft: its bytes by hash, what decoding found, its rights and provenance."""

    recording = serializers.CharField(source="recording.name", default=None)
    size = serializers.IntegerField(source="blob.size", help_text="Bytes.")
    md5 = serializers.CharField(source="blob.oid")
    sha256 = serializers.CharField(source="blob.sha256")
    redacted = serializers.BooleanField()
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        model = Clip
        fields = (
            "uid",
            "path",
            "state",
            "recording",
            "size",
            "md5",
            "sha256",
            "media_type",
            "codec",
            "sample_rate",
            "channels",
            "frames",
            "duration",
            "has_video",
            "licence",
            "title",
            "author",
            "source_url",
            "environment",
            "device",
            "place",
            "recorded_at",
            "split",
            "synthetic",
            "redacted",
            "fields",
            "added_by",
            "created_at",
            "updated_at",
        )
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
    recording = serializers.CharField(max_length=200, required=False)
    split = serializers.CharField(max_length=64, required=False)
    licence = serializers.CharField(max_length=200, required=False)
    environment = serializers.CharField(max_length=200, required=False)
    label = serializers.CharField(  # type: ignore[assignment]  # DRF has one too
        max_length=200, required=False, help_text="Has an event of this label."
    )
    synthetic = serializers.BooleanField(required=False, allow_null=True, default=None)
    redacted = serializers.BooleanField(required=False, allow_null=True, default=None)


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


class RecordingOut(serializers.Serializer[Recording]):
    """What clips were cut from."""

    name = serializers.CharField()
    clips = serializers.IntegerField(source="clip_count")
