"""Letting more people take what was released: proposed by one, decided on by another."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.access_changes import (
    cancel_access_change,
    confirm_access_change,
    fetch_access_change,
    list_visible_access_changes,
    propose_access_change,
    refuse_access_change,
)
from apps.access.models import AccessChange
from apps.accounts.models import Token
from apps.datasets.access import fetch_dataset_to_edit, fetch_draft
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import access as shapes
from datasets_catalog.roles import Permission


class AccessChanges(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.AccessChangeOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List proposals to let more people take the dataset, for those who work on it."""
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        return self.page(
            list_visible_access_changes(self.user, dataset), shapes.AccessChangeOut, ("-id",)
        )

    @extend_schema(request=shapes.AccessChangeNew, responses={201: shapes.AccessChangeOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Propose to let more people take what was released; another person decides."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.DATASET_EDIT
        )
        body = self.body(shapes.AccessChangeNew)
        reason = body.pop("reason")
        row = propose_access_change(actor=self.user, dataset=dataset, changes=body, reason=reason)
        return Response(shapes.AccessChangeOut(row).data, status=201)


class _Decision(ApiView):
    """What the three steps on a proposal share."""

    resource = "access"
    write_scope = Token.Scope.ADMIN

    def change(self, organisation: str, name: str, uid: UUID) -> AccessChange:
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        return fetch_access_change(self.user, dataset, uid)


class AccessChangeConfirmation(_Decision):
    @extend_schema(request=None, responses={200: shapes.AccessChangeOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Carry the proposal out, as another person than who made it."""
        row = self.change(organisation, name, uid)
        row = confirm_access_change(actor=self.user, change=row)
        return Response(shapes.AccessChangeOut(row).data)


class AccessChangeRefusal(_Decision):
    @extend_schema(request=shapes.Refusal, responses={200: shapes.AccessChangeOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Leave the access as it is, and say why."""
        row = self.change(organisation, name, uid)
        row = refuse_access_change(actor=self.user, change=row, **self.body(shapes.Refusal))
        return Response(shapes.AccessChangeOut(row).data)


class AccessChangeCancellation(_Decision):
    @extend_schema(request=None, responses={200: shapes.AccessChangeOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Take one's own proposal back."""
        row = self.change(organisation, name, uid)
        row = cancel_access_change(actor=self.user, change=row)
        return Response(shapes.AccessChangeOut(row).data)
