"""Releases: make one, lead it through its states, look at it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.access import list_open_releases, open_release
from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.accounts.access import has_permission, require_permission
from apps.accounts.models import Token
from apps.datasets.access import fetch_dataset, fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.schema import PREFER
from apps.doors.api.shapes import releases as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.publishing.release_publication import publish_release_here, start_publishing
from apps.releases.access import list_visible_releases
from apps.releases.actions import (
    create_release,
    deprecate_release,
    recheck_release,
    reopen_release,
    sign_off_release,
    submit_release,
)
from apps.releases.diff import diff_releases
from apps.releases.lapses import list_visible_lapses
from apps.releases.models import GateResult, Release, SignOff
from apps.releases.release_jobs import start_dry_run, start_freeze, start_submission
from datasets_catalog.purposes import Purpose
from datasets_catalog.roles import Permission

STEPPED = {200: shapes.ReleaseFull, 202: JobOut}


class ReleaseView(ApiView):
    """What all addresses of a release share."""

    resource = "releases"
    public = True

    def open_named_release(self, action: Action = Action.VIEW) -> Release:
        """Fetch the release of the address, for one action."""
        name = f"{self.kwargs['organisation']}/{self.kwargs['name']}"
        return open_release(self.request.user, name, self.kwargs["version"], action).release

    def open_for_work(self) -> Release:
        """Fetch the release for somebody who works on its dataset."""
        release = self.open_named_release()
        require_permission(self.request.user, Permission.DATASET_VIEW, release.dataset.organisation)
        return release


class Releases(ApiView):
    resource = "releases"
    public = True

    @extend_schema(responses=shapes.ReleaseOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List releases, newest first; those not given out yet for members alone."""
        full_name = f"{organisation}/{name}"
        opened = list_open_releases(request.user, full_name, Action.VIEW)
        dataset = opened[0].dataset if opened else fetch_dataset(request.user, full_name)
        rows = list_visible_releases(request.user, dataset).defer("statistics")
        return self.page(rows, shapes.ReleaseOut, ("-order",))

    @extend_schema(request=shapes.ReleaseNew, responses={201: shapes.ReleaseFull})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Make a release to be; freeze it next."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.RELEASE_PREPARE
        )
        row = create_release(actor=self.user, dataset=dataset, **self.body(shapes.ReleaseNew))
        return Response(shapes.ReleaseFull(row).data, status=201)


class ReleaseLapses(ReleaseView):
    @extend_schema(responses=shapes.LapseOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List clips that close the release to readers, for those who work on it.

        Who is in them is told to those who may see consents.
        """
        release = self.open_for_work()
        sees = has_permission(request.user, Permission.CONSENT_VIEW, release.dataset.organisation)
        rows = list_visible_lapses(request.user, release)
        return self.page(rows, shapes.LapseOut, ("id",), {"sees_people": sees})


class ReleaseDryRuns(ApiView):
    resource = "releases"

    @extend_schema(request=shapes.DryRunNew, responses={202: JobOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Try a release of the draft: what it would hold and what fails, in the job's result."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.RELEASE_PREPARE
        )
        job = start_dry_run(actor=self.user, dataset=dataset, **self.body(shapes.DryRunNew))
        return Response(JobOut(job).data, status=202)


class OneRelease(ReleaseView):
    @extend_schema(responses=shapes.ReleaseFull)
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Show one release with what was counted in it."""
        return Response(shapes.ReleaseFull(self.open_named_release()).data)


class ReleaseFreeze(ReleaseView):
    @extend_schema(request=None, responses={202: JobOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Scan what is not scanned yet and fix the draft as it is; follow the job."""
        job = start_freeze(actor=self.user, release=self.open_named_release())
        return Response(JobOut(job).data, status=202)


class ReleaseGates(ReleaseView):
    pagination_class = None

    @extend_schema(responses=shapes.GateOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List what the gates said of the release's root, for those who work on it."""
        release = self.open_for_work()
        rows = GateResult.objects.filter(release=release, root=release.root)
        return Response(shapes.GateOut(rows, many=True).data)

    @extend_schema(request=None, responses={200: shapes.GateOut(many=True)})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Ask every gate again."""
        results = recheck_release(actor=self.user, release=self.open_named_release())
        return Response(shapes.GateOut(results, many=True).data)


class ReleaseSubmission(ReleaseView):
    @extend_schema(parameters=[PREFER], request=None, responses=STEPPED)
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Hand the frozen release to its reviewers, if every blocking gate passes."""
        release = self.open_named_release()
        if self.wants_job:
            job = start_submission(actor=self.user, release=release)
            return Response(JobOut(job).data, status=202)
        return Response(shapes.ReleaseFull(submit_release(actor=self.user, release=release)).data)


class ReleaseSignOffs(ReleaseView):
    pagination_class = None
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.SignOffOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List who answered for what of the release's root."""
        release = self.open_for_work()
        rows = SignOff.objects.filter(release=release, root=release.root)
        return Response(shapes.SignOffOut(rows.select_related("signed_by"), many=True).data)

    @extend_schema(request=shapes.SignOffNew, responses={200: shapes.ReleaseFull})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Answer for one part of the root; with both parts and all gates it is approved."""
        row = sign_off_release(
            actor=self.user, release=self.open_named_release(), **self.body(shapes.SignOffNew)
        )
        return Response(shapes.ReleaseFull(row).data)


class ReleasePublication(ReleaseView):
    write_scope = Token.Scope.ADMIN

    @extend_schema(parameters=[PREFER], request=None, responses=STEPPED)
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Write the version and let it out; published again, it is answered as it is."""
        release = self.open_named_release()
        if self.wants_job:
            job = start_publishing(actor=self.user, release=release)
            return Response(JobOut(job).data, status=202)
        row = publish_release_here(actor=self.user, release=release)
        return Response(shapes.ReleaseFull(row).data)


class ReleaseReopening(ReleaseView):
    @extend_schema(request=shapes.ReopeningReason, responses={200: shapes.ReleaseFull})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Take an unpublished release back to draft; its sign-offs are void."""
        reason = self.body(shapes.ReopeningReason).get("reason", "")
        row = reopen_release(actor=self.user, release=self.open_named_release(), reason=reason)
        return Response(shapes.ReleaseFull(row).data)


class ReleaseDeprecation(ReleaseView):
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.DeprecationReason, responses={200: shapes.ReleaseFull})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Keep a published release readable and say that it should no longer be used."""
        row = deprecate_release(
            actor=self.user,
            release=self.open_named_release(),
            **self.body(shapes.DeprecationReason),
        )
        return Response(shapes.ReleaseFull(row).data)


class ReleaseDiff(ReleaseView):
    @extend_schema(parameters=[shapes.DiffQuery], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Compare with an earlier release: clips, hours per class, onsets, licence, people."""
        after = self.open_named_release(Action.LIST)
        since = self.query(shapes.DiffQuery)["since"]
        full_name = f"{organisation}/{name}"
        before = open_release(request.user, full_name, since, Action.LIST).release
        found: dict[str, Any] = diff_releases(before, after).as_json()
        return Response(found)


class ReleaseAuthorization(ReleaseView):
    @extend_schema(parameters=[shapes.AuthorizationQuery], responses=shapes.AuthorizationOut)
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Say whether one may do something with the release, and what to do if not."""
        wanted = self.query(shapes.AuthorizationQuery)
        purpose = Purpose(wanted["purpose"]) if "purpose" in wanted else None
        answer = authorize_action(
            request.user, self.open_named_release(), Action(wanted["action"]), purpose
        )
        return Response(shapes.AuthorizationOut(answer).data)
