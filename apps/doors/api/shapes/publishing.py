"""Targets and publications over the wire."""

from typing import Any

from rest_framework import serializers

from apps.publishing.actions import PublicationPlan
from apps.publishing.models import Publication, Target


class TargetOut(serializers.ModelSerializer[Target]):
    """A place outside; its token is never shown."""

    class Meta:
        model = Target
        fields = (
            "name",
            "kind",
            "endpoint",
            "repository",
            "gate",
            "private",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class TargetSettings(serializers.Serializer[Any]):
    """What can be set on a target; without a token the one on record stays."""

    repository = serializers.CharField(max_length=200)
    endpoint = serializers.URLField(max_length=300, required=False)
    gate = serializers.ChoiceField(choices=Target.Gate.choices, required=False)
    private = serializers.BooleanField(required=False)
    token = serializers.CharField(max_length=500, required=False, write_only=True)


class TokenHolder(serializers.Serializer[Any]):
    """Whose token it is, as the hub says."""

    holder = serializers.CharField()


class PublicationOut(serializers.ModelSerializer[Publication]):
    """One release on its way to one target. Sizes in bytes."""

    dataset = serializers.CharField(source="release.dataset.full_name")
    version = serializers.CharField(source="release.version")
    target = serializers.CharField(source="target.name")
    url = serializers.CharField()
    error = serializers.DictField()
    started_by = serializers.CharField(source="started_by.username")

    class Meta:
        model = Publication
        fields = (
            "uid",
            "dataset",
            "version",
            "target",
            "state",
            "url",
            "repository",
            "tag",
            "commit_oid",
            "bytes_total",
            "bytes_sent",
            "attempts",
            "error",
            "started_by",
            "created_at",
            "updated_at",
            "verified_at",
        )
        read_only_fields = fields


class Destination(serializers.Serializer[Any]):
    """Where to."""

    target = serializers.CharField(max_length=96, help_text="Name of one of the targets.")


class Started(serializers.Serializer[Any]):
    """What was started."""

    publication = PublicationOut()
    job = serializers.UUIDField(source="job.uid")


class PlanOut(serializers.Serializer[PublicationPlan]):
    """What publishing would do. Sizes in bytes, `to_send` before encoding and deduplication."""

    repository = serializers.CharField()
    url = serializers.CharField()
    tag = serializers.CharField()
    creates_repository = serializers.BooleanField()
    gate = serializers.CharField()
    changes_gate = serializers.BooleanField()
    clips = serializers.IntegerField()
    audio_size = serializers.IntegerField()
    to_send = serializers.IntegerField()
    shards = serializers.IntegerField()
    shards_to_send = serializers.IntegerField()
    paths_to_send = serializers.ListField(child=serializers.CharField())
    paths_to_delete = serializers.ListField(child=serializers.CharField())
