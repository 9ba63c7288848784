"""Callers of the REST door."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from tests.cast import Cast
from tests.doors.api.world import World, make_world
from tests.stand_ins.hub.handle import running_hub


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


@pytest.fixture
def world(cast: Cast, tmp_path: Path) -> Iterator[World]:
    """One of everything, with a hub to publish to."""
    with running_hub(tmp_path / "hub") as hub:
        yield make_world(cast, tmp_path, hub)
