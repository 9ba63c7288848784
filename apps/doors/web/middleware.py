"""How the errors of the domain look on a page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.doors.web.views.errors import render_problem
from datasets_catalog.errors import EarmarkError

Handler = Callable[[HttpRequest], HttpResponse]


class ShowErrors:
    """Turns an `EarmarkError` that a page's view lets fly into an error page.

    The other doors translate errors themselves, so none of theirs comes by here.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if not isinstance(problem, EarmarkError) or request.path.startswith("/api/"):
            return None
        return render_problem(request, problem)


show_errors = ShowErrors
