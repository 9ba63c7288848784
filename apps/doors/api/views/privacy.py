"""Scans, findings and decisions."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets.access import dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import idempotent
from apps.doors.api.shapes import privacy as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.privacy.access import finding_for, findings_for, open_ones
from apps.privacy.actions import decide, start_scan
from datasets_catalog.roles import Permission


class Scans(ApiView):
    resource = "privacy"
    pagination_class = None

    @extend_schema(request=None, responses={202: JobOut(many=True)})
    @idempotent
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Scan the draft; what was scanned already is not scanned again. Follow the jobs."""
        dataset = dataset_to_edit(self.user, f"{organisation}/{name}", Permission.FINDING_VIEW)
        jobs = start_scan(actor=self.user, dataset=dataset)
        return Response(JobOut(jobs, many=True).data, status=202)


class Findings(ApiView):
    resource = "privacy"

    @extend_schema(parameters=[shapes.FindingQuery], responses=shapes.FindingOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List what detectors found in the draft, oldest first."""
        dataset = dataset_to_edit(self.user, f"{organisation}/{name}", Permission.FINDING_VIEW)
        wanted = self.query(shapes.FindingQuery)
        rows = findings_for(self.user, dataset).select_related("decision__decided_by")
        if wanted["open"]:
            rows = open_ones(rows)
        if "kind" in wanted:
            rows = rows.filter(kind=wanted["kind"])
        if "clip" in wanted:
            rows = rows.filter(clip__uid=wanted["clip"])
        return self.page(rows, shapes.FindingOut, ("id",))


class OneFinding(ApiView):
    resource = "privacy"

    @extend_schema(responses=shapes.FindingOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show one finding."""
        return Response(shapes.FindingOut(finding_for(self.user, str(uid))).data)


class FindingDecision(ApiView):
    resource = "privacy"

    @extend_schema(request=shapes.DecisionNew, responses={201: shapes.DecisionOut})
    @idempotent
    def post(self, request: Request, uid: UUID) -> Response:
        """Clear the finding, redact it, or exclude its clip; once and for all."""
        finding = finding_for(self.user, str(uid))
        made = decide(actor=self.user, finding=finding, **self.body(shapes.DecisionNew))
        return Response(shapes.DecisionOut(made).data, status=201)
