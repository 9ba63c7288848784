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
from apps.datasets.access import fetch_draft
from apps.datasets.models import Clip, Dataset
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import review_record as shapes
from apps.doors.api.streams import StreamParser, spool_body
from apps.doors.api.views.releases import ReleaseView
from apps.doors.blob_responses import Offer, serve_blob
from apps.packaging.review_report import fetch_report
from apps.packaging.review_report_pdf import render_pdf
from apps.packaging.statements import is_kept, load_statement
from apps.releases.access import fetch_release
from apps.releases.checklist_answers import (
    LARGEST,
    PDF,
    answer_question,
    attach_document,
    fetch_document,
    list_visible_documents,
    load_checklist,
    retire_document,
)
from apps.releases.models import ChecklistAnswer
from apps.releases.stops import confirm_stop, fetch_stop, lift_stop, list_visible_stops, place_stop
from datasets_catalog.checklists import Question
from datasets_catalog.errors import NotFoundError
from datasets_catalog.plain_json import to_plain

PAPERS = dict.fromkeys((PDF, "text/plain"), OpenApiTypes.BINARY)
REPORTS = {(200, PDF): OpenApiTypes.BINARY, (200, "application/json"): OpenApiTypes.OBJECT}


class RecordView(ApiView):
    """What the addresses below a dataset share."""

    def dataset(self) -> Dataset:
        return fetch_draft(self.user, f"{self.kwargs['organisation']}/{self.kwargs['name']}")


class Stops(RecordView):
    resource = "stops"
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.StopOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the dataset's emergency stops, for those who work on it."""
        return self.page(list_visible_stops(self.user, self.dataset()), shapes.StopOut, ("id",))

    @extend_schema(request=shapes.StopNew, responses={201: shapes.StopOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Close the dataset, a release or a clip at every door, at once."""
        dataset, asked = self.dataset(), self.body(shapes.StopNew)
        release = asked.get("release")
        row = place_stop(
            actor=self.user,
            dataset=dataset,
            reason=asked["reason"],
            release=fetch_release(self.user, dataset, release) if release else None,
            clip=find_clip(dataset, asked["clip"]) if asked.get("clip") else None,
        )
        return Response(shapes.StopOut(row).data, status=201)


def find_clip(dataset: Dataset, path: str) -> Clip:
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
        row = confirm_stop(actor=self.user, stop=fetch_stop(self.user, self.dataset(), uid))
        return Response(shapes.StopOut(row).data)


class StopLift(RecordView):
    resource = "stops"
    write_scope = Token.Scope.ADMIN

    @extend_schema(request=shapes.StopLifting, responses={200: shapes.StopOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Open again what somebody else stopped."""
        found = fetch_stop(self.user, self.dataset(), uid)
        row = lift_stop(actor=self.user, stop=found, **self.body(shapes.StopLifting))
        return Response(shapes.StopOut(row).data)


class Documents(RecordView):
    resource = "documents"
    parser_classes = (StreamParser,)

    @extend_schema(responses=shapes.DocumentOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the dataset's ethics approvals and assessments, for those who work on it."""
        return self.page(
            list_visible_documents(self.user, self.dataset()), shapes.DocumentOut, ("id",)
        )

    @extend_schema(
        parameters=[shapes.DocumentQuery], request=PAPERS, responses={201: shapes.DocumentOut}
    )
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Attach a document: the body is the file, a PDF or a plain text."""
        dataset, about = self.dataset(), self.query(shapes.DocumentQuery)
        with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
            content = spool_body(request, Path(folder) / "document", limit=LARGEST).read_bytes()
        row = attach_document(actor=self.user, dataset=dataset, content=content, **about)
        return Response(shapes.DocumentOut(row).data, status=201)


class DocumentContent(RecordView):
    resource = "documents"

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> HttpResponseBase:
        """Read a document, for those who work on the dataset."""
        row = fetch_document(self.user, self.dataset(), uid)
        suffix = ".pdf" if row.media_type == PDF else ".txt"
        offer = Offer(name=f"{row.kind}-{row.uid}{suffix}", media_type=row.media_type)
        return serve_blob(cast("HttpRequest", request), row.blob, offer)


class DocumentRetirement(RecordView):
    resource = "documents"

    @extend_schema(request=shapes.Retirement, responses={200: shapes.DocumentOut})
    def post(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Take a document out of force; it stays on record."""
        found = fetch_document(self.user, self.dataset(), uid)
        row = retire_document(actor=self.user, document=found, **self.body(shapes.Retirement))
        return Response(shapes.DocumentOut(row).data)


class ReleaseChecklist(ReleaseView):
    pagination_class = None
    write_scope = Token.Scope.ADMIN

    @extend_schema(responses=shapes.QuestionOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List the questions for people with what was answered for the release's root."""
        return Response([_describe_question(*one) for one in load_checklist(self.open_for_work())])

    @extend_schema(request=shapes.AnswerNew, responses={200: shapes.QuestionOut(many=True)})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Answer one question for the release's root."""
        release = self.open_for_work()
        answer_question(actor=self.user, release=release, **self.body(shapes.AnswerNew))
        return Response([_describe_question(*one) for one in load_checklist(release)])


def _describe_question(question: Question, given: ChecklistAnswer | None) -> dict[str, object]:
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
        release = self.open_named_release()
        report = fetch_report(request.user, release)
        stem = f"{release.dataset.name}-{release.version}-review"
        if self.query(shapes.ReportQuery)["form"] == "pdf":
            return _build_download(render_pdf(report), PDF, f"{stem}.pdf")
        text = json.dumps(report, indent=1, ensure_ascii=False)
        return _build_download(text.encode(), "application/json", f"{stem}.json")


def _build_download(content: bytes, media_type: str, name: str) -> HttpResponse:
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
        release = self.open_named_release()
        kept = is_kept(release)
        return Response({"kept": kept, "facts": to_plain(load_statement(release))})
