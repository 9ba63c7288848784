"""Who allowed what, an organisation's own terms, and what both mean for a draft."""

import tempfile
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import organisation_for, require
from apps.consent.ledger import contributors_for
from apps.consent.models import Consent, Participation
from apps.datasets.access import clip_for, dataset_to_edit, draft_for
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import idempotent
from apps.doors.api.shapes import rights as shapes
from apps.doors.api.streams import StreamParser, spooled
from apps.ingest.actions import import_consents
from apps.licensing.actions import record_terms
from apps.licensing.models import Terms
from apps.releases.outlook import consent_outlook, licence_outlook
from datasets_catalog.licences import Use
from datasets_catalog.roles import Permission

TABLE_BYTES = 64 * 1024 * 1024
TABLES = {
    "text/csv": (".csv", OpenApiTypes.STR),
    "application/jsonl": (".jsonl", OpenApiTypes.STR),
    "application/vnd.apache.parquet": (".parquet", OpenApiTypes.BINARY),
}


class Contributors(ApiView):
    resource = "consent"

    @extend_schema(parameters=[shapes.ContributorQuery], responses=shapes.ContributorOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the organisation's contributors by code."""
        rows = contributors_for(self.user, organisation_for(self.user, organisation))
        words = self.query(shapes.ContributorQuery).get("q", "")
        return self.page(rows.filter(code__icontains=words), shapes.ContributorOut, ("code",))


class Consents(ApiView):
    resource = "consent"
    parser_classes = (StreamParser,)

    @extend_schema(parameters=[shapes.ConsentQuery], responses=shapes.ConsentOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List consents in the order they were recorded; nothing in the ledger ever changes."""
        row = organisation_for(self.user, organisation)
        people = contributors_for(self.user, row)
        wanted = self.query(shapes.ConsentQuery)
        if "contributor" in wanted:
            people = people.filter(code=wanted["contributor"])
        rows = Consent.objects.filter(contributor__in=people.values("pk"))
        rows = rows.select_related("contributor", "form", "recorded_by")
        return self.page(rows.prefetch_related("answers"), shapes.ConsentOut, ("id",))

    @extend_schema(
        parameters=[shapes.DryRunQuery],
        request={media_type: kind for media_type, (_, kind) in TABLES.items()},
        responses={200: shapes.ImportOut},
    )
    def post(self, request: Request, organisation: str) -> Response:
        """Record a table of consents: the body is the file, as CSV, JSON Lines or Parquet.

        Rows that are wrong are named and the others recorded; a consent that is known already
        changes nothing.
        """
        row = organisation_for(self.user, organisation)
        require(self.user, Permission.CONSENT_RECORD, row)
        dry_run = self.query(shapes.DryRunQuery)["dry_run"]
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        suffix, _ = TABLES.get(media_type, TABLES["text/csv"])
        with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
            table = spooled(request, Path(folder) / f"consents{suffix}", limit=TABLE_BYTES)
            report = import_consents(
                actor=self.user, organisation=row, table=table, dry_run=dry_run
            )
        return Response(shapes.ImportOut(report.as_json()).data)


class Participations(ApiView):
    resource = "consent"
    pagination_class = None

    @extend_schema(responses=shapes.ParticipationOut(many=True))
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """List who can be heard or seen in a clip, by code."""
        clip = clip_for(request.user, f"{organisation}/{name}", uid)
        require(self.user, Permission.CONSENT_VIEW, clip.dataset.organisation)
        rows = Participation.objects.filter(clip=clip).select_related("contributor")
        found = shapes.ParticipationOut(rows.order_by("contributor__code"), many=True)
        return Response(found.data)


class OwnTerms(ApiView):
    resource = "licences"

    @extend_schema(responses=shapes.TermsOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List the organisation's own terms."""
        rows = Terms.objects.filter(organisation=organisation_for(self.user, organisation))
        return self.page(rows, shapes.TermsOut, ("licence",))

    @extend_schema(request=shapes.TermsNew, responses={201: shapes.TermsOut})
    @idempotent
    def post(self, request: Request, organisation: str) -> Response:
        """Record the text of a `LicenseRef-…` and what it allows."""
        row = record_terms(
            actor=self.user,
            organisation=organisation_for(self.user, organisation),
            **self.body(shapes.TermsNew),
        )
        return Response(shapes.TermsOut(row).data, status=201)


class DraftLicence(ApiView):
    resource = "licences"

    @extend_schema(parameters=[shapes.LicenceQuery], responses=shapes.LicenceReport)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Say under which licence the draft could go out, and the fewest clips to drop if not."""
        dataset = draft_for(request.user, f"{organisation}/{name}")
        wanted = self.query(shapes.LicenceQuery)
        use = Use(wanted["use"]) if "use" in wanted else None
        outlook = licence_outlook(dataset, use=use, wanted=wanted.get("wanted"))
        report = shapes.LicenceReport(outlook.outbound, context={"unreadable": outlook.unreadable})
        return Response(report.data)


class DraftCoverage(ApiView):
    resource = "consent"

    @extend_schema(parameters=[shapes.CoverageQuery], responses=shapes.CoverageOut)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Say how far consent covers the draft for all these purposes, and what is not covered."""
        dataset = dataset_to_edit(self.user, f"{organisation}/{name}", Permission.CONSENT_VIEW)
        wanted = self.query(shapes.CoverageQuery)
        found = consent_outlook(
            dataset, purposes=wanted["purposes"], at=wanted.get("at") or timezone.now()
        )
        return Response(shapes.CoverageOut(found).data)
