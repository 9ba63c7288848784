"""People, organisations and tokens over the wire."""

from typing import Any

from rest_framework import serializers

from apps.accounts.models import Membership, Organisation, Token
from datasets_catalog.roles import Role


class MembershipOut(serializers.Serializer[Membership]):
    """A role in an organisation."""

    organisation = serializers.CharField(source="organisation.name")
    role = serializers.ChoiceField(choices=[role.value for role in Role])


class Whoami(serializers.Serializer[Any]):
    """Who calls, and how far the token reaches."""

    username = serializers.CharField()
    email = serializers.CharField()
    memberships = MembershipOut(many=True)
    token_scope = serializers.ChoiceField(choices=Token.Scope.choices, allow_null=True)
    token_datasets = serializers.ListField(
        child=serializers.CharField(), help_text="The only datasets the token reaches; empty: all."
    )


class OrganisationOut(serializers.ModelSerializer[Organisation]):
    """An organisation one is a member of."""

    class Meta:
        model = Organisation
        fields = ("uid", "name", "title", "kind", "created_at")
        read_only_fields = fields


class OrganisationNew(serializers.Serializer[Any]):
    """What an organisation begins with."""

    name = serializers.CharField(max_length=96)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=Organisation.Kind.choices, required=False)


class MemberOut(serializers.Serializer[Membership]):
    """One role of one member."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(choices=[role.value for role in Role])
    since = serializers.DateTimeField(source="created_at")


class MemberRole(serializers.Serializer[Any]):
    """A role to give or take."""

    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=[role.value for role in Role])


class TokenOut(serializers.Serializer[Token]):
    """A token, without the secret."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    scope = serializers.ChoiceField(choices=Token.Scope.choices)
    datasets = serializers.ListField(
        child=serializers.CharField(), help_text="The only datasets it reaches; empty: all."
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class TokenNew(serializers.Serializer[Any]):
    """What a token is for, how far it reaches and until when."""

    name = serializers.CharField(max_length=100)
    scope = serializers.ChoiceField(choices=Token.Scope.choices, required=False)
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    datasets = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=100,
        required=False,
        help_text="`organisation/name` of the only datasets it reaches. Without: all one's own.",
    )


class TokenShownOnce(TokenOut):
    """A token just made; `token` is the secret, and is never shown again."""

    token = serializers.CharField()
