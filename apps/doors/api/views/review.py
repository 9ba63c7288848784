"""Cases, batches, second opinions and samples."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.datasets.models import Dataset
from apps.detection.models import Finding
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import review as shapes
from apps.review.access import (
    fetch_finding,
    filter_findings_of_kind,
    filter_open_findings,
    list_visible_findings,
)
from apps.review.actions import (
    NotAwaitingError,
    add_comment,
    answer_changes,
    assign_clips,
    confirm_clearance,
    decide_findings_alike,
    note_time,
    request_changes,
    undo_batch,
    undo_decision,
)
from apps.review.models import Decision
from apps.review.queue import (
    count_progress,
    fetch_batch,
    fetch_change_request,
    fetch_review_case,
    fetch_review_clip,
    list_visible_cases,
)
from apps.review.sampling import (
    SampleProgress,
    draw_sample,
    fetch_sample_clip,
    load_frame,
    load_sample_progress,
    record_hearing,
)
from datasets_catalog.errors import ConflictError, NotFoundError
from datasets_catalog.roles import Permission
from datasets_catalog.sampling import compute_share_left


class CountError(ConflictError):
    """Another number of findings is open than the caller meant to decide on."""

    code = "finding.count_differs"


class ReviewView(ApiView):
    resource = "review"
    pagination_class = None

    def dataset(self, organisation: str, name: str) -> Dataset:
        return fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.FINDING_VIEW)


class Review(ReviewView):
    @extend_schema(responses=shapes.ProgressOut)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Say how far the review of the draft is, and who did how much of it."""
        progress = count_progress(self.user, self.dataset(organisation, name))
        return Response(shapes.ProgressOut(progress).data)


