"""Parts of a release: choose clips, take them as a tar or by signed addresses, in a flavour."""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.authorizations import Action
from apps.accounts.models import Token
from apps.deliveries.flavours import Spec, list_flavour_states, order_flavour
from apps.deliveries.kept_selections import keep_selection
from apps.deliveries.parts import Part, SentClip
from apps.deliveries.selections import Selection, summarise_selection
from apps.doors.api.base import ApiView, Shape
from apps.doors.api.idempotency import honour_idempotency_key
from apps.doors.api.shapes import parts as shapes
from apps.doors.api.shapes.jobs import JobOut
from apps.doors.api.throttles import SignedThrottle
from apps.doors.api.views.contents import ContentView
from apps.doors.blob_responses import Offer
from apps.doors.object_handouts import Door, hand_out_object, hand_out_part
from apps.doors.part_requests import PartRequest, resolve_part_request
from apps.doors.part_responses import MEDIA_TYPE
from apps.doors.signed_addresses import SECONDS, build_signed_address, open_signed_text, sign_object
from apps.releases.diff import require_frozen_table
from apps.releases.models import Release
from apps.storage.models import Blob
from datasets_catalog.purposes import Purpose

JSON_LINES = "application/jsonl"


class PartView(ContentView):
    """What all addresses of parts share."""

    resource = "parts of a release"

    def read_selection(self, release: Release, shape: Shape) -> PartRequest:
        """Read the selection from the address."""
        wanted = self.query_lists(shape)
        # What it is taken for chooses no clips.
        wanted.pop("purpose", None)
        flavour, kept = wanted.pop("flavour", None), wanted.pop("selection", None)
        return resolve_part_request(
            self.request.user,
            release,
            None if kept else Selection.of(wanted),
            kept=kept or "",
            flavour=flavour or "",
        )

    def query_lists(self, shape: Shape) -> dict[str, Any]:
        """The address's query, with every value of those names that take many."""
        fields = cast("serializers.Serializer[Any]", shape()).fields
        given = {
            name: values if isinstance(fields.get(name), serializers.ListField) else values[-1]
            for name, values in self.request.query_params.lists()
        }
        return self._validate_shape(shape, given)


class ReleaseSelection(PartView):
    write_scope = Token.Scope.READ

    @extend_schema(parameters=[shapes.SelectionQuery], responses=shapes.SelectionOut)
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Count what a selection holds, before taking it."""
        release = self.open_for_reading().release
        asked = self.read_selection(release, shapes.SelectionQuery)
        kept = request.query_params.get("selection")
        return Response(self._describe_selection(release, asked, kept))

    @extend_schema(request=shapes.SelectionIn, responses={200: shapes.SelectionOut})
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Keep a selection too long for an address; it is forgotten 30 days after its last use."""
        release = self.open_for_reading().release
        asked = resolve_part_request(
            request.user, release, Selection.of(self.body(shapes.SelectionIn))
        )
        shown = self._describe_selection(release, asked, asked.selection.digest)
        keep_selection(actor=self.user, release=release, selection=asked.selection)
        return Response(shown)

    def _describe_selection(
        self, release: Release, asked: PartRequest, kept: str | None
    ) -> dict[str, Any]:
        found = summarise_selection(release, asked.selection, asked.before)
        words: dict[str, Any] = {"selection": kept} if kept else asked.selection.as_json()
        return {
            "selection": kept,
            "wanted": asked.selection.as_json(),
            "clips": found.clips,
            "events": found.events,
            "size": found.size,
            "seconds": found.seconds,
            "examples": list(found.examples),
            "archive": self._address("release-archive", words),
            "manifest": self._address("release-manifest", words),
        }

    def _address(self, route: str, words: dict[str, Any]) -> str:
        address = reverse(f"api:{route}", kwargs=self.kwargs)
        query = urlencode(words, doseq=True)
        return self.request.build_absolute_uri(f"{address}?{query}" if query else address)


