"""Callers of the REST door."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token


class Client(APIClient):
    """Sends JSON unless told otherwise."""

    default_format = "json"


Caller = Callable[..., Client]


@pytest.fixture
def call() -> Caller:
    """Give a client that calls with a fresh token of the user; nobody's without one."""

    def caller(user: User | None = None, scope: str = Token.Scope.ADMIN) -> Client:
        client = Client()
        if user is not None:
            token = create_token(actor=user, name="test", scope=scope)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.text}")
        return client

    return caller
