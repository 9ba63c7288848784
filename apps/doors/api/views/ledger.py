"""The ledger beyond tables: forms and what they ask about, corrections, minors."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation, require_permission
from apps.consent.ages import mark_of_age, record_minor
from apps.consent.consent_corrections import correct_consent
from apps.consent.forms import (
    bind_form,
    fetch_form,
    find_reach,
    list_organisation_forms,
    register_form,
    release_form,
)
from apps.consent.ledger import fetch_consent_row
from apps.consent.models import ConsentForm
from apps.datasets.access import fetch_dataset
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import ledger as shapes
from apps.doors.api.shapes.rights import ConsentOut
from datasets_catalog.roles import Permission


class ConsentForms(ApiView):
    resource = "consent"

    @extend_schema(responses=shapes.FormOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the forms of consent with what each asks about."""
        row = fetch_organisation(self.user, organisation)
        require_permission(self.user, Permission.CONSENT_VIEW, row)
        return self.page(list_organisation_forms(row), shapes.FormOut, ("id",))

    @extend_schema(request=shapes.FormNew, responses={201: shapes.FormOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str) -> Response:
        """Put a form on record before it is answered; the same again changes nothing."""
        row = fetch_organisation(self.user, organisation)
        require_permission(self.user, Permission.CONSENT_RECORD, row)
        body = self.body(shapes.FormNew)
        names = body.pop("datasets")
        datasets = [fetch_dataset(self.user, f"{organisation}/{name}") for name in names]
        form = register_form(actor=self.user, organisation=row, datasets=datasets, **body)
        return Response(shapes.FormOut(_reload_form(form)).data, status=201)


class FormReaches(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.ReachNew, responses={201: shapes.FormOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Say that a form asks about a dataset, or about one recording of it.

        Once it was answered: by a reviewer who recorded none of its answers, with a reason.
        """
        form = fetch_form(self.user, fetch_organisation(self.user, organisation), uid)
        body = self.body(shapes.ReachNew)
        dataset = fetch_dataset(self.user, f"{organisation}/{body.pop('dataset')}")
        bind_form(actor=self.user, form=form, dataset=dataset, **body)
        return Response(shapes.FormOut(_reload_form(form)).data, status=201)


class FormReachEnd(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.ReachNew, responses={200: shapes.FormOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Say that a form does not ask about it after all: its answers end counting there."""
        form = fetch_form(self.user, fetch_organisation(self.user, organisation), uid)
        body = self.body(shapes.ReachNew)
        dataset = fetch_dataset(self.user, f"{organisation}/{body['dataset']}")
        reach = find_reach(form, dataset, body["recording"])
        release_form(actor=self.user, reach=reach, reason=body["reason"])
        return Response(shapes.FormOut(_reload_form(form)).data)


class ConsentCorrections(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.CorrectionNew, responses={201: ConsentOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Put a record in the place of a wrong one, which stays and counts no more.

        What may permit more than the wrong one did needs `evidence_sha256`.
        """
        row = fetch_organisation(self.user, organisation)
        wrong = fetch_consent_row(self.user, row, str(uid))
        body = self.body(shapes.CorrectionNew)
        entry = shapes.build_entry(wrong.contributor.code, body)
        right = correct_consent(actor=self.user, consent=wrong, entry=entry, reason=body["reason"])
        return Response(ConsentOut(right).data, status=201)


class Minors(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.MinorNew, responses={201: shapes.AgeOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str) -> Response:
        """Note that a contributor is, or was, under age, and up to which day."""
        body = self.body(shapes.MinorNew)
        row = record_minor(
            actor=self.user,
            organisation=fetch_organisation(self.user, organisation),
            code=body.pop("contributor"),
            **body,
        )
        return Response(shapes.AgeOut(row).data, status=201)


class Majorities(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.MajorityNew, responses={201: shapes.AgeOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str) -> Response:
        """Note that a minor is of age from today on, with the evidence of it."""
        body = self.body(shapes.MajorityNew)
        row = mark_of_age(
            actor=self.user,
            organisation=fetch_organisation(self.user, organisation),
            code=body["contributor"],
            reason=body["reason"],
            evidence_sha256=body["evidence_sha256"],
        )
        return Response(shapes.AgeOut(row).data, status=201)


def _reload_form(form: ConsentForm) -> ConsentForm:
    return list_organisation_forms(form.organisation).get(pk=form.pk)
