"""The record of the review: emergency stops, questions for people, documents, the report."""

import json
import tempfile
from pathlib import Path
from typing import cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Token
from apps.datasets.access import draft_for
from apps.datasets.models import Clip, Dataset
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import idempotent
from apps.doors.api.shapes import record as shapes
from apps.doors.api.streams import StreamParser, spooled
from apps.doors.api.views.releases import ReleaseView
from apps.doors.serving import Offer, serve_blob
from apps.publishing.review_report import report_for
from apps.publishing.review_report_pdf import as_pdf
from apps.publishing.statements import is_kept, statement_of
from apps.releases.access import release_for
from apps.releases.models import ChecklistAnswer
from apps.releases.people import (
    LARGEST,
    PDF,
    answer_question,
    attach_document,
    checklist_of,
    document_for,
    documents_for,
    retire_document,
)
from apps.releases.stops import confirm_stop, lift_stop, stop, stop_for, stops_for
from datasets_catalog.checklists import Question
from datasets_catalog.errors import NotFoundError
from datasets_catalog.plain import to_plain

PAPERS = dict.fromkeys((PDF, "text/plain"), OpenApiTypes.BINARY)
REPORTS = {(200, PDF): OpenApiTypes.BINARY, (200, "application/json"): OpenApiTypes.OBJECT}


class RecordView(ApiView):
    """What the addresses below a dataset share."""

    def dataset(self) -> Dataset:
        return draft_for(self.user, f"{self.kwargs['organisation']}/{self.kwargs['name']}")


class Stops(RecordView):
    resource = "stops"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.StopOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the dataset's emergency stops, for those who work on it."""
        return self.page(stops_for(self.user, self.dataset()), shapes.StopOut, ("id",))

    @extend_schema(request=shapes.StopNew, responses={201: shapes.StopOut})
    @idempotent
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Close the dataset, a release or a clip at every door, at once."""
        dataset, asked = self.dataset(), self.body(shapes.StopNew)
        release = asked.get("release")
        row = stop(
            actor=self.user,
            dataset=dataset,
            reason=asked["reason"],
            release=release_for(self.user, dataset, release) if release else None,
            clip=clip_at(dataset, asked["clip"]) if asked.get("clip") else None,
        )
        return Response(shapes.StopOut(row).data, status=201)


def clip_at(dataset: Dataset, path: str) -> Clip:
    row = Clip.objects.filter(dataset=dataset, path=path).first()
    if row is None:
        raise NotFoundError(f"{dataset} has no clip {path}.")
    return row


class StopConfirmation(RecordView):
    resource = "stops"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=None, responses={200: shapes.StopOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Stand by a stop that somebody else placed."""
        row = confirm_stop(actor=self.user, stop=stop_for(self.user, self.dataset(), uid))
        return Response(shapes.StopOut(row).data)


class StopLift(RecordView):
    resource = "stops"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.StopLifting, responses={200: shapes.StopOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Open again what somebody else stopped."""
        found = stop_for(self.user, self.dataset(), uid)
        row = lift_stop(actor=self.user, stop=found, **self.body(shapes.StopLifting))
        return Response(shapes.StopOut(row).data)


class Documents(RecordView):
    resource = "documents"
    parser_classes = (StreamParser,)

    @extend_schema(responses=shapes.DocumentOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the dataset's ethics approvals and assessments, for those who work on it."""
        return self.page(documents_for(self.user, self.dataset()), shapes.DocumentOut, ("id",))

    @extend_schema(
        parameters=[shapes.DocumentQuery], request=PAPERS, responses={201: shapes.DocumentOut}
    )
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Attach a document: the body is the file, a PDF or a plain text."""
        dataset, about = self.dataset(), self.query(shapes.DocumentQuery)
        with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
            content = spooled(request, Path(folder) / "document", limit=LARGEST).read_bytes()
        row = attach_document(actor=self.user, dataset=dataset, content=content, **about)
        return Response(shapes.DocumentOut(row).data, status=201)


class DocumentContent(RecordView):
    resource = "documents"

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> HttpResponseBase:
        """Read a document, for those who work on the dataset."""
        row = document_for(self.user, self.dataset(), uid)
        suffix = ".pdf" if row.media_type == PDF else ".txt"
        offer = Offer(name=f"{row.kind}-{row.uid}{suffix}", media_type=row.media_type)
        return serve_blob(cast("HttpRequest", request), row.blob, offer)


class DocumentRetirement(RecordView):
    resource = "documents"

    @extend_schema(request=shapes.Retirement, responses={200: shapes.DocumentOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Take a document out of force; it stays on record."""
        found = document_for(self.user, self.dataset(), uid)
        row = retire_document(actor=self.user, document=found, **self.body(shapes.Retirement))
        return Response(shapes.DocumentOut(row).data)


class ReleaseChecklist(ReleaseView):
    pagination_class = None
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.QuestionOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List the questions for people with what was answered for the release's root."""
        return Response([_question(*one) for one in checklist_of(self.prepared())])

    @extend_schema(request=shapes.AnswerNew, responses={200: shapes.QuestionOut(many=True)})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Answer one question for the release's root."""
        release = self.prepared()
        answer_question(actor=self.user, release=release, **self.body(shapes.AnswerNew))
        return Response([_question(*one) for one in checklist_of(release)])


def _question(question: Question, given: ChecklistAnswer | None) -> dict[str, object]:
    return {
        "question": question.code,
        "ask": question.ask,
        "why": question.why,
        "expected": question.expected,
        "blocking": question.blocking,
        "answer": given.answer if given else None,
        "note": given.note if given else None,
        "answered_by": given.answered_by.username if given else None,
        "answered_at": given.answered_at if given else None,
    }


class ReleaseReviewReport(ReleaseView):
    @extend_schema(parameters=[shapes.ReportQuery], responses=REPORTS)
    def get(self, request: Request, organisation: str, name: str, version: str) -> HttpResponse:
        """The record of the release's review: whole for those who work on it, else a summary."""
        release = self.opened()
        report = report_for(request.user, release)
        stem = f"{release.dataset.name}-{release.version}-review"
        if self.query(shapes.ReportQuery)["form"] == "pdf":
            return _file(as_pdf(report), PDF, f"{stem}.pdf")
        text = json.dumps(report, indent=1, ensure_ascii=False)
        return _file(text.encode(), "application/json", f"{stem}.json")


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return HttpResponse(content, content_type=media_type, headers=headers)


class ReleaseStatementView(ReleaseView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Show the facts of the release that its card and every description of it are made of.

        `kept` says whether they were kept when it came out; else they are worked out anew. Lengths
        in seconds.
        """
        release = self.opened()
        kept = is_kept(release)
        return Response({"kept": kept, "facts": to_plain(statement_of(release))})
