"""Long work: look, follow, cancel."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.doors.api.base import ApiView
from apps.doors.api.shapes import jobs as shapes
from apps.jobs.access import fetch_job, list_visible_jobs
from apps.jobs.actions import cancel_job


class Jobs(ApiView):
    resource = "jobs"

    @extend_schema(parameters=[shapes.JobQuery], responses=shapes.JobOut(many=True))
    def get(self, request: Request) -> Response:
        """List one's own jobs and those of one's organisations, newest first."""
        rows = list_visible_jobs(self.user).filter(**self.query(shapes.JobQuery))
        return self.page(rows.select_related("created_by"), shapes.JobOut, ("-id",))


class OneJob(ApiView):
    resource = "jobs"

    @extend_schema(responses=shapes.JobOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show one job with its progress, and its result when it is over."""
        return Response(shapes.JobOut(fetch_job(self.user, str(uid))).data)


class JobCancellation(ApiView):
    resource = "jobs"

    @extend_schema(request=None, responses={200: shapes.JobOut})
    def post(self, request: Request, uid: UUID) -> Response:
        """Ask a job to stop; a running one stops at its next report."""
        row = cancel_job(actor=self.user, job=fetch_job(self.user, str(uid)))
        return Response(shapes.JobOut(row).data)
