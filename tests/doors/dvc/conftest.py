"""A live server with a gated dataset of two versions, and the clients' command lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from pytest_django import Settings

from apps.access.actions import grant_access
from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from apps.releases.models import Release
from tests.cast import Cast, assemble
from tests.factories.published import make_dataset, publish_tree

FIRST = {
    "audio/a/wren.wav": b"wren",
    "audio/b caf\u00e9.wav": b"robin" * 1000,
    "audio/owl.wav": b"owl",
    "clips.parquet": b"PAR1",
}
SECOND = {**FIRST, "audio/owl.wav": b"another owl", "audio/jay.wav": b"jay"}


class LiveServer(Protocol):
    url: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where it is served, who is there, and what was published."""

    url: str
    cast: Cast
    dataset: Dataset
    releases: list[Release]

    def git(self, dataset: str = "acme/birds") -> str:
        return f"{self.url}/git/{dataset}.git"

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


@pytest.fixture
def site(transactional_db: None, live_server: LiveServer, settings: Settings) -> Site:
    settings.BASE_URL = live_server.url
    cast = assemble()
    dataset = make_dataset(cast.acme, cast.ada)
    releases = [
        publish_tree(dataset, version, tree)
        for version, tree in (("1.0.0", FIRST), ("1.1.0", SECOND))
    ]
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    return Site(live_server.url, cast, dataset, releases)


def token_of(user: User) -> str:
    return create_token(actor=user, name="laptop").text


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    text: str


Shell = Callable[..., Done]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Runs commands as a person with an empty home and the `dvc` beside this Python."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "DVC_NO_ANALYTICS": "1",
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }

    def run(*command: str | Path, cwd: Path = home, fails: bool = False) -> Done:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        text = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{command}\n{text}"
        return Done(done.returncode, text)

    return run


def read_folder(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts and ".dvc" not in path.parts
    }