class Cases(ReviewView):
    @extend_schema(parameters=[shapes.CaseQuery], responses=shapes.CaseLine(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the clips that wait, riskiest first, those of one recording together."""
        dataset, wanted = self.dataset(organisation, name), self.query(shapes.CaseQuery)
        most = wanted.pop("most")
        rows = list_visible_cases(self.user, dataset=dataset, **wanted)[:most]
        return Response(shapes.CaseLine(rows, many=True).data)


class Decisions(ReviewView):
    @extend_schema(request=shapes.BatchNew, responses={201: shapes.BatchOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Decide on findings alike at once: on all of them, or on none."""
        dataset = self.dataset(organisation, name)
        asked = self.body(shapes.BatchNew)
        kind, count, named = asked.pop("kind"), asked.pop("count"), asked.pop("findings", None)
        rows = filter_findings_of_kind(
            filter_open_findings(list_visible_findings(self.user, dataset)), kind
        )
        found = list(rows if named is None else rows.filter(uid__in=named))
        if len(found) != count:
            raise CountError(
                f"{len(found)} findings of kind {kind} are open, not {count}: look again.",
                open=len(found),
            )
        made = decide_findings_alike(actor=self.user, findings=found, **asked)
        return Response(shapes.BatchOut(made[0].batch).data, status=201)


class BatchUndoing(ReviewView):
    @extend_schema(request=shapes.ReasonNew, responses={204: None})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Take a batch of one's own back: its findings are open again."""
        batch = fetch_batch(self.user, uid)
        undo_batch(actor=self.user, batch=batch, **self.body(shapes.ReasonNew))
        return Response(status=204)


def _find_decision(user: User, uid: UUID) -> Decision:
    finding: Finding = fetch_finding(user, str(uid))
    decision: Decision | None = getattr(finding, "decision", None)
    if decision is None:
        raise NotAwaitingError("Nobody has decided on this finding.")
    return decision


class DecisionUndoing(ReviewView):
    @extend_schema(request=shapes.ReasonNew, responses={204: None})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Take a decision of one's own back: the finding is open again."""
        decision = _find_decision(self.user, uid)
        undo_decision(actor=self.user, decision=decision, **self.body(shapes.ReasonNew))
        return Response(status=204)


class DecisionConfirmation(ReviewView):
    @extend_schema(request=shapes.ConfirmationNew, responses={201: shapes.ConfirmationOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Agree, as a second reviewer, that an identifiable person stays in; or do not."""
        decision = _find_decision(self.user, uid)
        made = confirm_clearance(
            actor=self.user, decision=decision, **self.body(shapes.ConfirmationNew)
        )
        return Response(shapes.ConfirmationOut(made).data, status=201)


class OneCase(ReviewView):
    @extend_schema(responses=shapes.CaseOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """Show all that a reviewer has to know of one clip."""
        return Response(shapes.CaseOut(fetch_review_case(self.user, uid)).data)


class CaseComments(ReviewView):
    @extend_schema(request=shapes.TextNew, responses={201: shapes.CommentOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Tell the other reviewers something."""
        clip = fetch_review_clip(self.user, uid)
        made = add_comment(actor=self.user, clip=clip, **self.body(shapes.TextNew))
        return Response(shapes.CommentOut(made).data, status=201)


class CaseChangeRequests(ReviewView):
    @extend_schema(request=shapes.TextNew, responses={201: shapes.ChangeRequestOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Ask the stewards to change the clip; it blocks until they answer."""
        clip = fetch_review_clip(self.user, uid)
        made = request_changes(actor=self.user, clip=clip, **self.body(shapes.TextNew))
        return Response(shapes.ChangeRequestOut(made).data, status=201)


class ChangeRequestAnswer(ReviewView):
    @extend_schema(request=shapes.TextNew, responses=shapes.ChangeRequestOut)
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Say what was done, which closes the request."""
        row = fetch_change_request(self.user, uid)
        made = answer_changes(actor=self.user, request=row, **self.body(shapes.TextNew))
        return Response(shapes.ChangeRequestOut(made).data)


class CaseAssignment(ReviewView):
    @extend_schema(request=shapes.AssignmentNew, responses={204: None})
    def put(self, request: Request, uid: UUID) -> Response:
        """Make it somebody's case, or nobody's."""
        clip = fetch_review_clip(self.user, uid)
        name = self.body(shapes.AssignmentNew)["reviewer"]
        reviewer = None
        if name is not None:
            reviewer = User.objects.filter(username=name, is_active=True).first()
            if reviewer is None:
                raise NotFoundError(f"There is nobody called {name}.")
        assign_clips(actor=self.user, clips=[clip], reviewer=reviewer)
        return Response(status=204)


class CaseTime(ReviewView):
    @extend_schema(request=shapes.TimeNew, responses={204: None})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Add what a visit took, in seconds."""
        clip = fetch_review_clip(self.user, uid)
        note_time(actor=self.user, clip=clip, **self.body(shapes.TimeNew))
        return Response(status=204)


class DatasetSample(ReviewView):
    @extend_schema(responses=shapes.SampleOut)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Show the latest sample, what it was drawn from, and what waits to be heard."""
        return Response(_describe_sample(load_sample_progress(self.dataset(organisation, name))))

    @extend_schema(request=shapes.SampleNew, responses={201: shapes.SampleOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Draw another sample of what no detector flagged."""
        dataset = self.dataset(organisation, name)
        draw_sample(actor=self.user, dataset=dataset, **self.body(shapes.SampleNew))
        return Response(_describe_sample(load_sample_progress(dataset)), status=201)


def _describe_sample(told: SampleProgress | None) -> dict[str, Any]:
    if told is None:
        raise NotFoundError("No sample was drawn of this dataset.")
    sample = told.sample
    names = ("uid", "number", "seed", "bound", "population", "size", "drawn_by", "drawn_at")
    found = {name: getattr(sample, name) for name in names}
    found |= {
        "frame": load_frame(sample),
        "due": told.due,
        "proved": compute_share_left(told.facts),
    }
    found |= {name: getattr(told.facts, name) for name in ("heard", "missed", "outside", "gone")}
    return dict(shapes.SampleOut(found).data)


class SampleClipHearing(ReviewView):
    @extend_schema(request=shapes.HearingNew, responses={201: shapes.SampleClipOut})
    @honour_idempotency_key
    def post(self, request: Request, uid: UUID) -> Response:
        """Say that it was heard to the end, and whether a voice was missed in it."""
        row = fetch_sample_clip(self.user, uid)
        made = record_hearing(actor=self.user, sample_clip=row, **self.body(shapes.HearingNew))
        return Response(shapes.SampleClipOut(made).data, status=201)
