"""Who a request comes from: a token as Bearer or as the password of Basic, or a session."""

from __future__ import annotations

import base64
import binascii

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from apps.accounts.access import Principal
from apps.accounts.models import Token
from apps.accounts.tokens import fetch_token
from datasets_catalog.errors import DeniedError


class TokenInvalidError(DeniedError):
    """Credentials were sent and are no good; they are never read as nobody's."""

    code = "access.token_invalid"

    def __init__(self) -> None:
        super().__init__(
            "This token is unknown, expired or revoked: make a new one on your account page."
        )


def identify_principal(request: HttpRequest) -> Principal:
    """The user of the token, else of the session, else nobody; raises TokenInvalidError."""
    token = read_token(request)
    if token is not None:
        return token.user
    user: Principal = getattr(request, "user", None) or AnonymousUser()
    return user


def read_token(request: HttpRequest) -> Token | None:
    """The token sent along; None where no credentials are, TokenInvalidError where bad ones are.

    git and DVC send a token as the password, with any user name; `https://TOKEN@host` sends it
    as the user name without a password.
    """
    header = request.headers.get("Authorization", "")
    if not header:
        return None
    # npm's client of the Hub takes no token that does not begin so.
    token = fetch_token(_parse_token(header).removeprefix("hf_"))
    if token is None:
        raise TokenInvalidError
    return token


def _parse_token(header: str) -> str:
    scheme, _, value = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return value.strip()
        case "basic":
            return _parse_password(value)
        case _:
            return ""


def _parse_password(value: str) -> str:
    try:
        name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password or name
