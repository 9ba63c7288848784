"""Findings and decisions over the wire."""

from typing import Any

from rest_framework import serializers

from apps.detection.models import Finding
from apps.doors.api.shapes.finding_kinds import KindField
from apps.review.models import Decision
from apps.review.redaction import Method


class DecisionOut(serializers.ModelSerializer[Decision]):
    """What a reviewer said of a finding."""

    decided_by = serializers.CharField(source="decided_by.username")

    class Meta:
        model = Decision
        fields = ("verdict", "reason", "identifiable", "decided_by", "decided_at")
        read_only_fields = fields


class FindingOut(serializers.ModelSerializer[Finding]):
    """What a detector saw in a clip; times in seconds, `decision` null while it is open."""

    dataset = serializers.CharField(source="clip.dataset.full_name")
    clip = serializers.UUIDField(source="clip.uid")
    path = serializers.CharField(source="clip.path")
    kind = KindField()
    detector = serializers.CharField(source="scan.detector")
    detector_version = serializers.CharField(source="scan.detector_version")
    decision = DecisionOut(default=None, allow_null=True)

    class Meta:
        model = Finding
        fields = (
            "uid",
            "dataset",
            "clip",
            "path",
            "kind",
            "onset",
            "offset",
            "score",
            "detail",
            "content_sha256",
            "detector",
            "detector_version",
            "created_at",
            "decision",
        )
        read_only_fields = fields


class FindingQuery(serializers.Serializer[Any]):
    """Which findings."""

    open = serializers.BooleanField(
        required=False, default=False, help_text="Those alone that still block a release."
    )
    kind = KindField(max_length=64, required=False)
    clip = serializers.UUIDField(required=False)


class DecisionNew(serializers.Serializer[Any]):
    """What to decide, and why; a decision is never changed."""

    verdict = serializers.ChoiceField(choices=Decision.Verdict.choices)
    reason = serializers.CharField(max_length=10_000)
    method = serializers.ChoiceField(
        choices=[method.value for method in Method],
        required=False,
        help_text="What is put where the sound was, for `redact`.",
    )
    identifiable = serializers.BooleanField(
        required=False,
        help_text="For `clear`: a person can be recognised, so consent has to cover the clip.",
    )
