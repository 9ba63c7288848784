"""Error pages: what happened, and what to do now."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode

from apps.access.authorizations import ReleaseStoppedError
from apps.releases.errors import StoppedError
from datasets_catalog.errors import EarmarkError, Kind

STATUS = {
    Kind.INVALID: 400,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.UNAVAILABLE: 503,
}


@dataclass(frozen=True)
class ErrorWords:
    """The words of an error page."""

    title: str
    text: str
    advice: str


WORDS = {
    400: ErrorWords(
        "That request did not make sense",
        "Something in the address or the form was not what this page expects.",
        "Go back, check what you entered, and try again.",
    ),
    403: ErrorWords(
        "Not yours to do",
        "Your roles do not include this.",
        "An owner of the organisation can give you the role that does.",
    ),
    404: ErrorWords(
        "Nothing here",
        "There is no such page, or you may not know of it.",
        "Check the address, search the datasets, or sign in if you have not.",
    ),
    409: ErrorWords(
        "Not in this state",
        "The state of things does not allow this now.",
        "Go back and reload the page to see what changed.",
    ),
    410: ErrorWords(
        "Withdrawn",
        "This was here and was taken back.",
        "The dataset's page names the version that replaced it.",
    ),
    500: ErrorWords(
        "We broke something",
        "This is our fault, and nothing of what you sent was half done.",
        "Try again in a minute. If it stays, tell the operators the time shown below.",
    ),
    503: ErrorWords(
        "Out of reach just now",
        "A part this page needs does not answer.",
        "Try again in a minute.",
    ),
}


def render_error(
    request: HttpRequest, status: int, message: str = "", code: str = ""
) -> HttpResponse:
    words = WORDS[status]
    if getattr(request, "htmx", False):
        return HttpResponse(
            message or words.text, content_type="text/plain; charset=utf-8", status=status
        )
    context = {"status": status, "words": words, "message": message, "code": code}
    return render(request, "web/errors/error.html", context, status=status)


def render_problem(request: HttpRequest, problem: EarmarkError) -> HttpResponse:
    """The page of a domain error; somebody not signed in is asked to sign in first."""
    status = STATUS[problem.kind]
    user = getattr(request, "user", None)
    helps = not isinstance(problem, ReleaseStoppedError | StoppedError)
    if problem.kind == Kind.DENIED and helps and user is not None and not user.is_authenticated:
        target = urlencode({"next": request.get_full_path()})
        response = redirect(f"{reverse('web:sign_in')}?{target}")
        patch_vary_headers(response, ["Cookie"])
        return response
    return render_error(request, status, problem.message, problem.code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render_error(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Rendered without the database or the session, either of which may be what broke."""
    return render(request, "web/errors/500.html", {"words": WORDS[500]}, status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render_error(
        request,
        403,
        "The form was open for too long, or cookies are off. Go back, reload the page and send it"
        " again.",
        "csrf",
    )
