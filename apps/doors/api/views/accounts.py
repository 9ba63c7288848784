"""Who calls; tokens; organisations and their members."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import actions, tokens
from apps.accounts.access import organisation_for, organisations_for
from apps.accounts.models import Membership, Token
from apps.datasets.access import dataset_for
from apps.doors.api.authentication import token_of
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import idempotent
from apps.doors.api.shapes import accounts as shapes


class Whoami(ApiView):
    resource = "accounts"

    @extend_schema(responses=shapes.Whoami, operation_id="whoami")
    def get(self, request: Request) -> Response:
        """Tell who the token belongs to, with their roles."""
        token = token_of(request)
        organisations = organisations_for(self.user)
        memberships = Membership.objects.filter(user=self.user, organisation__in=organisations)
        memberships = memberships.select_related("organisation")
        answer = {
            "username": self.user.username,
            "email": self.user.email,
            "memberships": memberships.order_by("organisation__name", "role"),
            "token_scope": token.scope if token else None,
            "token_datasets": token.datasets if token else [],
        }
        return Response(shapes.Whoami(answer).data)


class Tokens(ApiView):
    resource = "tokens"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.TokenOut(many=True))
    def get(self, request: Request) -> Response:
        """List one's own tokens, newest first, without their secrets."""
        return self.page(tokens.tokens_for(self.user), shapes.TokenOut, ("-id",))

    @extend_schema(request=shapes.TokenNew, responses={201: shapes.TokenShownOnce})
    def post(self, request: Request) -> Response:
        """Make a token. The secret is in this answer and nowhere else."""
        body = self.body(shapes.TokenNew)
        for full_name in body.get("datasets", []):
            dataset_for(self.user, full_name)
        made = tokens.create_token(actor=self.user, **body)
        shown = {**shapes.TokenOut(made.row).data, "token": made.text}
        return Response(shown, status=201, headers={"Cache-Control": "no-store"})


class OneToken(ApiView):
    resource = "tokens"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke a token at once."""
        tokens.revoke_token(actor=self.user, token_id=token_id)
        return Response(status=204)


class Organisations(ApiView):
    resource = "organisations"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.OrganisationOut(many=True))
    def get(self, request: Request) -> Response:
        """List the organisations one is a member of."""
        return self.page(organisations_for(self.user), shapes.OrganisationOut, ("name",))

    @extend_schema(request=shapes.OrganisationNew, responses={201: shapes.OrganisationOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Found an organisation; one becomes its owner and steward."""
        row = actions.create_organisation(actor=self.user, **self.body(shapes.OrganisationNew))
        return Response(shapes.OrganisationOut(row).data, status=201)


class OneOrganisation(ApiView):
    resource = "organisations"

    @extend_schema(responses=shapes.OrganisationOut)
    def get(self, request: Request, organisation: str) -> Response:
        """Show one organisation."""
        row = organisation_for(self.user, organisation)
        return Response(shapes.OrganisationOut(row).data)


class Members(ApiView):
    resource = "organisations"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.MemberOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """Tell who has which role; visible to members."""
        row = organisation_for(self.user, organisation)
        members = Membership.objects.filter(organisation=row).select_related("user")
        return self.page(members, shapes.MemberOut, ("user__username", "role"))

    @extend_schema(request=shapes.MemberRole, responses={200: shapes.MemberOut})
    def post(self, request: Request, organisation: str) -> Response:
        """Give a person a role; giving it twice changes nothing."""
        row = organisation_for(self.user, organisation)
        member = actions.add_member(
            actor=self.user, organisation=row, **self.body(shapes.MemberRole)
        )
        return Response(shapes.MemberOut(member).data)


class OneMemberRole(ApiView):
    resource = "organisations"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organisation: str, username: str, role: str) -> Response:
        """Take a role away; an organisation keeps at least one owner."""
        row = organisation_for(self.user, organisation)
        actions.remove_member(actor=self.user, organisation=row, username=username, role=role)
        return Response(status=204)
