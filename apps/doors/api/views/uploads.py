"""The upload protocol: begin, check, send bytes, commit rows, finish."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets.access import fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.parsers import BatchJSONParser
from apps.doors.api.shapes import uploads as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.doors.api.shapes.problems import build_reason
from apps.doors.api.streams import StreamParser, open_body, read_declared_size
from apps.ingest.models import Upload
from apps.ingest.upload_bytes import join_parts, list_parts, put_file, put_pack, put_part
from apps.ingest.uploads import (
    AnnouncedFile,
    CheckedFile,
    Way,
    check_files,
    commit_rows,
    fetch_upload,
    finish_upload,
    start_upload,
)
from datasets_catalog.roles import Permission

BYTES = {"application/octet-stream": OpenApiTypes.BINARY}
TAR = {"application/x-tar": OpenApiTypes.BINARY}


class UploadView(ApiView):
    """What all steps of an upload share."""

    resource = "uploads"

    def upload(self, kwargs: dict[str, Any]) -> Upload:
        return fetch_upload(
            self.user, f"{kwargs['organisation']}/{kwargs['name']}", kwargs["upload"]
        )


class Uploads(UploadView):
    @extend_schema(responses=shapes.UploadOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List one's own uploads into the dataset, newest first."""
        dataset = fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.CLIP_INGEST)
        rows = Upload.objects.filter(dataset=dataset, started_by=self.user)
        rows = rows.select_related("dataset__organisation", "job")
        return self.page(rows, shapes.UploadOut, ("-id",))

    @extend_schema(request=None, responses={201: shapes.UploadOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Begin an upload into the dataset's draft."""
        dataset = fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.CLIP_INGEST)
        row = start_upload(actor=self.user, dataset=dataset)
        return Response(shapes.UploadOut(row).data, status=201)


class OneUpload(UploadView):
    @extend_schema(responses=shapes.UploadOut)
    def get(self, request: Request, organisation: str, name: str, upload: UUID) -> Response:
        """Show how far an upload is."""
        return Response(shapes.UploadOut(self.upload(self.kwargs)).data)


class UploadCheck(UploadView):
    @extend_schema(request=shapes.Check, responses={200: shapes.Checked})
    def post(self, request: Request, organisation: str, name: str, upload: UUID) -> Response:
        """Ask which files are still missing and how to send each; ask again to resume."""
        row = self.upload(self.kwargs)
        files = [AnnouncedFile(**file) for file in self.body(shapes.Check)["files"]]
        checked = check_files(actor=self.user, upload=row, files=files)
        answer = {"files": [self._describe_file(one) for one in checked]}
        return Response(shapes.Checked(answer).data)

    def _describe_file(self, one: CheckedFile) -> dict[str, Any]:
        return {
            "path": one.file.path,
            "sha256": one.file.sha256,
            "way": one.way.value,
            "url": self._build_url(one),
            "problem": build_reason(one.error),
        }

    def _build_url(self, one: CheckedFile) -> str | None:
        names = {Way.PUT: "api:upload-blob", Way.PARTS: "api:upload-parts"}
        if one.way not in names:
            return None
        address = reverse(names[one.way], kwargs={**self.kwargs, "sha256": one.file.sha256})
        return self.request.build_absolute_uri(address)


class UploadBlob(UploadView):
    parser_classes = (StreamParser,)

    @extend_schema(request=BYTES, responses={200: shapes.Kept})
    def put(
        self, request: Request, organisation: str, name: str, upload: UUID, sha256: str
    ) -> Response:
        """Send the bytes of one file; they are kept if they hash to the address."""
        blob = put_file(
            actor=self.user,
            upload=self.upload(self.kwargs),
            sha256=sha256,
            stream=open_body(request),
            size=read_declared_size(request),
        )
        return Response(shapes.Kept(blob).data)


class UploadPack(UploadView):
    parser_classes = (StreamParser,)

    @extend_schema(request=TAR, responses={200: shapes.PackOut})
    def post(self, request: Request, organisation: str, name: str, upload: UUID) -> Response:
        """Send many small files as a tar whose entries are named by their SHA-256.

        Each entry succeeds or fails by itself; a torn pack keeps the entries that came whole.
        """
        pack = put_pack(actor=self.user, upload=self.upload(self.kwargs), stream=open_body(request))
        entries = [
            {"name": entry.name, "kept": entry.error is None, "problem": build_reason(entry.error)}
            for entry in pack.entries
        ]
        answer = {"entries": entries, "stopped": build_reason(pack.stopped)}
        return Response(shapes.PackOut(answer).data)


class UploadParts(UploadView):
    # All parts of a file on one page: there are ten thousand at most.
    pagination_class = None

    @extend_schema(responses=shapes.PartOut(many=True))
    def get(
        self, request: Request, organisation: str, name: str, upload: UUID, sha256: str
    ) -> Response:
        """List the parts of a large file that are there."""
        parts = list_parts(self.upload(self.kwargs), sha256)
        return Response(shapes.PartOut(parts, many=True).data)


class UploadPart(UploadView):
    parser_classes = (StreamParser,)

    @extend_schema(request=BYTES, responses={200: shapes.PartOut})
    def put(
        self,
        request: Request,
        organisation: str,
        name: str,
        upload: UUID,
        sha256: str,
        number: int,
    ) -> Response:
        """Send one part of a large file; sent again, it replaces the first."""
        part = put_part(
            actor=self.user,
            upload=self.upload(self.kwargs),
            sha256=sha256,
            number=number,
            stream=open_body(request),
        )
        return Response(shapes.PartOut(part).data)


class UploadPartsComplete(UploadView):
    @extend_schema(request=shapes.Complete, responses={200: shapes.Kept})
    def post(
        self, request: Request, organisation: str, name: str, upload: UUID, sha256: str
    ) -> Response:
        """Join the parts; the file is kept if it hashes to the address. Safe to repeat."""
        blob = join_parts(
            actor=self.user,
            upload=self.upload(self.kwargs),
            sha256=sha256,
            size=self.body(shapes.Complete)["size"],
        )
        return Response(shapes.Kept(blob).data)


class UploadCommit(UploadView):
    parser_classes = (BatchJSONParser,)

    @extend_schema(request=shapes.Commit, responses={200: shapes.Committed})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str, upload: UUID) -> Response:
        """Say what the files are: rows of the clip table, which wait for the finish."""
        waiting = commit_rows(
            actor=self.user,
            upload=self.upload(self.kwargs),
            rows=self.body(shapes.Commit)["rows"],
        )
        return Response(shapes.Committed({"waiting": waiting}).data)


class UploadFinish(UploadView):
    @extend_schema(request=shapes.Finish, responses={202: JobOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str, upload: UUID) -> Response:
        """Take all committed rows into the draft at once; follow the job for the report."""
        job = finish_upload(
            actor=self.user,
            upload=self.upload(self.kwargs),
            dry_run=self.body(shapes.Finish)["dry_run"],
        )
        return Response(JobOut(job).data, status=202)