class ReleaseArchive(PartView):
    @extend_schema(
        parameters=[shapes.PartQuery], responses={(200, MEDIA_TYPE): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, organisation: str, name: str, version: str) -> HttpResponseBase:
        """Download chosen clips as one tar that can be checked against the release's root."""
        found = self.open_named_release(Action.DOWNLOAD)
        asked = self.read_selection(found.release, shapes.PartQuery)
        part = Part(found.release, asked.selection, before=asked.before, spec=asked.spec)
        return hand_out_part(cast("HttpRequest", request), request.user, found, part, door=Door.API)


class ReleaseManifest(PartView):
    @extend_schema(
        parameters=[shapes.PartQuery], responses={(200, JSON_LINES): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, organisation: str, name: str, version: str) -> HttpResponseBase:
        """List chosen clips with an address each that opens it for minutes, as JSON lines.

        The first line describes the part and opens the release's tables, which hold every leaf
        under its root. Asked again, it gives new addresses.
        """
        found = self.open_named_release(Action.DOWNLOAD)
        asked = self.read_selection(found.release, shapes.PartQuery)
        part = Part(found.release, asked.selection, before=asked.before, spec=asked.spec)
        response = StreamingHttpResponse(
            _Lines(self.request, part, self.read_stated_purpose()), content_type=JSON_LINES
        )
        response.headers["Cache-Control"] = "private, no-store"
        return response


class _Lines:
    """The lines of a manifest; closing it lets go of the part."""

    def __init__(self, request: Request, part: Part, purpose: Purpose | None) -> None:
        self._request = request
        self._part = part
        self._purpose = purpose

    def __iter__(self) -> Iterator[bytes]:
        release = self._part.release
        about = self._part.about()
        about["valid_until"] = int(timezone.now().timestamp()) + SECONDS
        about["tables"] = {
            "clips": self._address(require_frozen_table(release.clips_table), "clips.parquet"),
            "events": self._address(require_frozen_table(release.events_table), "events.parquet"),
        }
        yield _encode_line(about)
        for one in self._part.iterate_sent_clips():
            yield _encode_line(self._row(one))

    def close(self) -> None:
        self._part.close()

    def _row(self, one: SentClip) -> dict[str, Any]:
        name = PurePosixPath(one.path).name
        return {
            "path": one.path,
            "sha256": one.blob.sha256,
            "size": one.blob.size,
            "url": self._address(one.blob, name),
        }

    def _address(self, blob: Blob, name: str) -> str:
        signed = sign_object(
            self._request.user, self._part.release, blob, name=name, purpose=self._purpose
        )
        return build_signed_address(signed)


def _encode_line(value: dict[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False) + "\n").encode()


class SignedObject(ApiView):
    resource = "parts of a release"
    public = True
    authentication_classes = ()
    throttle_classes = (SignedThrottle,)

    @extend_schema(
        parameters=[shapes.SignedQuery], responses={(200, "*/*"): OpenApiTypes.BINARY}, auth=[]
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Download what a signed address opens; needs no token, and asks again who may."""
        signed = open_signed_text(self.query(shapes.SignedQuery)["key"])
        # The address is one reader's: no shared cache answers it after it died.
        offer = Offer(name=signed.name or signed.found.blob.oid, personal=True)
        return hand_out_object(
            cast("HttpRequest", request), signed.principal, signed.found, offer, door=Door.API
        )


class ReleaseFlavours(PartView):
    pagination_class = None
    write_scope = Token.Scope.READ

    @extend_schema(responses=shapes.FlavourOut(many=True))
    def get(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """List the forms in which the release's clips are made or being made."""
        release = self.open_named_release(Action.DOWNLOAD).release
        return Response(
            shapes.FlavourOut(list_flavour_states(release, request.user), many=True).data
        )

    @extend_schema(request=shapes.FlavourNew, responses={202: JobOut})
    @honour_idempotency_key
    def post(self, request: Request, organisation: str, name: str, version: str) -> Response:
        """Have clips made at another rate, as one channel, as FLAC or WAV; follow the job."""
        release = self.open_named_release(Action.DOWNLOAD).release
        wanted = self.body(shapes.FlavourNew)
        spec = Spec(wanted.pop("sample_rate", None), wanted.pop("mono"), wanted.pop("container"))
        asked = resolve_part_request(request.user, release, Selection.of(wanted))
        job = order_flavour(
            actor=self.user,
            release=release,
            spec=spec,
            selection=asked.selection,
            before=asked.before,
        )
        return Response(JobOut(job).data, status=202)
