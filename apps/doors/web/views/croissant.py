"""The description of a release in Croissant, for programs that sign in by a header."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from apps.access.authorizations import SignInNeededError
from apps.doors.credentials import TokenInvalidError, identify_principal
from apps.doors.croissant_description import describe_release
from apps.doors.refusals import answer_problem, build_refusal
from apps.packaging.croissant import MEDIA_TYPE
from datasets_catalog.errors import EarmarkError

UNAUTHORIZED = 401


@require_safe
def serve_description(request: HttpRequest, organisation: str, name: str) -> HttpResponse:
    """`?revision=` is a tag, a version, a commit or `main`; without it, the newest version."""
    revision = request.GET.get("revision", "")
    try:
        _, text = describe_release(identify_principal(request), f"{organisation}/{name}", revision)
    except (SignInNeededError, TokenInvalidError) as problem:
        response = build_refusal(problem.message, UNAUTHORIZED)
        response.headers["WWW-Authenticate"] = 'Basic realm="Earmark", charset="UTF-8"'
        return response
    except EarmarkError as problem:
        return answer_problem(problem)
    response = HttpResponse(text, content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "private, no-cache"
    patch_vary_headers(response, ["Authorization", "Cookie"])
    return response
