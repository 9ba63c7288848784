"""Targets outside, and releases on their way there."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation
from apps.accounts.models import Token
from apps.datasets.access import fetch_draft
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.schema import PREFER
from apps.doors.api.shapes import publishing as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.doors.api.views.releases import ReleaseView
from apps.publishing.access import fetch_target, list_visible_publications, list_visible_targets
from apps.publishing.actions import (
    TargetSettings,
    check_target,
    plan_publication,
    save_target,
    start_plan,
    start_publication,
)


class Targets(ApiView):
    resource = "publishing"

    @extend_schema(responses=shapes.TargetOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List where the organisation's releases can be sent."""
        rows = list_visible_targets(self.user, fetch_organisation(self.user, organisation))
        return self.page(rows, shapes.TargetOut, ("name",))


class OneTarget(ApiView):
    resource = "publishing"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.TargetOut)
    def get(self, request: Request, organisation: str, target: str) -> Response:
        """Show one target, without its token."""
        row = fetch_target(self.user, fetch_organisation(self.user, organisation), target)
        return Response(shapes.TargetOut(row).data)

    @extend_schema(request=shapes.TargetSettings, responses={200: shapes.TargetOut})
    def put(self, request: Request, organisation: str, target: str) -> Response:
        """Make the target, or change it."""
        row = save_target(
            actor=self.user,
            organisation=fetch_organisation(self.user, organisation),
            name=target,
            settings=TargetSettings(**self.body(shapes.TargetSettings)),
        )
        return Response(shapes.TargetOut(row).data)


class TargetCheck(ApiView):
    resource = "publishing"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=None, responses={200: shapes.TokenHolder})
    def post(self, request: Request, organisation: str, target: str) -> Response:
        """Ask the hub whose token the target has."""
        row = fetch_target(self.user, fetch_organisation(self.user, organisation), target)
        holder = check_target(actor=self.user, target=row)
        return Response(shapes.TokenHolder({"holder": holder}).data)


class Publications(ApiView):
    resource = "publishing"

    @extend_schema(responses=shapes.PublicationOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List where the dataset's releases were sent, and how far each has come."""
        dataset = fetch_draft(self.user, f"{organisation}/{name}")
        return self.page(
            list_visible_publications(self.user, dataset), shapes.PublicationOut, ("-id",)
        )


class ReleasePublications(ReleaseView):
    resource = "publishing"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.Destination, responses={202: shapes.Started})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Send the release to a target, or go on where an earlier attempt stopped."""
        release = self.open_for_work()
        wanted = self.body(shapes.Destination)["target"]
        target = fetch_target(self.user, release.dataset.organisation, wanted)
        publication, job = start_publication(actor=self.user, release=release, target=target)
        started = shapes.Started({"publication": publication, "job": job})
        return Response(started.data, status=202)


class ReleasePublicationPlan(ReleaseView):
    resource = "publishing"
    write_scope = Token.Scope.ADMIN

    @extend_schema(
        parameters=[PREFER],
        request=shapes.Destination,
        responses={200: shapes.PlanOut, 202: JobOut},
    )
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Say what sending the release would do: what goes out, where, how many bytes."""
        release = self.open_for_work()
        wanted = self.body(shapes.Destination)["target"]
        target = fetch_target(self.user, release.dataset.organisation, wanted)
        if self.wants_job:
            job = start_plan(actor=self.user, release=release, target=target)
            return Response(JobOut(job).data, status=202)
        plan = plan_publication(actor=self.user, release=release, target=target)
        return Response(shapes.PlanOut(plan).data)
