"""The read-only DVC remote: objects by their md5."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.access.access import open_object
from apps.accounts.access import Principal
from apps.doors.blob_responses import Offer
from apps.doors.dvc.authentication import authenticate_client
from apps.doors.object_handouts import Door, hand_out_object
from apps.doors.refusals import build_refusal


@csrf_exempt
@authenticate_client
def serve_object(
    request: HttpRequest, principal: Principal, dataset: str, address: str
) -> HttpResponseBase:
    """`ab/cdef…` as DVC asks for it: by GET (`dvc get` does so twice) and by HEAD."""
    if request.method not in {"GET", "HEAD"}:
        response = build_refusal("This remote is read-only: change the dataset on its page.", 405)
        response.headers["Allow"] = "GET, HEAD"
        return response
    found = open_object(principal, dataset, address.replace("/", ""))
    # DVC's HTTP client sends its credentials along to wherever it is redirected.
    offer = Offer(name=found.blob.oid, may_redirect=False)
    return hand_out_object(request, principal, found, offer, door=Door.DVC)
