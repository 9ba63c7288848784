"""Long work over the wire."""

from typing import Any

from rest_framework import serializers

from apps.jobs.models import Job


class JobOut(serializers.ModelSerializer[Job]):
    """One piece of long work: follow `state` until it is `done`, `failed` or `cancelled`."""

    created_by = serializers.CharField(source="created_by.username", default=None, read_only=True)
    result = serializers.DictField(read_only=True)
    error = serializers.DictField(
        read_only=True, help_text="`code`, `message` and `detail` where it failed; else empty."
    )

    class Meta:
        model = Job
        fields = (
            "uid",
            "kind",
            "subject",
            "state",
            "done",
            "total",
            "message",
            "result",
            "error",
            "attempt",
            "cancel_requested",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
        )
        read_only_fields = fields


class JobQuery(serializers.Serializer[Any]):
    """Which jobs."""

    state = serializers.ChoiceField(choices=Job.State.choices, required=False)
    kind = serializers.CharField(max_length=64, required=False)
    subject = serializers.CharField(
        max_length=300, required=False, help_text="`organisation/name` of a dataset."
    )
