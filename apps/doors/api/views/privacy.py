"""Scans, findings and decisions."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets.access import fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import privacy as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.review.access import (
    fetch_finding,
    filter_findings_of_kind,
    filter_open_findings,
    list_visible_findings,
)
from apps.review.actions import decide_finding, start_scan
from datasets_catalog.roles import Permission


class Scans(ApiView):
    resource = "privacy"
    pagination_class = None

    @extend_schema(request=None, responses={202: JobOut(many=True)})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Scan the draft; what was scanned already is not scanned again. Follow the jobs."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.FINDING_VIEW
        )
        jobs = start_scan(actor=self.user, dataset=dataset)
        return Response(JobOut(jobs, many=True).data, status=202)


class Findings(ApiView):
    resource = "privacy"

    @extend_schema(parameters=[shapes.FindingQuery], responses=shapes.FindingOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List what detectors found in the draft, oldest first."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.FINDING_VIEW
        )
        wanted = self.query(shapes.FindingQuery)
        rows = list_visible_findings(self.user, dataset).select_related("decision__decided_by")
        if wanted["open"]:
            rows = filter_open_findings(rows)
        if "kind" in wanted:
            rows = filter_findings_of_kind(rows, wanted["kind"])
        if "clip" in wanted:
            rows = rows.filter(clip__uid=wanted["clip"])
        return self.page(rows, shapes.FindingOut, ("id",))


class OneFinding(ApiView):
    resource = "privacy"

    @extend_schema(responses=shapes.FindingOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show one finding."""
        return Response(shapes.FindingOut(fetch_finding(self.user, str(uid))).data)


class FindingDecision(ApiView):
    resource = "privacy"

    @extend_schema(request=shapes.DecisionNew, responses={201: shapes.DecisionOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Clear the finding, redact it, or exclude its clip; once and for all."""
        finding = fetch_finding(self.user, str(uid))
        made = decide_finding(actor=self.user, finding=finding, **self.body(shapes.DecisionNew))
        return Response(shapes.DecisionOut(made).data, status=201)
