"""When to ask git and DVC for credentials, and what to tell them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from apps.access.authorizations import SignInNeededError
from apps.accounts.access import Principal
from apps.doors.credentials import TokenInvalidError, identify_principal
from apps.doors.refusals import answer_problem, build_refusal
from datasets_catalog.errors import EarmarkError, Kind

View = Callable[..., HttpResponseBase]
MISSING = "No such dataset, or it needs a sign-in: give a token of your account as the password."


def authenticate_client(door: View) -> View:
    """Hand the view its principal, and translate the domain's errors.

    Nobody is told 401 wherever signing in could help, also where there is nothing at all: git
    asks for credentials only then, and the two cases look the same.
    """

    @wraps(door)
    def view(request: HttpRequest, **address: Any) -> HttpResponseBase:
        principal: Principal | None = None
        try:
            principal = identify_principal(request)
            return door(request, principal, **address)
        except (SignInNeededError, TokenInvalidError) as problem:
            return _build_challenge(problem.message)
        except EarmarkError as problem:
            if (
                problem.kind is Kind.NOT_FOUND
                and not _is_known(principal)
                and _may_hide_dataset(problem)
            ):
                return _build_challenge(MISSING)
            return answer_problem(problem)

    return view


def _is_known(principal: Principal | None) -> bool:
    return principal is not None and principal.is_authenticated


def _may_hide_dataset(problem: EarmarkError) -> bool:
    """An object unknown in a dataset that is open may be told to anybody."""
    return problem.code != "object.unknown"


def _build_challenge(message: str) -> HttpResponse:
    response = build_refusal(message, 401)
    response.headers["WWW-Authenticate"] = 'Basic realm="Earmark", charset="UTF-8"'
    return response
