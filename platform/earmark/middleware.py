"""Headers every answer carries, and addresses that no door answers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

POLICY = (
    "default-src 'self'; "
    "img-src 'self' data:; "
    "media-src 'self' blob:; "
    "object-src 'none'; "
    "base-uri 'self'; "
    "form-action 'self'; "
    "frame-ancestors 'none'"
)
# The offline API reference (Swagger UI, ReDoc) writes its own inline script and styles.
REFERENCE_POLICY = POLICY + "; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'"
REFERENCE_PATHS = ("/api/v1/docs/", "/api/v1/redoc/")

Handler = Callable[[HttpRequest], HttpResponse]


def add_security_headers(get_response: Handler) -> Handler:
    """A content security policy without inline code, and no guessing of types."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = REFERENCE_POLICY if request.path.startswith(REFERENCE_PATHS) else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault(
            "Permissions-Policy", "microphone=(), camera=(), geolocation=()"
        )
        return response

    return answer


def refuse_null_bytes(get_response: Handler) -> Handler:
    """PostgreSQL keeps no NUL in a text: an address with one names nothing, and is refused."""

    def answer(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("An address cannot hold a null byte.\n")
        return get_response(request)

    return answer


def empty_heads(get_response: Handler) -> Handler:
    """An answer to HEAD says how long the body would be and has none; servers warn otherwise."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method == "HEAD" and not response.streaming and response.content:
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response

    return answer
