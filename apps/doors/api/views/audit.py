"""The audit log for auditors, and what of it is about a dataset for those who work on it."""

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation, require_permission
from apps.audit.models import AuditEvent
from apps.datasets.access import fetch_draft
from apps.doors.api.base import ApiView
from apps.doors.api.shapes import audit as shapes
from datasets_catalog.roles import Permission


class AuditEvents(ApiView):
    resource = "audit"

    @extend_schema(parameters=[shapes.AuditQuery], responses=shapes.AuditEventOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List what happened in the organisation, newest first; for those who may read the log."""
        row = fetch_organisation(self.user, organisation)
        require_permission(self.user, Permission.AUDIT_READ, row)
        events = AuditEvent.objects.filter(organisation=row.name, **self.query(shapes.AuditQuery))
        return self.page(events, shapes.AuditEventOut, ("-sequence",))


class DatasetActivity(ApiView):
    resource = "audit"

    @extend_schema(responses=shapes.AuditEventOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List what happened to the dataset and its releases, newest first; for its members."""
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        full_name = dataset.full_name
        # Releases are written down as the dataset's name and the version.
        about = Q(subject=full_name) | Q(subject__startswith=f"{full_name} ")
        events = AuditEvent.objects.filter(about, organisation=dataset.organisation.name)
        return self.page(events, shapes.AuditEventOut, ("-sequence",))
