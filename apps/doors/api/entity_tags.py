"""Answers that need not be sent again: ETag and If-None-Match."""

import hashlib
from typing import cast

from django.http import HttpRequest
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from rest_framework.request import Request
from rest_framework.response import Response


def apply_entity_tag(request: Request, response: Response) -> Response:
    """Give the answer an ETag of its content, or answer 304 if the caller has just that.

    What a caller sees depends on who asks, so caches in between may not keep it.
    """
    response.render()
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    if not response.headers.get("Cache-Control"):
        patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie"])
    # Typed as Django's plain response, which a 304 without a body is.
    return cast(
        "Response",
        get_conditional_response(cast("HttpRequest", request), etag=etag, response=response),
    )
