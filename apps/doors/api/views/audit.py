"""The audit log, for auditors."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import organisation_for, require
from apps.audit.models import AuditEvent
from apps.doors.api.base import ApiView
from apps.doors.api.shapes import audit as shapes
from datasets_catalog.roles import Permission


class AuditEvents(ApiView):
    resource = "audit"

    @extend_schema(parameters=[shapes.AuditQuery], responses=shapes.AuditEventOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List what happened in the organisation, newest first; for those who may read the log."""
        row = organisation_for(self.user, organisation)
        require(self.user, Permission.AUDIT_READ, row)
        events = AuditEvent.objects.filter(organisation=row.name, **self.query(shapes.AuditQuery))
        return self.page(events, shapes.AuditEventOut, ("-sequence",))
