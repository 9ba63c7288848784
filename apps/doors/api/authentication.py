"""Who calls: a token in the Authorization header."""

from typing import NoReturn, cast

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import Token, User
from apps.accounts.tokens import fetch_token

SCHEME = b"bearer"
CHALLENGE = 'Bearer realm="earmark"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer emk_…`; `request.auth` is the token's row.

    A token that is wrong, over or revoked is refused rather than read as nobody: a program whose
    key expired should learn so.
    """

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        scheme, _, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != SCHEME:
            return None
        try:
            token = fetch_token(text.strip().decode("ascii"))
        except UnicodeDecodeError:
            token = None
        if token is None:
            _refuse_token()
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


def read_token(request: Request) -> Token | None:
    """Return the token of the request; None for a person signed in on the pages, or nobody."""
    return cast("Token | None", request.auth)


def _refuse_token() -> NoReturn:
    raise AuthenticationFailed(
        "This token is unknown, expired or revoked: make a new one on your account page.",
        code="token_invalid",
    )
