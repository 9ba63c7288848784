"""Asking for datasets, letting people in, and what was taken."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.access import (
    fetch_request,
    list_held_entitlements,
    list_own_requests,
    list_requests_to_answer,
    list_visible_entitlements,
    list_visible_requests,
)
from apps.access.actions import (
    cancel_request,
    grant_access,
    grant_request,
    refuse_request,
    request_access,
    revoke_access,
)
from apps.access.grants import Agreement
from apps.access.receipts import list_visible_receipts, list_visible_refusals
from apps.accounts.access import find_holder
from apps.accounts.models import Token
from apps.datasets.access import fetch_dataset, fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import access as shapes
from datasets_catalog.roles import Permission


class AccessRequests(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.AccessRequestOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List requests for the dataset: all for those who answer them, else one's own."""
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        rows = list_visible_requests(request.user, dataset).select_related(
            "dataset__organisation", "user", "answered_by"
        )
        return self.page(rows, shapes.AccessRequestOut, ("-id",))

    @extend_schema(request=shapes.AccessRequestNew, responses={201: shapes.AccessRequestOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Ask for the dataset; one request of a person waits at a time.

        The answer may be yes at once, where the dataset grants complete requests by rule.
        """
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        body = self.body(shapes.AccessRequestNew)
        row = request_access(actor=self.user, dataset=dataset, **body)
        return Response(shapes.AccessRequestOut(row).data, status=201)


class OneAccessRequest(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.AccessRequestOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show one request, one's own or one to answer."""
        return Response(shapes.AccessRequestOut(fetch_request(self.user, uid)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: UUID) -> Response:
        """Take one's own request back."""
        cancel_request(actor=self.user, request=fetch_request(self.user, uid))
        return Response(status=204)


class AccessRequestGrant(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.Grant, responses={200: shapes.AccessRequestOut})
    def post(self, request: Request, uid: UUID) -> Response:
        """Say yes to a request."""
        row = grant_request(
            actor=self.user, request=fetch_request(self.user, uid), **self.body(shapes.Grant)
        )
        return Response(shapes.AccessRequestOut(row).data)


class AccessRequestRefusal(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.Refusal, responses={200: shapes.AccessRequestOut})
    def post(self, request: Request, uid: UUID) -> Response:
        """Say no to a request, and why."""
        row = refuse_request(
            actor=self.user, request=fetch_request(self.user, uid), **self.body(shapes.Refusal)
        )
        return Response(shapes.AccessRequestOut(row).data)


class MyAccessRequests(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.AccessRequestOut(many=True))
    def get(self, request: Request) -> Response:
        """List one's own requests for all datasets, newest first."""
        return self.page(list_own_requests(self.user), shapes.AccessRequestOut, ("-id",))


class AccessRequestsToAnswer(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.AccessRequestOut(many=True))
    def get(self, request: Request) -> Response:
        """List what waits for one's answer, oldest first."""
        rows = list_requests_to_answer(self.user).select_related("answered_by").order_by("id")
        return self.page(rows, shapes.AccessRequestOut, ("id",))


class MyEntitlements(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.EntitlementOut(many=True))
    def get(self, request: Request) -> Response:
        """List what one may take, or might once, by oneself or through an organisation."""
        return self.page(list_held_entitlements(self.user), shapes.EntitlementOut, ("-id",))


class Entitlements(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.EntitlementOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List everybody who was let in, past and present."""
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        return self.page(
            list_visible_entitlements(self.user, dataset), shapes.EntitlementOut, ("-id",)
        )

    @extend_schema(request=shapes.EntitlementNew, responses={201: shapes.EntitlementOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Let a person or an organisation take every release of the dataset."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.ACCESS_GRANT
        )
        wanted = self.body(shapes.EntitlementNew)
        holder = find_holder(
            username=wanted.pop("username", None), organisation=wanted.pop("organisation", None)
        )
        signed = {"name": wanted.pop("agreement", ""), "seats": wanted.pop("seats", None)}
        agreement = Agreement(**signed) if any(signed.values()) else None
        row = grant_access(
            actor=self.user, dataset=dataset, holder=holder, agreement=agreement, **wanted
        )
        return Response(shapes.EntitlementOut(row).data, status=201)


class EntitlementRevocations(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.Holder, responses={200: shapes.Revoked})
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """End every grant of a person or an organisation now."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.ACCESS_GRANT
        )
        holder = find_holder(**self.body(shapes.Holder))
        revoked = revoke_access(actor=self.user, dataset=dataset, holder=holder)
        return Response(shapes.Revoked({"revoked": revoked}).data)


class Receipts(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.ReceiptOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List what was taken of the dataset, newest first; for those who let people in."""
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        return self.page(list_visible_receipts(self.user, dataset), shapes.ReceiptOut, ("-id",))


class Refusals(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.RefusalOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Count who was refused the dataset and why, newest first; for those who let people in."""
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        return self.page(list_visible_refusals(self.user, dataset), shapes.RefusalOut, ("-id",))
