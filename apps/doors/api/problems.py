"""What a refusal looks like: RFC 9457 problem details with the domain's code."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

from apps.access.authorizations import SignInNeededError
from apps.doors.api.authentication import CHALLENGE
from datasets_catalog.errors import EarmarkError, InvalidError, Kind, NotFoundError

MEDIA_TYPE = "application/problem+json"

STATUS_OF_KIND: dict[Kind, HTTPStatus] = {
    Kind.INVALID: HTTPStatus.BAD_REQUEST,
    Kind.DENIED: HTTPStatus.FORBIDDEN,
    Kind.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.GONE: HTTPStatus.GONE,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


class AddressUnknownError(NotFoundError):
    """No resource answers at this address."""

    code = "request.address_unknown"


class BodyTornError(InvalidError):
    """The connection ended before the body did."""

    code = "request.body_torn"


class BodyTooLargeError(InvalidError):
    """The body is larger than this address takes."""

    code = "request.body_too_large"


def build_problem(
    status: int, code: str, detail: str, *, context: Mapping[str, Any] | None = None, **more: Any
) -> Response:
    """Build an answer that says no: a code for machines, a sentence for people."""
    body = {
        "type": f"urn:earmark:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": detail,
        "context": dict(context or {}),
        **more,
    }
    return Response(body, status=status, content_type=MEDIA_TYPE)


def handle_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler; None for what nobody foresaw, which stays a 500 and a log entry."""
    return _translate_error(_convert_known_error(error))


def _convert_known_error(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, UnreadablePostError):
        return BodyTornError("The connection ended before the body did: send it again.")
    if isinstance(error, RequestDataTooBig):
        return BodyTooLargeError("The body is too large: send it in smaller batches.")
    return error


def _translate_error(error: Exception) -> Response | None:
    if isinstance(error, SignInNeededError):
        return _ask_for_sign_in(error)
    if isinstance(error, EarmarkError):
        return build_problem(
            STATUS_OF_KIND[error.kind], error.code, error.message, context=error.detail
        )
    if isinstance(error, exceptions.ValidationError):
        return _describe_fields(error)
    if isinstance(error, exceptions.APIException):
        return _describe_refusal(error)
    return None


def _ask_for_sign_in(error: SignInNeededError) -> Response:
    response = build_problem(HTTPStatus.UNAUTHORIZED, error.code, error.message)
    response.headers["WWW-Authenticate"] = CHALLENGE
    return response


def _describe_fields(error: exceptions.ValidationError) -> Response:
    errors = list(_walk_details(error.get_full_details(), ""))
    first = errors[0]
    where = f"{first['field']}: " if first["field"] else ""
    return build_problem(
        HTTPStatus.BAD_REQUEST, "request.invalid", f"{where}{first['message']}", errors=errors
    )


def _walk_details(details: Any, field: str) -> Iterator[dict[str, str]]:
    """Every message with the path of its field, such as `rows.3.sha256`."""
    if isinstance(details, dict) and {"message", "code"} == details.keys():
        yield {"field": field, "code": str(details["code"]), "message": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            step = "" if name == "non_field_errors" else str(name)
            yield from _walk_details(inner, ".".join(part for part in (field, step) if part))
    else:
        for position, inner in enumerate(details):
            nested = isinstance(inner, dict) and {"message", "code"} != inner.keys()
            yield from _walk_details(inner, f"{field}.{position}" if nested else field)


def _describe_refusal(error: exceptions.APIException) -> Response:
    code = error.get_codes()
    response = build_problem(error.status_code, f"request.{code}", str(error.detail))
    challenge = getattr(error, "auth_header", None)
    if challenge:
        response.headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait:
        response.headers["Retry-After"] = str(int(wait) + 1)
    return response
