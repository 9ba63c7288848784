"""The draft's clips, what they were cut from and what is heard in them."""

from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.datasets.access import fetch_clip, fetch_dataset_to_edit, fetch_draft
from apps.datasets.actions import remove_clips
from apps.datasets.label_queries import match_found_empty, match_labels
from apps.datasets.label_verification import verify_events
from apps.datasets.models import Clip, Dataset, Event, Recording
from apps.datasets.vocabulary_graph import expand_labels
from apps.doors.api.base import ApiView
from apps.doors.api.shapes import clips as shapes
from datasets_catalog.clip_columns import FILTERABLE
from datasets_catalog.roles import Permission

FILTERS = {
    "state": "state",
    "prefix": "path__startswith",
    **{column.name: column.source for column in FILTERABLE if column.source},
}


class Clips(ApiView):
    resource = "clips"

    @extend_schema(parameters=[shapes.ClipQuery], responses=shapes.ClipOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the draft's clips by path; without `state`, those that were not removed."""
        dataset = fetch_draft(request.user, f"{organisation}/{name}")
        rows = _filter_clips(dataset, self.query(shapes.ClipQuery))
        rows = rows.select_related("blob", "recording", "added_by")
        return self.page(rows, shapes.ClipOut, ("path",))


class ClipRemovals(ApiView):
    resource = "clips"

    @extend_schema(request=shapes.ClipRemoval, responses={200: shapes.Removed})
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Take clips out of the draft by path; releases that hold them keep them."""
        dataset = fetch_dataset_to_edit(self.user, f"{organisation}/{name}", Permission.CLIP_INGEST)
        paths = self.body(shapes.ClipRemoval)["paths"]
        removed = remove_clips(actor=self.user, dataset=dataset, paths=paths)
        return Response(shapes.Removed({"removed": removed}).data)


class OneClip(ApiView):
    resource = "clips"

    @extend_schema(responses=shapes.ClipFull)
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Show one clip of the draft, with the labels of the whole clip."""
        row = fetch_clip(request.user, f"{organisation}/{name}", uid)
        return Response(shapes.ClipFull(row).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """Take the clip out of the draft; releases that hold it keep it."""
        row = fetch_clip(request.user, f"{organisation}/{name}", uid)
        remove_clips(actor=self.user, dataset=row.dataset, paths=[row.path])
        return Response(status=204)


class ClipEvents(ApiView):
    resource = "clips"

    @extend_schema(responses=shapes.EventOut(many=True))
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> Response:
        """List what is heard in the clip, by onset."""
        row = fetch_clip(request.user, f"{organisation}/{name}", uid)
        events = Event.objects.filter(clip=row).select_related("term")
        return self.page(events, shapes.EventOut, ("onset", "id"))


class EventVerifications(ApiView):
    resource = "clips"

    @extend_schema(request=shapes.EventVerification, responses={200: shapes.EventsVerified})
    def post(self, request: Request, organisation: str, name: str) -> Response:
        """Say of events that somebody else labelled that they are right, or wrong."""
        dataset = fetch_dataset_to_edit(
            self.user, f"{organisation}/{name}", Permission.EVENT_VERIFY
        )
        body = self.body(shapes.EventVerification)
        changed = verify_events(
            actor=self.user, dataset=dataset, events=body["events"], verdict=body["verdict"]
        )
        return Response(shapes.EventsVerified({"changed": changed}).data)


class Recordings(ApiView):
    resource = "clips"

    @extend_schema(responses=shapes.RecordingOut(many=True))
    def get(self, request: Request, organisation: str, name: str) -> Response:
        """List the recordings that the draft's clips were cut from, with how many."""
        dataset = fetch_draft(request.user, f"{organisation}/{name}")
        active = Count("clips", filter=~Q(clips__state=Clip.State.REMOVED))
        rows = Recording.objects.filter(dataset=dataset).annotate(clip_count=active)
        return self.page(rows, shapes.RecordingOut, ("name",))


def _filter_clips(dataset: Dataset, wanted: dict[str, Any]) -> QuerySet[Clip]:
    rows = Clip.objects.filter(dataset=dataset)
    if "state" not in wanted:
        rows = rows.exclude(state=Clip.State.REMOVED)
    said = {FILTERS[name]: value for name, value in wanted.items() if name in FILTERS}
    rows = rows.filter(**{column: value for column, value in said.items() if value is not None})
    if wanted.get("redacted") is not None:
        rows = rows.filter(original__isnull=not wanted["redacted"])
    if wanted.get("found_empty") is not None:
        silent = match_found_empty(dataset)
        rows = rows.filter(silent if wanted["found_empty"] else ~silent)
    if "label" in wanted:
        words = expand_labels(dataset.vocabulary, [wanted["label"]])[wanted["label"]]
        rows = rows.filter(match_labels(dataset, words))
    if "q" in wanted:
        text = wanted["q"]
        rows = rows.filter(
            Q(path__icontains=text) | Q(title__icontains=text) | Q(author__icontains=text)
        )
    return rows
