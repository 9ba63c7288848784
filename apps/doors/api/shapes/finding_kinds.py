"""Kinds of findings over the wire: the built-in ones by name, and those of a deployment."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.detection.own_kinds import NAME
from datasets_catalog.finding_kinds import FindingKind

_KINDS = {
    "anyOf": [
        {"type": "string", "enum": [kind.value for kind in FindingKind]},
        {
            "type": "string",
            "pattern": f"^{NAME.pattern}$",
            "description": "A kind that the deployment declares for its own detectors.",
        },
    ]
}


@extend_schema_field(_KINDS)
class KindField(serializers.CharField):
    """A kind of finding; the actions refuse what nobody knows."""
