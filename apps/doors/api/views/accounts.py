"""Who calls; tokens; organisations and their members."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import actions, tokens
from apps.accounts.access import fetch_organisation, list_visible_organisations
from apps.accounts.models import Membership, Token
from apps.datasets.access import fetch_dataset
from apps.doors.api.authentication import read_token
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import accounts as shapes


class Whoami(ApiView):
    resource = "accounts"

    @extend_schema(responses=shapes.Whoami, operation_id="whoami")
    def get(self, request: Request) -> Response:
        """Tell who the token belongs to, with their roles."""
        token = read_token(request)
        organisations = list_visible_organisations(self.user)
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
        return self.page(tokens.list_own_tokens(self.user), shapes.TokenOut, ("-id",))

    @extend_schema(request=shapes.TokenNew, responses={201: shapes.TokenShownOnce})
    def post(self, request: Request) -> Response:
        """Make a token. The secret is in this answer and nowhere else."""
        body = self.body(shapes.TokenNew)
        for full_name in body.get("datasets", []):
            fetch_dataset(self.user, full_name)
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
        return self.page(list_visible_organisations(self.user), shapes.OrganisationOut, ("name",))

    @extend_schema(request=shapes.OrganisationNew, responses={201: shapes.OrganisationOut})
    @honour_idempotency_key
    def post(self, request: Request) -> Response:
        """Found an organisation; one becomes its owner and steward."""
        row = actions.create_organisation(actor=self.user, **self.body(shapes.OrganisationNew))
        return Response(shapes.OrganisationOut(row).data, status=201)


class OneOrganisation(ApiView):
    resource = "organisations"

    @extend_schema(responses=shapes.OrganisationOut)
    def get(self, request: Request, organisation: str) -> Response:
        """Show one organisation."""
        row = fetch_organisation(self.user, organisation)
        return Response(shapes.OrganisationOut(row).data)


class Members(ApiView):
    resource = "organisations"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.MemberOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """Tell who has which role; visible to members."""
        row = fetch_organisation(self.user, organisation)
        members = Membership.objects.filter(organisation=row).select_related("user")
        return self.page(members, shapes.MemberOut, ("user__username", "role"))

    @extend_schema(request=shapes.MemberRole, responses={200: shapes.MemberOut})
    def post(self, request: Request, organisation: str) -> Response:
        """Give a person a role; giving it twice changes nothing."""
        row = fetch_organisation(self.user, organisation)
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
        row = fetch_organisation(self.user, organisation)
        actions.remove_member(actor=self.user, organisation=row, username=username, role=role)
        return Response(status=204)
