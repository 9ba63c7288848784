"""Requests for access, grants and receipts over the wire."""

from typing import Any

from rest_framework import serializers

from apps.access.models import (
    Acceptance,
    AccessChange,
    AccessRequest,
    AccessTerms,
    Entitlement,
    Notice,
    Receipt,
    RefusalCount,
    Seat,
)
from apps.datasets.models import Dataset
from apps.doors.api.shapes.choices import PURPOSES

# The largest number that the columns take.
MOST = 2_147_483_647


def build_purposes_field(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.ChoiceField(choices=PURPOSES), **options)


def build_country_field() -> serializers.CharField:
    return serializers.CharField(
        max_length=2,
        required=False,
        allow_blank=True,
        help_text="Where the holder is (ISO 3166-1), where releases may not go everywhere.",
    )


class AnswerOut(serializers.Serializer[Any]):
    """An answer to a question of the dataset's form."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the question's, not the field's
    value = serializers.CharField(allow_blank=True)


class AccessRequestOut(serializers.ModelSerializer[AccessRequest]):
    """Somebody asked for a dataset."""

    dataset = serializers.CharField(source="dataset.full_name")
    username = serializers.CharField(source="user.username")
    purposes = build_purposes_field()
    answers = AnswerOut(many=True)
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
            "country",
            "message",
            "answers",
            "terms",
            "state",
            "asked_at",
            "answered_by",
            "answered_at",
            "answer",
        )
        read_only_fields = fields


class AccessRequestNew(serializers.Serializer[Any]):
    """What one wants the dataset for."""

    purposes = build_purposes_field(required=False)
    country = build_country_field()
    message = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    answers = serializers.DictField(
        child=serializers.CharField(max_length=4000, allow_blank=True),
        required=False,
        help_text="By the names of the dataset's `request_fields`.",
    )
    terms = serializers.IntegerField(
        min_value=0,
        max_value=MOST,
        required=False,
        help_text="The version of the dataset's terms that one accepts by asking.",
    )


class Grant(serializers.Serializer[Any]):
    """A yes: for the purposes and in the country asked for, or for these."""

    purposes = build_purposes_field(required=False)
    country = build_country_field()
    until = serializers.DateTimeField(required=False, allow_null=True)
    answer = serializers.CharField(max_length=4000, required=False, allow_blank=True)


class Refusal(serializers.Serializer[Any]):
    """A no, and why."""

    answer = serializers.CharField(max_length=4000)


class EntitlementOut(serializers.ModelSerializer[Entitlement]):
    """A person or an organisation was let in."""

    dataset = serializers.CharField(source="dataset.full_name")
    username = serializers.CharField(source="user.username", default=None, allow_null=True)
    organisation = serializers.CharField(source="organisation.name", default=None, allow_null=True)
    purposes = build_purposes_field(help_text="Each release limits them to what it is cleared for.")
    granted_by = serializers.CharField(source="granted_by.username")

    class Meta:
        model = Entitlement
        fields = (
            "uid",
            "dataset",
            "username",
            "organisation",
            "purposes",
            "country",
            "way",
            "terms",
            "seats",
            "agreement",
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

    purposes = build_purposes_field(help_text="At least one, each cleared by a published release.")
    country = build_country_field()
    until = serializers.DateTimeField(required=False, allow_null=True)
    seats = serializers.IntegerField(
        min_value=1,
        max_value=MOST,
        required=False,
        allow_null=True,
        help_text="Of an organisation: how many members may take it. Without: all of them.",
    )
    agreement = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Of an organisation: what the signed agreement is called.",
    )


class AccessChangeOut(serializers.ModelSerializer[AccessChange]):
    """A proposal to let more people take what was released, or earlier."""

    proposed_by = serializers.CharField(source="proposed_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        model = AccessChange
        fields = (
            "uid",
            "access",
            "auto_grant",
            "embargo_until",
            "embargoes",
            "reason",
            "state",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
            "answer",
        )
        read_only_fields = fields


class AccessChangeNew(serializers.Serializer[Any]):
    """What the access becomes, and why; what is left out stays as it is."""

    access = serializers.ChoiceField(choices=Dataset.Access.choices, required=False)
    auto_grant = serializers.BooleanField(required=False)
    embargo_until = serializers.DateTimeField(required=False, allow_null=True)
    embargoes = serializers.DictField(child=serializers.CharField(max_length=40), required=False)
    reason = serializers.CharField(max_length=1000)


class Revoked(serializers.Serializer[Any]):
    """How many grants were ended."""

    revoked = serializers.IntegerField()


class ReceiptOut(serializers.ModelSerializer[Receipt]):
    """Bytes went out: a row for each holder, token, release, door, day and stated purpose."""

    version = serializers.CharField(source="release.version")
    purposes = build_purposes_field(
        help_text="What it was taken for; none for members, who work on it."
    )
    stated = serializers.CharField(help_text="The one that the reader stated; empty: none.")

    class Meta:
        model = Receipt
        fields = (
            "holder",
            "token",
            "version",
            "root",
            "code",
            "terms",
            "purposes",
            "stated",
            "objects_given",
            "door",
            "day",
            "first_at",
            "last_at",
        )
        read_only_fields = fields


class RefusalOut(serializers.ModelSerializer[RefusalCount]):
    """How often somebody was refused the dataset for one reason on one day."""

    class Meta:
        model = RefusalCount
        fields = ("holder", "action", "code", "day", "count")
        read_only_fields = fields


class AccessTermsOut(serializers.ModelSerializer[AccessTerms]):
    """One version of the terms under which a dataset is taken."""

    class Meta:
        model = AccessTerms
        fields = ("version", "text", "sha256", "asks_again", "created_at")
        read_only_fields = fields


class AccessTermsNew(serializers.Serializer[Any]):
    """A new version of the terms."""

    text = serializers.CharField(max_length=200_000, trim_whitespace=False)
    asks_again = serializers.BooleanField(
        required=False,
        help_text="Whether those who accepted an earlier version have to accept this one.",
    )


class TermsAccepted(serializers.Serializer[Any]):
    """Which version one accepts, for oneself or for an organisation one owns."""

    version = serializers.IntegerField(min_value=1, max_value=MOST)
    organisation = serializers.CharField(max_length=96, required=False)
    purposes = build_purposes_field(
        required=False,
        help_text="What one takes the dataset for; needed where one is let in by it.",
    )
    country = build_country_field()


class AcceptanceOut(serializers.ModelSerializer[Acceptance]):
    """Terms were accepted."""

    dataset = serializers.CharField(source="terms.dataset.full_name")
    version = serializers.IntegerField(source="terms.version")
    username = serializers.CharField(source="user.username")
    organisation = serializers.CharField(source="organisation.name", default=None, allow_null=True)

    class Meta:
        model = Acceptance
        fields = ("dataset", "version", "username", "organisation", "accepted_at")
        read_only_fields = fields


class AgreementOut(EntitlementOut):
    """What an organisation may take, and how many of its seats are taken."""

    taken = serializers.IntegerField(default=0, help_text="Seats that are taken.")

    class Meta:
        model = Entitlement
        fields = (*EntitlementOut.Meta.fields, "taken")
        read_only_fields = fields


class Seats(serializers.Serializer[Any]):
    """How many seats an agreement has; null: every member of the organisation may take it."""

    seats = serializers.IntegerField(min_value=1, max_value=MOST, allow_null=True)


class SeatOut(serializers.ModelSerializer[Seat]):
    """A member has a seat."""

    username = serializers.CharField(source="membership.user.username")
    given_by = serializers.CharField(source="given_by.username")

    class Meta:
        model = Seat
        fields = ("username", "given_by", "given_at")
        read_only_fields = fields


class SeatNew(serializers.Serializer[Any]):
    """Who gets a seat."""

    username = serializers.CharField(max_length=150)


class NoticeOut(serializers.ModelSerializer[Notice]):
    """Something to know about access; `page` is where one can do something about it."""

    dataset = serializers.CharField(source="dataset.full_name")

    class Meta:
        model = Notice
        fields = ("kind", "dataset", "text", "page", "created_at", "read_at")
        read_only_fields = fields


class NoticesRead(serializers.Serializer[Any]):
    """How many notices were not read before."""

    read = serializers.IntegerField()
