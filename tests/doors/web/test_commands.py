"""What the pages say a reader can run, run as it is written there."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from apps.access.actions import grant_access
from apps.accounts.models import User
from apps.accounts.tokens import create_token
from apps.datasets.models import Dataset
from apps.packaging import statements
from apps.releases.models import Release
from tests.cast import Cast, assemble
from tests.doors.dvc.conftest import LiveServer
from tests.factories.drafts import OPEN_PURPOSES, make_published
from tests.factories.jobs import work_off
from tests.factories.published import set_access

pytestmark = pytest.mark.timeout(600)
BLOCK = re.compile(r"<h3>([^<]+)</h3>(?:(?!<h3>).)*?<pre[^>]*><code>(.*?)</code></pre>", re.DOTALL)
LINK = re.compile(r'<a href="([^"]+/archive/)"')
HEAD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
EVERYWHERE = ["REST", "earmark", "DVC", "DVC, one file", "DVC project", "git and DVC"]
EVERYWHERE += ["Hugging Face Hub", "huggingface_hub", "datasets", "Croissant"]


@dataclass(frozen=True, slots=True)
class Place:
    """A live server with one published release, and a folder where commands are run."""

    url: str
    cast: Cast
    release: Release
    work: Path

    def page(self, path: str, user: User | None) -> str:
        client = Client()
        if user is not None:
            client.force_login(user)
        answer = client.get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def commands(self, path: str, user: User | None) -> dict[str, str]:
        found = BLOCK.findall(self.page(path, user))
        return {html.unescape(door): html.unescape(text) for door, text in found}

    def run(self, text: str, name: str, token: str = "") -> str:
        home, folder = self.work / "home", self.work / re.sub(r"\W", "-", name)
        home.mkdir(exist_ok=True)
        folder.mkdir()
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "DVC_NO_ANALYTICS": "1",
            "DVC_SITE_CACHE_DIR": str(home / "site"),
            "GIT_TERMINAL_PROMPT": "0",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            **({"EARMARK_TOKEN": token} if token else {}),
        }
        if name == "DVC project":
            text = f"git init -q . && dvc init -q\n{text}"
        done = subprocess.run(
            ["sh", "-ec", text],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{name}: {text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def place(
    transactional_db: None, live_server: LiveServer, settings: Settings, tmp_path: Path
) -> Place:
    settings.BASE_URL = live_server.url
    cast = assemble()
    (tmp_path / "material").mkdir()
    (tmp_path / "work").mkdir()
    release = make_published(cast, tmp_path / "material", purposes=OPEN_PURPOSES)
    work_off()
    grant_access(
        actor=cast.ada,
        dataset=release.dataset,
        holder=cast.dan,
        purposes=["research.noncommercial"],
    )
    return Place(live_server.url, cast, release, tmp_path / "work")


def check(place: Place, user: User | None, token: str = "") -> None:
    path = "/datasets/acme/tones/releases/1.0.0/"
    commands = place.commands(path, user)
    assert [door for door in commands if door in EVERYWHERE] == EVERYWHERE
    assert ("Sign in" in commands) is bool(token)
    assert "emk_" not in place.page(path, user)
    assert place.commands("/datasets/acme/tones/", user) == commands
    printed = {
        door: place.run(text, door, token)
        for door, text in commands.items()
        if door in {*EVERYWHERE, "Sign in"}
    }
    assert (place.work / "REST/tones-1.0.0.tar").is_file()
    assert (place.work / "earmark/tones-1.0.0/audio/field/003.wav").is_file()
    assert (place.work / "DVC/tones/audio/field/003.wav").is_file()
    assert (place.work / "git-and-DVC/tones/data/audio/field/003.wav").is_file()
    assert printed["Croissant"].strip() == "4"
    assert Path(printed["huggingface_hub"].strip(), "README.md").is_file()
    assert "num_rows: 2" in printed["datasets"]


def test_every_command_of_an_open_dataset_runs_without_a_token(place: Place) -> None:
    set_access(Dataset.Access.OPEN)
    check(place, None)
    link = LINK.search(place.page("/datasets/acme/tones/releases/1.0.0/", None))
    assert link is not None
    assert Client().get(link[1].removeprefix(place.url)).status_code == 200


def test_every_command_of_a_gated_dataset_runs_with_the_token_alone(place: Place) -> None:
    token = create_token(actor=place.cast.dan, name="laptop").text
    check(place, place.cast.dan, token)
    link = LINK.search(place.page("/datasets/acme/tones/releases/1.0.0/", place.cast.dan))
    assert link is not None
    person = Client()
    assert person.get(link[1].removeprefix(place.url)).status_code == 401
    person.force_login(place.cast.dan)
    assert person.get(link[1].removeprefix(place.url)).status_code == 200


@pytest.mark.parametrize("path", ["", "releases/1.0.0/"])
def test_the_head_of_a_page_describes_the_release(
    place: Place, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a release of which no statement was kept: it is described as its dataset is now.
    monkeypatch.setattr(statements, "_find_kept_statement", lambda release: None)
    monkeypatch.setattr(statements, "load_release_about", lambda release: None)
    Dataset.objects.update(description="</script><script>alert(1)</script> & more")
    for user, has_files in ((None, False), (place.cast.eve, False), (place.cast.dan, True)):
        head = HEAD.findall(place.page(f"/datasets/acme/tones/{path}", user))
        assert len(head) == 1
        described = json.loads(head[0])
        assert described["identifier"]["value"] == place.release.root
        assert described["description"]["en"].startswith("</script>")
        assert ("recordSet" in described) is has_files
        assert ("contentUrl" in head[0]) is has_files
        refusal = "Not yours to take yet." in place.page(f"/datasets/acme/tones/{path}", user)
        assert refusal is not has_files
