"""Datasets: find, make, change."""

from typing import Any

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access import fetch_organisation
from apps.datasets.access import (
    fetch_dataset,
    fetch_dataset_to_edit,
    fetch_vocabulary,
    list_visible_datasets,
)
from apps.datasets.actions import create_dataset, update_dataset
from apps.doors.api.base import ApiView
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import datasets as shapes
from datasets_catalog.roles import Permission


class Datasets(ApiView):
    resource = "datasets"
    public = True

    @extend_schema(parameters=[shapes.DatasetQuery], responses=shapes.DatasetOut(many=True))
    def get(self, request: Request) -> Response:
        """List the datasets one may know of, by organisation and name."""
        wanted = self.query(shapes.DatasetQuery)
        text = wanted.pop("q", "")
        if "organisation" in wanted:
            wanted["organisation__name"] = wanted.pop("organisation")
        rows = list_visible_datasets(request.user).filter(**wanted)
        if text:
            rows = rows.filter(
                Q(name__icontains=text) | Q(title__icontains=text) | Q(description__icontains=text)
            )
        return self.page(rows, shapes.DatasetOut, ("organisation__name", "name"))

    @extend_schema(request=shapes.DatasetNew, responses={201: shapes.DatasetOut})
    @honour_idempotency_key
    def post(self, request: Request) -> Response:
        """Make an empty dataset."""
        wanted = _resolve_vocabulary(self.body(shapes.DatasetNew))
        organisation = fetch_organisation(self.user, wanted.pop("organisation"))
        row = create_dataset(actor=self.user, organisation=organisation, **wanted)
        return Response(shapes.DatasetOut(row).data, status=201)


class OneDataset(ApiView):
    resource = "datasets"
    public = True

    @extend_schema(responses=shapes.DatasetOut)
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """Show one dataset."""
        row = fetch_dataset(request.user, f"{organisation}/{name}")
        return Response(shapes.DatasetOut(row).data)

    @extend_schema(request=shapes.DatasetSettings, responses=shapes.DatasetOut)
    def patch(self, request: Request, organisation: str, name: str) -> Response:
        """Change what is named in the body; frozen releases of the old state become stale."""
        row = fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.DATASET_EDIT)
        changes = _resolve_vocabulary(self.body(shapes.DatasetSettings))
        changed = update_dataset(actor=self.user, dataset=row, changes=changes)
        return Response(shapes.DatasetOut(changed).data)


def _resolve_vocabulary(values: dict[str, Any]) -> dict[str, Any]:
    """Return the body's values with the vocabulary's row in place of its name."""
    named = values.get("vocabulary")
    if named is None:
        return values
    return {**values, "vocabulary": fetch_vocabulary(named["name"], named["version"])}
