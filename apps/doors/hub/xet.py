"""Large files by Xet: tokens, and a store of chunks that knows one dataset at a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.accounts.access import Principal
from apps.doors.hub import push_passes
from apps.doors.hub.drafts import refuse_other_branches
from apps.doors.hub.refusals import answer_as_hub, answer_by_signature, build_refusal
from apps.doors.hub.request_bodies import Body
from apps.doors.hub.writers import require_draft
from apps.ingest.xet_store import put_xorb, request_sweep, take_shard

PURPOSE = "xet"
UNKNOWN = "Nothing is known of these chunks."


@answer_as_hub
def issue_write_token(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """Where to send chunks, and the token that takes them for an hour."""
    user, row = require_draft(principal, dataset)
    refuse_other_branches(revision)
    request_sweep()
    # Clients remember by this address which xorbs they sent: it changes before those are cleared.
    day = f"{datetime.now(UTC):%Y%m%d}-{row.uid.hex[:8]}"
    address = request.build_absolute_uri(f"/xet/{row.full_name}/{day}")
    token = push_passes.issue_pass(PURPOSE, user, row)
    until = int(time.time() + push_passes.LIFETIME.total_seconds())
    return JsonResponse(
        {"casUrl": address, "exp": until, "accessToken": token},
        headers={
            "X-Xet-Cas-Url": address,
            "X-Xet-Access-Token": token,
            "X-Xet-Token-Expiration": str(until),
        },
    )


def _open_request_pass(request: HttpRequest, dataset: str) -> push_passes.Pass:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    opened = push_passes.open_pass(PURPOSE, text.strip() if scheme.lower() == "bearer" else "")
    if opened.dataset.full_name != dataset:
        raise push_passes.PassInvalidError
    return opened


@answer_by_signature
def receive_xorb(
    request: HttpRequest, principal: Principal, dataset: str, name: str
) -> HttpResponseBase:
    """Keep packed chunks under the hash of their hashes."""
    if request.method != "POST":
        return build_refusal(404, UNKNOWN)
    opened = _open_request_pass(request, dataset)
    fresh = put_xorb(actor=opened.user, dataset=opened.dataset, name=name, stream=Body(request))
    return JsonResponse({"was_inserted": fresh})


@answer_by_signature
def receive_shard(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Make files of chunks that arrived."""
    if request.method != "POST":
        return build_refusal(405, "Send the shard by POST.")
    opened = _open_request_pass(request, dataset)
    take_shard(actor=opened.user, dataset=opened.dataset, stream=Body(request))
    return JsonResponse({"result": 1})


@answer_by_signature
def refuse_unknown_chunks(
    request: HttpRequest, principal: Principal, dataset: str
) -> HttpResponseBase:
    """Chunks elsewhere are nobody's business, and newer ways of sending are not spoken."""
    return build_refusal(404, UNKNOWN)
