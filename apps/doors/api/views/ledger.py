"""The ledger beyond tables: forms and what they ask about, corrections, minors."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import organisation_for, require
from apps.consent.ages import mark_of_age, record_minor
from apps.consent.correcting import correct_consent
from apps.consent.forms import (
    bind_form,
    form_for,
    forms_of,
    reach_named,
    register_form,
    release_form,
)
from apps.consent.ledger import consent_row_for
from apps.consent.models import ConsentForm
from apps.datasets.access import dataset_for
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import idempotent
from apps.doors.api.shapes import ledger as shapes
from apps.doors.api.shapes.rights import ConsentOut
from datasets_catalog.roles import Permission


class ConsentForms(ApiView):
    resource = "consent"

    @extend_schema(responses=shapes.FormOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the forms of consent with what each asks about."""
        row = organisation_for(self.user, organisation)
        require(self.user, Permission.CONSENT_VIEW, row)
        return self.page(forms_of(row), shapes.FormOut, ("id",))

    @extend_schema(request=shapes.FormNew, responses={201: shapes.FormOut})
    @idempotent
    def post(self, request: Request, organisation: str) -> Response:
        """Put a form on record before it is answered; the same again changes nothing."""
        row = organisation_for(self.user, organisation)
        require(self.user, Permission.CONSENT_RECORD, row)
        body = self.body(shapes.FormNew)
        names = body.pop("datasets")
        datasets = [dataset_for(self.user, f"{organisation}/{name}") for name in names]
        form = register_form(actor=self.user, organisation=row, datasets=datasets, **body)
        return Response(shapes.FormOut(_afresh(form)).data, status=201)


class FormReaches(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.ReachNew, responses={201: shapes.FormOut})
    @idempotent
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Say that a form asks about a dataset, or about one recording of it.

        Once it was answered: by a reviewer who recorded none of its answers, with a reason.
        """
        form = form_for(self.user, organisation_for(self.user, organisation), uid)
        body = self.body(shapes.ReachNew)
        dataset = dataset_for(self.user, f"{organisation}/{body.pop('dataset')}")
        bind_form(actor=self.user, form=form, dataset=dataset, **body)
        return Response(shapes.FormOut(_afresh(form)).data, status=201)


class FormReachEnd(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.ReachNew, responses={200: shapes.FormOut})
    @idempotent
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Say that a form does not ask about it after all: its answers end counting there."""
        form = form_for(self.user, organisation_for(self.user, organisation), uid)
        body = self.body(shapes.ReachNew)
        dataset = dataset_for(self.user, f"{organisation}/{body['dataset']}")
        reach = reach_named(form, dataset, body["recording"])
        release_form(actor=self.user, reach=reach, reason=body["reason"])
        return Response(shapes.FormOut(_afresh(form)).data)


class ConsentCorrections(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.CorrectionNew, responses={201: ConsentOut})
    @idempotent
    def post(self, request: Request, organisation: str, uid: UUID) -> Response:
        """Put a record in the place of a wrong one, which stays and counts no more.

        What may permit more than the wrong one did needs `evidence_sha256`.
        """
        row = organisation_for(self.user, organisation)
        wrong = consent_row_for(self.user, row, str(uid))
        body = self.body(shapes.CorrectionNew)
        entry = shapes.entry_of(wrong.contributor.code, body)
        right = correct_consent(actor=self.user, consent=wrong, entry=entry, reason=body["reason"])
        return Response(ConsentOut(right).data, status=201)


class Minors(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.MinorNew, responses={201: shapes.AgeOut})
    @idempotent
    def post(self, request: Request, organisation: str) -> Response:
        """Note that a contributor is, or was, under age, and up to which day."""
        body = self.body(shapes.MinorNew)
        row = record_minor(
            actor=self.user,
            organisation=organisation_for(self.user, organisation),
            code=body.pop("contributor"),
            **body,
        )
        return Response(shapes.AgeOut(row).data, status=201)


class Majorities(ApiView):
    resource = "consent"

    @extend_schema(request=shapes.MajorityNew, responses={201: shapes.AgeOut})
    @idempotent
    def post(self, request: Request, organisation: str) -> Response:
        """Note that a minor is of age from today on, with the evidence of it."""
        body = self.body(shapes.MajorityNew)
        row = mark_of_age(
            actor=self.user,
            organisation=organisation_for(self.user, organisation),
            code=body["contributor"],
            reason=body["reason"],
            evidence_sha256=body["evidence_sha256"],
        )
        return Response(shapes.AgeOut(row).data, status=201)


def _afresh(form: ConsentForm) -> ConsentForm:
    return forms_of(form.organisation).get(pk=form.pk)
