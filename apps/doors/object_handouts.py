"""Handing out: what every door does once somebody may have bytes. Receipt, cache headers, bytes."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from django.http import HttpRequest, HttpResponseBase

from apps.access.access import OpenObject, OpenRelease
from apps.access.authorizations import Binding
from apps.access.receipts import record_receipt
from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.models import Clip
from apps.deliveries.parts import Part
from apps.doors.blob_responses import Offer, has_whole_blob, serve_blob
from apps.doors.part_responses import serve_part
from apps.releases.stops import require_hearable
from apps.review.playback_records import note_playback


class Door(StrEnum):
    """The doors that give out bytes, as receipts name them."""

    API = "api"
    DVC = "dvc"
    HUB = "hub"


def hand_out_object(
    request: HttpRequest, principal: Principal, found: OpenObject, offer: Offer, *, door: Door
) -> HttpResponseBase:
    """The answer to a GET or HEAD for an object that was opened for the principal.

    The receipt is written before the first byte goes, and for GET alone: by HEAD nothing is taken.
    Shared caches may keep what everyone may have, unless the offer is for one reader.
    """
    if request.method == "GET":
        record_receipt(
            principal, found.release, found.authorization, door=door, taken=found.blob.oid
        )
    public = not offer.personal and found.authorization.binding is Binding.OPEN
    return serve_blob(request, found.blob, replace(offer, public=public))


def hand_out_part(
    request: HttpRequest, principal: Principal, found: OpenRelease, part: Part, *, door: Door
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a part's tar; a receipt counts its clips once they go."""
    response = serve_part(request, part)
    if response.streaming:
        record_receipt(principal, found.release, found.authorization, door=door, objects=part.clips)
    return response


def hand_out_draft_clip(
    request: HttpRequest, listener: User, clip: Clip, offer: Offer
) -> HttpResponseBase:
    """The answer to a GET or HEAD for a clip of the draft, for who works on its dataset.

    Whoever got all of it is taken to have heard it. Raises what `require_hearable` does.
    """
    require_hearable(listener, clip)
    response = serve_blob(request, clip.blob, offer)
    if has_whole_blob(request, response):
        note_playback(
            actor=listener,
            dataset=clip.dataset,
            content=clip.blob.sha256,
            onset=0.0,
            offset=clip.duration,
        )
    return response
