"""Audit events over the wire."""

from typing import Any

from rest_framework import serializers

from apps.audit.models import AuditEvent


class AuditEventOut(serializers.ModelSerializer[AuditEvent]):
    """One thing that happened; `hash` continues `previous_hash`."""

    detail = serializers.DictField(read_only=True)

    class Meta:
        model = AuditEvent
        fields = (
            "sequence",
            "at",
            "kind",
            "actor",
            "organisation",
            "subject",
            "detail",
            "previous_hash",
            "hash",
        )
        read_only_fields = fields


class AuditQuery(serializers.Serializer[Any]):
    """Which events."""

    kind = serializers.CharField(max_length=64, required=False)
    actor = serializers.CharField(max_length=150, required=False)
    subject = serializers.CharField(max_length=300, required=False)
