"""What reviewers say of the people in a clip, over the wire."""

from typing import Any

from rest_framework import serializers

from apps.review.headcounts import LONGEST_REASON, MOST_PEOPLE
from apps.review.models import Headcount


def _build_content_field() -> serializers.CharField:
    return serializers.CharField(
        min_length=64,
        max_length=64,
        required=False,
        help_text="SHA-256 of the bytes that were heard: others are refused.",
    )


class HeadcountNew(serializers.Serializer[Any]):
    """How many people can be told apart; 0 says that nobody can be recognised."""

    people_heard = serializers.IntegerField(min_value=0, max_value=MOST_PEOPLE)
    somebody_unknown = serializers.BooleanField(
        required=False, default=False, help_text="One of them is not a recorded contributor."
    )
    reason = serializers.CharField(max_length=LONGEST_REASON)
    content = _build_content_field()


class HeadcountOut(serializers.ModelSerializer[Headcount]):
    """What a reviewer counted; the latest of a content counts."""

    clip = serializers.UUIDField(source="clip.uid")
    counted_by = serializers.CharField(source="counted_by.username")

    class Meta:
        model = Headcount
        fields = (
            "uid",
            "clip",
            "content_sha256",
            "people_heard",
            "people_recorded",
            "somebody_unknown",
            "reason",
            "counted_by",
            "counted_at",
        )
        read_only_fields = fields


class PointingOutNew(serializers.Serializer[Any]):
    """Where somebody is heard whom no detector reported; times in seconds."""

    onset = serializers.FloatField(min_value=0)
    offset = serializers.FloatField(min_value=0)
    reason = serializers.CharField(max_length=LONGEST_REASON)
    content = _build_content_field()
