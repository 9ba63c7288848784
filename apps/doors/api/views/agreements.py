"""Terms of access, organisations' agreements with their seats, and notices."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.access_terms import accept_terms, list_terms, save_terms
from apps.access.agreements import (
    fetch_agreement,
    give_seat,
    list_seats,
    list_visible_agreements,
    set_seats,
    take_seat,
)
from apps.access.notices import list_own_notices, mark_read
from apps.accounts.access import fetch_organisation, require_unlimited
from apps.accounts.models import Token
from apps.datasets.access import fetch_dataset, fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import access as shapes
from datasets_catalog.roles import Permission


class AccessTermsList(ApiView):
    resource = "access"
    public = True
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.AccessTermsOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the versions of the terms under which the dataset is taken, newest first."""
        dataset = fetch_dataset(request.user, f"{organisation}/{name}")
        return self.page(list_terms(dataset), shapes.AccessTermsOut, ("-version",))

    @extend_schema(request=shapes.AccessTermsNew, responses={201: shapes.AccessTermsOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Write a new version of the terms; the same text again changes nothing."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.ACCESS_GRANT
        )
        row = save_terms(actor=self.user, dataset=dataset, **self.body(shapes.AccessTermsNew))
        return Response(shapes.AccessTermsOut(row).data, status=201)


class AccessTermsAcceptances(ApiView):
    resource = "access"

    @extend_schema(request=shapes.TermsAccepted, responses={201: shapes.AcceptanceOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Accept the current terms, and be let in where that is all it takes."""
        dataset = fetch_dataset(self.user, f"{organisation}/{name}")
        body = self.body(shapes.TermsAccepted)
        named = body.pop("organisation", None)
        holder = fetch_organisation(self.user, named) if named else None
        row = accept_terms(actor=self.user, dataset=dataset, organisation=holder, **body)
        return Response(shapes.AcceptanceOut(row).data, status=201)


class Agreements(ApiView):
    resource = "organisations"

    @extend_schema(responses=shapes.AgreementOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List what the organisation was granted, past and present; for its members."""
        row = fetch_organisation(self.user, organisation)
        return self.page(list_visible_agreements(self.user, row), shapes.AgreementOut, ("-id",))


class OneAgreement(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.AgreementOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show what an organisation was granted; for its members and the granter."""
        require_unlimited(self.user)
        return Response(shapes.AgreementOut(fetch_agreement(self.user, uid)).data)

    @extend_schema(request=shapes.Seats, responses=shapes.AgreementOut)
    def patch(self, request: Request, uid: UUID) -> Response:
        """Change how many seats there are; the granter does."""
        require_unlimited(self.user)
        set_seats(
            actor=self.user, agreement=fetch_agreement(self.user, uid), **self.body(shapes.Seats)
        )
        return Response(shapes.AgreementOut(fetch_agreement(self.user, uid)).data)


class Seats(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.SeatOut(many=True))
    def get(self, request: Request, uid: UUID) -> Response:
        """List who has a seat; for members of the organisation and the granter."""
        require_unlimited(self.user)
        rows = list_seats(fetch_agreement(self.user, uid))
        return self.page(rows, shapes.SeatOut, ("id",))

    @extend_schema(request=shapes.SeatNew, responses={201: shapes.SeatOut})
    def post(self, request: Request, uid: UUID) -> Response:
        """Give a member of the organisation a seat; giving it twice changes nothing."""
        seat = give_seat(
            actor=self.user, agreement=fetch_agreement(self.user, uid), **self.body(shapes.SeatNew)
        )
        return Response(shapes.SeatOut(seat).data, status=201)


class OneSeat(ApiView):
    resource = "access"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: UUID, username: str) -> Response:
        """Take a seat back."""
        take_seat(actor=self.user, agreement=fetch_agreement(self.user, uid), username=username)
        return Response(status=204)


class Notices(ApiView):
    resource = "access"

    @extend_schema(responses=shapes.NoticeOut(many=True))
    def get(self, request: Request) -> Response:
        """List what one should know about one's access, newest first."""
        return self.page(list_own_notices(self.user), shapes.NoticeOut, ("-id",))


class NoticesRead(ApiView):
    resource = "access"

    @extend_schema(request=None, responses={200: shapes.NoticesRead})
    def post(self, request: Request) -> Response:
        """Mark every notice as read."""
        return Response(shapes.NoticesRead({"read": mark_read(actor=self.user)}).data)
