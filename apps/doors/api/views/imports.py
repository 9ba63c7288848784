"""Tables that are sent whole: consents and labels."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation, require_permission
from apps.consent.ledger import list_visible_contributors
from apps.consent.models import Consent
from apps.datasets.access import fetch_dataset, fetch_dataset_to_edit
from apps.doors.api.base import ApiView
from apps.doors.api.shapes import imports as shapes
from apps.doors.api.shapes.rights import ConsentOut, ConsentQuery
from apps.doors.api.streams import StreamParser, spool_body
from apps.ingest.actions import import_consents
from apps.ingest.label_imports import import_labels
from apps.ingest.paths import clean_path
from datasets_catalog.roles import Permission

TABLE_BYTES = 64 * 1024 * 1024
SUFFIXES = {
    "text/csv": ".csv",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
}
TABLES = dict.fromkeys(SUFFIXES, OpenApiTypes.BINARY)
LABELS = {"text/plain": OpenApiTypes.BINARY}


class Consents(ApiView):
    resource = "consent"
    parser_classes = (StreamParser,)

    @extend_schema(parameters=[ConsentQuery], responses=ConsentOut(many=True))
    def get(self, request: Request, organisation: str) -> Response:
        """List consents in the order they were recorded; nothing in the ledger ever changes."""
        row = fetch_organisation(self.user, organisation)
        people = list_visible_contributors(self.user, row)
        wanted = self.query(ConsentQuery)
        if "contributor" in wanted:
            people = people.filter(code=wanted["contributor"])
        rows = Consent.objects.filter(contributor__in=people.values("pk"))
        rows = rows.select_related(
            "contributor", "form", "recorded_by", "supersedes", "superseded_by"
        )
        return self.page(rows.prefetch_related("answers"), ConsentOut, ("id",))

    @extend_schema(
        parameters=[shapes.ConsentsQuery], request=TABLES, responses={200: shapes.ImportOut}
    )
    def post(self, request: Request, organisation: str) -> Response:
        """Record a table of consents: the body is the file, as CSV, JSON Lines or Parquet.

        Rows that are wrong are named and the others recorded; a consent that is known already
        changes nothing. One that is known with other content is wrong: both are shown.
        """
        row = fetch_organisation(self.user, organisation)
        require_permission(self.user, Permission.CONSENT_RECORD, row)
        wanted = self.query(shapes.ConsentsQuery)
        names = [name.strip() for name in wanted["datasets"].split(",") if name.strip()]
        datasets = [fetch_dataset(self.user, f"{organisation}/{name}") for name in names]
        media_type = (request.content_type or "").partition(";")[0].strip().lower()
        with _keep_body(request, f"consents{SUFFIXES.get(media_type, '.csv')}") as table:
            report = import_consents(
                actor=self.user,
                organisation=row,
                table=table,
                datasets=datasets,
                dry_run=wanted["dry_run"],
            )
        return Response(shapes.ImportOut(report.as_json()).data)


class DraftEvents(ApiView):
    resource = "clips"
    parser_classes = (StreamParser,)

    @extend_schema(
        parameters=[shapes.LabelsQuery], request=LABELS, responses={200: shapes.ImportOut}
    )
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Add the labels of a file, which is the body: events, weak labels, clips found empty.

        Lines that are wrong are named and the others come in; what is there already stays as it
        is, so a file can be sent again.
        """
        dataset = fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.EVENT_EDIT)
        wanted = self.query(shapes.LabelsQuery)
        with _keep_body(request, PurePosixPath(clean_path(wanted["name"])).name) as source:
            report = import_labels(
                actor=self.user,
                dataset=dataset,
                source=source,
                format_name=wanted["format"],
                replace=wanted["replace"],
                dry_run=wanted["dry_run"],
            )
        return Response(shapes.ImportOut(report.as_json()).data)


@contextmanager
def _keep_body(request: Request, name: str) -> Iterator[Path]:
    """The request's body as a file of that name, for as long as it is read."""
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT) as folder:
        yield spool_body(request, Path(folder) / name, limit=TABLE_BYTES)
