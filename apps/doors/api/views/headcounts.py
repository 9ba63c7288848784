"""Counting people in a clip, and pointing somebody out."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import headcounts as shapes
from apps.doors.api.shapes.privacy import FindingOut
from apps.review.actions import count_people, point_out_voice
from apps.review.queue import fetch_review_clip


class CaseHeadcounts(ApiView):
    resource = "review"

    @extend_schema(request=shapes.HeadcountNew, responses={201: shapes.HeadcountOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Say how many people are heard in the clip; a later count takes its place."""
        clip = fetch_review_clip(self.user, uid)
        made = count_people(actor=self.user, clip=clip, **self.body(shapes.HeadcountNew))
        return Response(shapes.HeadcountOut(made).data, status=201)


class CaseFindings(ApiView):
    resource = "review"

    @extend_schema(request=shapes.PointingOutNew, responses={201: FindingOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Point out a voice that no detector reported: it becomes a finding, to be decided on."""
        clip = fetch_review_clip(self.user, uid)
        made = point_out_voice(actor=self.user, clip=clip, **self.body(shapes.PointingOutNew))
        return Response(FindingOut(made).data, status=201)
