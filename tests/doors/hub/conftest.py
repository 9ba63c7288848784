"""A live server with a gated dataset of two real releases, and the Hub's own client."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from huggingface_hub import HfApi
from pytest_django import Settings

from apps.access.actions import grant_access
from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.actions import remove_clips
from apps.datasets.models import Dataset
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from tests.cast import Cast, assemble
from tests.doors.hub.pushing import PushSite
from tests.factories.drafts import OPEN_PURPOSES, approve, make_draft, make_release
from tests.factories.jobs import work_off
from tests.factories.published import set_access


class LiveServer(Protocol):
    url: str


@dataclass(frozen=True, slots=True)
class HubSite:
    """Where it is served, who is there, and what was published."""

    url: str
    cast: Cast
    dataset: Dataset
    releases: list[Release]

    def api(self, user: User | None) -> HfApi:
        return HfApi(endpoint=self.url, token=token_of(user) if user else False)


def token_of(user: User) -> str:
    return create_token(actor=user, name="laptop").text


def publish_two(cast: Cast, folder: Path) -> list[Release]:
    """Two releases of acme/tones: the second lacks a clip of the test split."""
    dataset = make_draft(cast, folder)
    first = make_release(cast, dataset, purposes=OPEN_PURPOSES)
    first = publish_release_here(actor=cast.rita, release=approve(cast, first))
    remove_clips(actor=cast.ada, dataset=dataset, paths=["field/003.wav"])
    dataset.refresh_from_db()
    release = make_release(cast, dataset, "1.1.0", OPEN_PURPOSES)
    return [first, publish_release_here(actor=cast.rita, release=approve(cast, release))]


@pytest.fixture
def hub_site(
    transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> HubSite:
    settings.BASE_URL = live_server.url
    cast = assemble()
    (tmp_path / "material").mkdir()
    releases = publish_two(cast, tmp_path / "material")
    work_off()
    dataset = releases[0].dataset
    grant_access(
        actor=cast.ada, dataset=dataset, holder=cast.dan, purposes=["research.noncommercial"]
    )
    return HubSite(live_server.url, cast, dataset, releases)


@pytest.fixture
def open_hub(hub_site: HubSite) -> HubSite:
    set_access(Dataset.Access.OPEN)
    return hub_site


RunPython = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def elsewhere(tmp_path: Path) -> RunPython:
    """Runs Python or a command as a person whose only setting is HF_ENDPOINT."""
    home = tmp_path / "hf"

    def run(
        *command: str, url: str, token: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "HF_HOME": str(home),
            "HF_ENDPOINT": url,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "LC_ALL": "C.UTF-8",
            **more,
        }
        if token:
            environment["HF_TOKEN"] = token
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=200
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def push_site(transactional_db: None, live_server: LiveServer, tmp_path: Path) -> PushSite:
    (tmp_path / "material").mkdir()
    return PushSite(live_server.url, assemble(), tmp_path / "material")
