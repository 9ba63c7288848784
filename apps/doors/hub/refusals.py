"""Refusals in the Hub's words: its clients tell them apart by headers (`X-Error-Code`)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from apps.access.authorizations import (
    AccessRefusedError,
    Code,
    ReleaseStoppedError,
    ReleaseUnknownError,
    SignInNeededError,
)
from apps.accounts.access import Principal
from apps.datasets.access import DatasetUnknownError
from apps.doors.credentials import TokenInvalidError, identify_principal
from apps.doors.hub.writers import CredentialsNeededError
from apps.doors.refusals import STATUS, format_reason_phrase
from apps.ingest.pushes import PushedFileUnknownError, PushRefusedError, PushStaleError
from apps.storage.errors import BlobDestroyedError
from datasets_catalog.errors import EarmarkError, Kind, NotFoundError

View = Callable[..., HttpResponseBase]
READING = {"GET", "HEAD"}
# Clients compare this text, and then do not take the refusal for a missing repository.
BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105 - a sentence
# Likewise: the client's DisabledRepoError.
DISABLED = "Access to this resource is disabled."
RETRY_SECONDS = 20


class RevisionUnknownError(NotFoundError):
    """The dataset has no such version, commit or branch."""

    code = "hub.revision_unknown"


class EntryUnknownError(NotFoundError):
    """The release has no such file; `commit` in the detail says which release was searched."""

    code = "hub.entry_unknown"


class SnapshotUnbuiltError(EarmarkError):
    """The release was published a moment ago, and its files are still being written."""

    code = "hub.snapshot_unbuilt"
    kind = Kind.UNAVAILABLE


def answer_as_hub(view: View) -> View:
    """Hand the view its principal, and translate the domain's errors."""
    return _build_door(view, identify_principal)


def answer_by_signature(view: View) -> View:
    """The same for a view that takes what was signed here instead of credentials."""
    return _build_door(view, lambda _: AnonymousUser())


def _build_door(view: View, asking: Callable[[HttpRequest], Principal]) -> View:

    @csrf_exempt
    @wraps(view)
    def answer_request(request: HttpRequest, **address: Any) -> HttpResponseBase:
        principal: Principal = AnonymousUser()
        try:
            principal = asking(request)
            response = view(request, principal, **address)
        except EarmarkError as problem:
            known = principal.is_authenticated
            dataset = address.get("dataset", "")
            response = (
                _refuse_read(problem, dataset, known=known)
                or (None if request.method in READING else _refuse_write(problem))
                or _refuse_otherwise(problem)
            )
        response.headers.setdefault("Cache-Control", "private, no-cache")
        response.headers["X-Request-Id"] = uuid.uuid4().hex
        return response

    return answer_request


def build_refusal(
    status: int,
    message: str,
    code: str = "",
    *,
    url: str = "",
    errors: Sequence[str] = (),
    **headers: str,
) -> JsonResponse:
    """An error as the Hub sends it: for the program in headers, for the reader in JSON.

    `url` is where the thing is that is there already; `errors` are several sentences for one.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if code:
        named["X-Error-Code"] = code
    body: dict[str, Any] = {"error": message}
    if url:
        body["url"] = url
    if errors:
        body["errors"] = [{"message": text} for text in errors]
    return JsonResponse(
        body,
        status=status,
        headers={
            "X-Error-Message": format_reason_phrase(message),
            "Cache-Control": "private, no-store",
            **named,
        },
    )


def _refuse_read(problem: EarmarkError, dataset: str, *, known: bool) -> JsonResponse | None:
    """What clients have errors of their own for."""
    match problem:
        case TokenInvalidError():
            return build_refusal(401, BAD_TOKEN)
        case ReleaseStoppedError():
            told = f"stopped; {format_reason_phrase(problem.message)}"
            return build_refusal(403, DISABLED, X_HF_Warning=told)
        case AccessRefusedError():
            status = 401 if isinstance(problem, SignInNeededError) else 403
            return build_refusal(status, _explain_gate(dataset, problem), "GatedRepo")
        case ReleaseUnknownError() | DatasetUnknownError():
            return build_refusal(404 if known else 401, "Repository not found", "RepoNotFound")
        case _:
            return None


def _refuse_otherwise(problem: EarmarkError) -> JsonResponse:
    if problem.kind is Kind.GONE:
        # The client replaces the message; the warning reaches the reader.
        return build_refusal(
            403, DISABLED, X_HF_Warning=f"withdrawn; {format_reason_phrase(problem.message)}"
        )
    code, headers = _name_error(problem)
    return build_refusal(STATUS[problem.kind], problem.message, code, **headers)


def _refuse_write(problem: EarmarkError) -> JsonResponse | None:
    """Statuses by which clients know what became of a push."""
    match problem:
        case BlobDestroyedError():
            return build_refusal(410, problem.message)
        case CredentialsNeededError():
            return build_refusal(401, problem.message)
        case PushStaleError():
            return build_refusal(412, problem.message)
        case PushedFileUnknownError():
            return build_refusal(404, problem.message, "EntryNotFound")
        case PushRefusedError():
            return build_refusal(400, problem.message, errors=problem.detail.get("errors", ()))
        case _:
            return None


def _name_error(problem: EarmarkError) -> tuple[str, dict[str, str]]:
    match problem:
        case RevisionUnknownError():
            return "RevisionNotFound", {}
        case EntryUnknownError():
            return "EntryNotFound", {"X_Repo_Commit": str(problem.detail["commit"])}
        case SnapshotUnbuiltError():
            return "", {"Retry_After": str(RETRY_SECONDS)}
        case _:
            return "", {}


def _explain_gate(dataset: str, problem: AccessRefusedError) -> str:
    """The sentence that clients look for, and what to do."""
    start = f"Access to dataset {dataset} is restricted"
    page = f"{settings.BASE_URL.rstrip('/')}/datasets/{dataset}"
    match problem.authorization.code:
        case Code.REQUEST_PENDING:
            return f"{start}. Your request to access it is awaiting a review from the repo authors."
        case Code.SIGN_IN:
            return f"{start}. Log in with a token of an account that was let in. Visit {page}"
        case (
            Code.NOT_CLEARED
            | Code.CONSENT_ENDED
            | Code.HELD_BACK
            | Code.TERRITORY
            | Code.PURPOSE_REFUSED
        ):
            return f"{start}. {problem.message}"
        case _:
            return (
                f"{start} and you are not in the authorized list."
                f" Visit {page} to ask for access. ({problem.message})"
            )
