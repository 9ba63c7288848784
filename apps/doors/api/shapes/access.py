"""Requests for access, grants and receipts over the wire."""

from typing import Any

from rest_framework import serializers

from apps.access.models import AccessRequest, Entitlement, Receipt
from apps.doors.api.shapes.choices import PURPOSES


def purposes(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES), **options)


class AccessRequestOut(serializers.ModelSerializer[AccessRequest]):
    """Somebody asked for a dataset."""

    dataset = serializers.CharField(source="dataset.full_name")
    username = serializers.CharField(source="user.username")
    purposes = purposes()
    answered_by = serializers.CharField(
        source="answered_by.username", default=None, allow_null=True
    )

    class Meta:
        model = AccessRequest
        fields = (
            "uid",
            "dataset",
            "username",
            "purposes",
            "message",
            "state",
            "asked_at",
            "answered_by",
            "answered_at",
            "answer",
        )
        read_only_fields = fields


class AccessRequestNew(serializers.Serializer[Any]):
    """What one wants the dataset for."""

    purposes = purposes(required=False)
    message = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class Grant(serializers.Serializer[Any]):
    """A yes: for the purposes asked for, or for these."""

    purposes = purposes(required=False)
    until = serializers.DateTimeField(required=False, allow_null=True)
    answer = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class Refusal(serializers.Serializer[Any]):
    """A no, and why."""

    answer = serializers.CharField(max_length=4000)


class EntitlementOut(serializers.ModelSerializer[Entitlement]):
    """A person or an organisation was let in."""

    username = serializers.CharField(source="user.username", default=None, allow_null=True)
    organisation = serializers.CharField(source="organisation.name", default=None, allow_null=True)
    purposes = purposes(help_text="Empty: as far as each release is cleared.")
    granted_by = serializers.CharField(source="granted_by.username")

    class Meta:
        model = Entitlement
        fields = (
            "uid",
            "username",
            "organisation",
            "purposes",
            "valid_from",
            "valid_until",
            "granted_by",
            "granted_at",
            "revoked_at",
        )
        read_only_fields = fields


class Holder(serializers.Serializer[Any]):
    """A person, or an organisation: exactly one."""

    username = serializers.CharField(max_length=150, required=False)
    organisation = serializers.CharField(max_length=96, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs.keys() & {"username", "organisation"}) != 1:
            raise serializers.ValidationError("Name a username or an organisation.")
        return attrs


class EntitlementNew(Holder):
    """Whom to let in, for what, until when."""

    purposes = purposes(required=False)
    until = serializers.DateTimeField(required=False, allow_null=True)


class Revoked(serializers.Serializer[Any]):
    """How many grants were ended."""

    revoked = serializers.IntegerField()


class ReceiptOut(serializers.ModelSerializer[Receipt]):
    """Bytes of a release went out: one row for each holder, release, door and day."""

    version = serializers.CharField(source="release.version")

    class Meta:
        model = Receipt
        fields = ("holder", "version", "root", "door", "day", "first_at")
        read_only_fields = fields
