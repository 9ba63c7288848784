"""What a release holds: rows of its tables, and bytes for those who may have them."""

from pathlib import PurePosixPath
from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.access import OpenRelease, open_release
from apps.access.authorizations import Action
from apps.datasets.access import fetch_clip
from apps.doors.api.base import ApiView
from apps.doors.api.keyset import (
    CursorInvalidError,
    build_next_url,
    build_page_answer,
    read_cursor,
    read_limit,
)
from apps.doors.api.shapes import releases as shapes
from apps.doors.blob_responses import Offer
from apps.doors.object_handouts import Door, hand_out_draft_clip, hand_out_object
from apps.releases.diff import require_frozen_table
from apps.storage.blobs import get_blob, open_local_copy
from apps.storage.models import Blob
from apps.storage.parquet_tables import ClipRow
from apps.storage.table_queries import read_page_of_clips
from datasets_catalog.errors import NotFoundError
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import PUBLIC_STATES

BYTES = {(200, "*/*"): OpenApiTypes.BINARY}
PARQUET = "application/vnd.apache.parquet"


class ClipNotHeldError(NotFoundError):
    """The release holds no such clip."""

    code = "release.clip_unknown"


class ContentView(ApiView):
    """What all addresses below a release's content share."""

    resource = "release contents"
    public = True

    def open_named_release(self, action: Action) -> OpenRelease:
        name = f"{self.kwargs['organisation']}/{self.kwargs['name']}"
        purpose = self.read_stated_purpose() if action is Action.DOWNLOAD else None
        return open_release(self.request.user, name, self.kwargs["version"], action, purpose)

    def read_stated_purpose(self) -> Purpose | None:
        """What the reader says in the address that they take it for; None where they do not."""
        given = self.request.query_params.get("purpose")
        if given is None:
            return None
        return Purpose(self._validate_shape(shapes.TakingQuery, {"purpose": given})["purpose"])

    def open_for_reading(self) -> OpenRelease:
        """Open for reading rows: the table that holds them may be downloaded, or is reviewed."""
        found = self.open_named_release(Action.VIEW)
        is_public = found.release.state in PUBLIC_STATES
        return self.open_named_release(Action.DOWNLOAD if is_public else Action.PREVIEW)

    def serve_held_blob(self, found: OpenRelease, blob: Blob, offer: Offer) -> HttpResponseBase:
        request = cast("HttpRequest", self.request)
        return hand_out_object(
            request, self.request.user, found.holding(blob), offer, door=Door.API
        )


class ReleaseClips(ContentView):
    @extend_schema(parameters=[shapes.ManifestQuery], responses=shapes.ManifestRow(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List the release's clips by path, as its table states them."""
        release = self.open_for_reading().release
        asked = self.query(shapes.ManifestQuery)
        where = {name: value for name, value in asked.items() if value is not None}
        limit = read_limit(request)
        with open_local_copy(require_frozen_table(release.clips_table)) as table:
            rows = read_page_of_clips(table, where=where, after=self._read_after(), limit=limit + 1)
        page = rows[:limit]
        following = build_next_url(request, [page[-1]["path"]]) if len(rows) > limit else None
        return build_page_answer([shapes.ManifestRow(row).data for row in page], following)

    def _read_after(self) -> str:
        match read_cursor(self.request):
            case None:
                return ""
            case [str(path)] if "\0" not in path:
                return path
            case _:
                raise CursorInvalidError("This cursor is of another list: start without one.")


class ReleaseClip(ContentView):
    @extend_schema(responses=shapes.ManifestRow)
    def get(
        self, request: Request, organisation: str, name: str, version: str, uid: UUID
    ) -> Response:
        """Show one clip of the release."""
        row = _load_row(self.open_for_reading(), uid)
        return Response(shapes.ManifestRow(row).data)


class ReleaseClipAudio(ContentView):
    @extend_schema(parameters=[shapes.TakingQuery], responses=BYTES)
    def get(
        self, request: Request, organisation: str, name: str, version: str, uid: UUID
    ) -> HttpResponseBase:
        """Download the clip's bytes; takes ranges and conditions."""
        found = self.open_named_release(Action.DOWNLOAD)
        row = _load_row(found, uid)
        offer = Offer(name=PurePosixPath(row["path"]).name, media_type=row["media_type"])
        return self.serve_held_blob(found, get_blob(found.release.dataset.uid, row["md5"]), offer)


class ReleaseTable(ContentView):
    @extend_schema(parameters=[shapes.TakingQuery], responses={(200, PARQUET): OpenApiTypes.BINARY})
    def get(
        self, request: Request, organisation: str, name: str, version: str, table: str
    ) -> HttpResponseBase:
        """Download the table of clips or of events, as Parquet."""
        found = self.open_named_release(Action.DOWNLOAD)
        tables = {
            "clips": found.release.clips_table,
            "events": found.release.events_table,
        }
        offer = Offer(name=f"{table}.parquet", media_type=PARQUET)
        return self.serve_held_blob(found, require_frozen_table(tables[table]), offer)


class DraftClipAudio(ApiView):
    resource = "clips"

    @extend_schema(responses=BYTES)
    def get(self, request: Request, organisation: str, name: str, uid: UUID) -> HttpResponseBase:
        """Hear a clip of the draft, for those who work on the dataset."""
        clip = fetch_clip(request.user, f"{organisation}/{name}", uid)
        offer = Offer(name=PurePosixPath(clip.path).name, media_type=clip.media_type, inline=True)
        return hand_out_draft_clip(cast("HttpRequest", request), self.user, clip, offer)


def _load_row(found: OpenRelease, uid: UUID) -> ClipRow:
    with open_local_copy(require_frozen_table(found.release.clips_table)) as table:
        rows = read_page_of_clips(table, where={"clip_id": str(uid)}, limit=1)
    if not rows:
        raise ClipNotHeldError(f"{found.release} holds no clip {uid}.")
    return rows[0]
