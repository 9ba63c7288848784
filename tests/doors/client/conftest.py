"""The `earmark` command as a person calls it, against a live server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from apps.access.actions import grant_access
from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from apps.releases.models import Release
from earmark.client.main import main
from tests.cast import Cast, assemble
from tests.doors.dvc.conftest import LiveServer
from tests.factories.drafts import OPEN_PURPOSES, make_published

NAME = "acme/tones"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where it is served, who is there, and a gated release of four clips."""

    url: str
    cast: Cast
    release: Release

    @property
    def dataset(self) -> Dataset:
        return self.release.dataset


@pytest.fixture
def desk(
    transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> Desk:
    settings.BASE_URL = live_server.url
    cast = assemble()
    (tmp_path / "material").mkdir()
    release = make_published(cast, tmp_path / "material", purposes=OPEN_PURPOSES)
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )
    return Desk(live_server.url, cast, release)


def token_of(user: User, scope: str = Token.Scope.READ) -> str:
    return create_token(actor=user, name="laptop", scope=scope).text


@dataclass(frozen=True, slots=True)
class Said:
    """How a call ended and what it printed."""

    code: int
    out: str
    error: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Said]


@pytest.fixture
def earmark(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Calls the command as somebody with an empty home; `token` goes into the environment."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "EARMARK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EARMARK_URL", desk.url)
    monkeypatch.chdir(tmp_path)

    def call(*words: str | Path, token: str = "") -> Said:
        if token:
            monkeypatch.setenv("EARMARK_TOKEN", token)
        else:
            monkeypatch.delenv("EARMARK_TOKEN", raising=False)
        capsys.readouterr()
        code = main([str(word) for word in words])
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call
