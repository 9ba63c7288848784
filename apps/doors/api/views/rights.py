"""Who allowed what, an organisation's own terms, and what both mean for a draft."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation, require_permission
from apps.consent.ledger import list_visible_contributors
from apps.consent.models import Participation
from apps.datasets.access import fetch_clip, fetch_dataset_to_edit, fetch_draft
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import rights as shapes
from apps.licensing.actions import record_terms
from apps.licensing.models import Terms
from apps.releases.forecasts import forecast_consent, forecast_licence
from datasets_catalog.licences import Use
from datasets_catalog.roles import Permission


class Contributors(ApiView):
    resource = "consent"

    @extend_schema(parameters=[shapes.ContributorQuery], responses=shapes.ContributorOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the organisation's contributors by code."""
        rows = list_visible_contributors(self.user, fetch_organisation(self.user, organisation))
        words = self.query(shapes.ContributorQuery).get("q", "")
        return self.page(rows.filter(code__icontains=words), shapes.ContributorOut, ("code",))


class Participations(ApiView):
    resource = "consent"
    pagination_class = None

    @extend_schema(responses=shapes.ParticipationOut(many=True))
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """List who can be heard or seen in a clip, by code."""
        clip = fetch_clip(request.user, f"{organisation}/{name}", uid)
        require_permission(self.user, Permission.CONSENT_VIEW, clip.dataset.organisation)
        rows = Participation.objects.filter(clip=clip).select_related("contributor")
        found = shapes.ParticipationOut(rows.order_by("contributor__code"), many=True)
        return Response(found.data)


class OwnTerms(ApiView):
    resource = "licences"

    @extend_schema(responses=shapes.TermsOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the organisation's own terms."""
        rows = Terms.objects.filter(organisation=fetch_organisation(self.user, organisation))
        return self.page(rows, shapes.TermsOut, ("licence",))

    @extend_schema(request=shapes.TermsNew, responses={201: shapes.TermsOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str) -> Response:
        """Record the text of a `LicenseRef-…` and what it allows."""
        row = record_terms(
            actor=self.user,
            organisation=fetch_organisation(self.user, organisation),
            **self.body(shapes.TermsNew),
        )
        return Response(shapes.TermsOut(row).data, status=201)


class DraftLicence(ApiView):
    resource = "licences"

    @extend_schema(parameters=[shapes.LicenceQuery], responses=shapes.LicenceReport)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Say under which licence the draft could go out, and the fewest clips to drop if not."""
        dataset = fetch_draft(request.user, f"{organisation}/{name}")
        wanted = self.query(shapes.LicenceQuery)
        use = Use(wanted["use"]) if "use" in wanted else None
        outlook = forecast_licence(dataset, use=use, wanted=wanted.get("wanted"))
        report = shapes.LicenceReport(outlook.outbound, context={"outlook": outlook})
        return Response(report.data)


class DraftCoverage(ApiView):
    resource = "consent"

    @extend_schema(parameters=[shapes.CoverageQuery], responses=shapes.CoverageOut)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Say how far consent covers the draft for all these purposes, and what is not covered."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.CONSENT_VIEW
        )
        wanted = self.query(shapes.CoverageQuery)
        found = forecast_consent(
            dataset, purposes=wanted["purposes"], at=wanted.get("at") or timezone.now()
        )
        return Response(shapes.CoverageOut(found).data)
