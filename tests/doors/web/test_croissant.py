"""Releases described in Croissant, read by mlcroissant through us."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
import requests
from django.test import Client
from mlcroissant import GenerationError

from apps.access.actions import revoke_access
from apps.accounts.models import User
from apps.datasets.models import Dataset
from datasets_catalog.release_states import ReleaseState
from tests.doors.client.conftest import Desk, desk, token_of
from tests.factories.published import set_access, walk

__all__ = ["desk"]
pytestmark = [
    # mlcroissant still uses what rdflib and pandas are retiring.
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword:pandas.errors.Pandas4Warning"),
]
PATH = "/datasets/acme/tones/croissant.json"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where mlcroissant keeps what it fetched; nobody's netrc is read."""
    kept = tmp_path / "croissant"
    monkeypatch.setattr("mlcroissant._src.core.constants.DOWNLOAD_PATH", kept)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NETRC", raising=False)
    return kept


def records(source: str, name: str) -> list[dict[str, Any]]:
    dataset = mlcroissant.Dataset(jsonld=source)
    return [_plain(row) for row in dataset.records(name)]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name.partition("/")[2]: value.decode() if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def refused(file: Path) -> str:
    """Why mlcroissant could not read the clips."""
    with pytest.raises(GenerationError) as problem:
        records(str(file), "clips")
    return str(problem.value.__cause__)


def expected(desk: Desk) -> dict[str, str]:
    return dict(desk.dataset.clips.values_list("path", "blob__sha256"))


def linked(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (file for file in described.get("distribution", ()) if "contentUrl" in file)


def as_text(desk: Desk, user: User | None, query: str = "") -> requests.Response:
    headers = {"Authorization": f"Bearer {token_of(user)}"} if user else {}
    return requests.get(f"{desk.url}{PATH}{query}", headers=headers, timeout=20)


def test_an_open_release_loads_by_its_address_alone(desk: Desk) -> None:
    set_access(Dataset.Access.OPEN)
    source = f"{desk.url}{PATH}?revision=v1.0.0"
    clips = records(source, "clips")
    assert {row["path"]: row["sha256"] for row in clips} == expected(desk)
    events = records(source, "events")
    paths = {row["clip_id"]: row["path"] for row in clips}
    assert {(paths[row["clip_id"]], row["label"]) for row in events} == {
        (f"field/{number:03d}.wav", f"tone-{number % 3}") for number in range(4)
    }


def test_a_gated_release_loads_with_the_token(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(desk.cast.dan)
    file = tmp_path / "described.json"
    file.write_text(as_text(desk, desk.cast.dan).text)
    assert "401" in refused(file)
    monkeypatch.setenv("CROISSANT_BASIC_AUTH_USERNAME", "dan")
    monkeypatch.setenv("CROISSANT_BASIC_AUTH_PASSWORD", token)
    assert {row["path"] for row in records(str(file), "clips")} == set(expected(desk))
    revoke_access(actor=desk.cast.ada, dataset=desk.dataset, holder=desk.cast.dan)
    assert list(linked(as_text(desk, desk.cast.dan).json())) == []


def test_netrc_signs_in_for_the_description_too(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text(f"machine localhost login dan password {token_of(desk.cast.dan)}\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert len(records(f"{desk.url}{PATH}?revision=v1.0.0", "clips")) == 4


def test_the_checksums_are_those_of_our_files(desk: Desk, tmp_path: Path) -> None:
    set_access(Dataset.Access.OPEN)
    described = as_text(desk, None).json()
    files = list(linked(described))
    assert {file["name"]["en"] for file in files} == {"data/clips.parquet", "data/events.parquet"}
    for file in files:
        content = requests.get(file["contentUrl"], timeout=20).content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert file["contentSize"] == f"{len(content)} B"
        file["sha256"] = "0" * 64
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps(described))
    assert "Hash of downloaded file" in refused(wrong)


def test_who_may_not_have_the_files_gets_no_address_of_one(desk: Desk) -> None:
    for user in (None, desk.cast.eve):
        described = as_text(desk, user).json()
        assert described["identifier"]["value"] == desk.release.root
        assert "recordSet" not in described
        assert list(linked(described)) == []
        assert "given on request" in described["conditionsOfAccess"]
    assert len(list(linked(as_text(desk, desk.cast.dan).json()))) == 2
    assert as_text(desk, None).headers["Content-Type"].startswith("application/ld+json")


def test_a_revision_is_a_tag_a_version_a_commit_or_main(desk: Desk) -> None:
    commit = desk.release.dvc_commit
    for revision in ("v1.0.0", "1.0.0", commit, "main", ""):
        answer = as_text(desk, desk.cast.dan, f"?revision={revision}")
        assert answer.json()["version"] == "1.0.0", revision
    for revision in ("v9.9.9", "0" * 40, "nonsense", "v1.0"):
        assert as_text(desk, desk.cast.dan, f"?revision={revision}").status_code == 404


def test_what_is_hidden_or_gone_says_what_every_door_says(desk: Desk) -> None:
    bad = {"Authorization": "Bearer emk_nonsense"}
    assert requests.get(f"{desk.url}{PATH}", headers=bad, timeout=20).status_code == 401
    walk(desk.release, ReleaseState.WITHDRAWN)
    described = as_text(desk, desk.cast.dan, "?revision=v1.0.0").json()
    assert list(linked(described)) == []
    set_access(Dataset.Access.ORGANISATION)
    assert as_text(desk, desk.cast.eve).status_code == 404
    assert Client().post(PATH).status_code == 405
