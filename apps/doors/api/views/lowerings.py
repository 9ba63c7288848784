"""Lowering what a dataset is held to: asked for by one, decided on by a reviewer."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Token
from apps.datasets.access import fetch_dataset_to_edit, fetch_draft
from apps.datasets.bar_lowerings import (
    cancel_lowering,
    confirm_lowering,
    fetch_lowering,
    list_visible_lowerings,
    propose_lowering,
    refuse_lowering,
)
from apps.datasets.models import Lowering
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import datasets as shapes
from datasets_catalog.roles import Permission


class Lowerings(ApiView):
    resource = "datasets"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.LoweringOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List requests to lower what the dataset is held to, for those who work on it."""
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        return self.page(list_visible_lowerings(self.user, dataset), shapes.LoweringOut, ("-id",))

    @extend_schema(request=shapes.LoweringNew, responses={201: shapes.LoweringOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Ask that bars become lower; nothing changes before a reviewer confirmed it."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.DATASET_EDIT
        )
        body = self.body(shapes.LoweringNew)
        reason = body.pop("reason")
        row = propose_lowering(actor=self.user, dataset=dataset, changes=body, reason=reason)
        return Response(shapes.LoweringOut(row).data, status=201)


class _Decision(ApiView):
    """What the three steps on a request share."""

    resource = "datasets"
    write_scope = Token.Scope.ADMIN

    def lowering(self, organisation: str, name: str, uid: UUID) -> Lowering:
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        return fetch_lowering(self.user, dataset, uid)


class LoweringConfirmation(_Decision):
    @extend_schema(request=shapes.LoweringAnswer, responses={200: shapes.LoweringOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Let the bars become lower, as the reviewer for them who did not ask for it."""
        row = self.lowering(organisation, name, uid)
        body = self.body(shapes.LoweringAnswer)
        row = confirm_lowering(actor=self.user, lowering=row, **body)
        return Response(shapes.LoweringOut(row).data)


class LoweringRefusal(_Decision):
    @extend_schema(request=shapes.LoweringAnswer, responses={200: shapes.LoweringOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Leave the bars as they are, and say why."""
        row = self.lowering(organisation, name, uid)
        body = self.body(shapes.LoweringAnswer)
        row = refuse_lowering(actor=self.user, lowering=row, **body)
        return Response(shapes.LoweringOut(row).data)


class LoweringCancellation(_Decision):
    @extend_schema(request=None, responses={200: shapes.LoweringOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Take one's own request back."""
        row = self.lowering(organisation, name, uid)
        return Response(shapes.LoweringOut(cancel_lowering(actor=self.user, lowering=row)).data)
