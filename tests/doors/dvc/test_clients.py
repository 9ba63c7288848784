"""The real clients, unmodified, against a live server."""

from __future__ import annotations

from pathlib import Path

import pytest
from dvc.api import DVCFileSystem

from apps.access.actions import revoke_access
from apps.access.models import Receipt
from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.doors.download_commands import build_sign_in_command
from apps.storage.blobs import destroy_blob
from apps.storage.models import Blob
from datasets_catalog.release_states import ReleaseState
from tests.doors.dvc.conftest import FIRST, SECOND, Shell, Site, read_folder, token_of
from tests.factories.published import publish_tree, set_access, walk

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def open_site(site: Site) -> Site:
    set_access(Dataset.Access.OPEN)
    return site


def sign_in(site: Site, shell: Shell, user: User) -> None:
    """The line that the dataset page shows, as it is written there."""
    shell("sh", "-c", f"EARMARK_TOKEN={token_of(user)}; {build_sign_in_command(user).text}")


def test_an_open_dataset_needs_nothing(open_site: Site, shell: Shell, tmp_path: Path) -> None:
    for version, tree in (("v1.0.0", FIRST), ("v1.1.0", SECOND)):
        target = tmp_path / version
        shell("dvc", "get", open_site.git(), "data", "--rev", version, "-o", target)
        assert read_folder(target) == tree
    one = tmp_path / "one"
    shell("dvc", "get", "-v", open_site.git(), "data/audio/owl.wav", "-o", one)
    assert one.read_bytes() == SECOND["audio/owl.wav"]
    listed = shell("dvc", "list", "-R", open_site.git(), "data", "--rev", "v1.0.0")
    assert "audio/b caf\u00e9.wav" in listed.text
    assert {row.holder for row in Receipt.objects.all()} == {""}


def test_a_commit_is_as_good_as_a_tag(open_site: Site, shell: Shell, tmp_path: Path) -> None:
    commit = open_site.releases[0].dvc_commit
    shell("dvc", "get", open_site.git(), "data", "--rev", commit, "-o", tmp_path / "data")
    assert read_folder(tmp_path / "data") == FIRST


@pytest.mark.parametrize("depth", [[], ["--depth", "1"]])
def test_clone_and_pull_give_the_version(
    open_site: Site, shell: Shell, tmp_path: Path, depth: list[str]
) -> None:
    work = tmp_path / "clone"
    shell("git", "clone", *depth, "-b", "v1.0.0", open_site.git(), work)
    shell("dvc", "pull", cwd=work)
    assert read_folder(work / "data") == FIRST
    assert "up to date" in shell("dvc", "status", cwd=work).text
    assert shell("git", "status", "--porcelain", cwd=work).text == ""


def test_a_full_clone_has_every_version_and_the_newest_on_main(
    open_site: Site, shell: Shell, tmp_path: Path
) -> None:
    work = tmp_path / "clone"
    shell("git", "clone", open_site.git(), work)
    assert shell("git", "tag", cwd=work).text.split() == ["v1.0.0", "v1.1.0"]
    head = shell("git", "rev-parse", "HEAD", cwd=work).text.strip()
    assert head == open_site.releases[1].dvc_commit
    shell("git", "fetch", "--all", "--tags", cwd=work)


@pytest.mark.parametrize("protocol", ["0", "1", "2"])
def test_every_protocol_of_git_is_spoken(
    open_site: Site, shell: Shell, protocol: str, tmp_path: Path
) -> None:
    option = f"protocol.version={protocol}"
    shell("git", "-c", option, "clone", "-q", open_site.git(), tmp_path / "clone")


def test_an_import_follows_the_versions(open_site: Site, shell: Shell, tmp_path: Path) -> None:
    work = tmp_path / "project"
    work.mkdir()
    shell("git", "init", "-q", cwd=work)
    shell("dvc", "init", "-q", cwd=work)
    shell("dvc", "import", open_site.git(), "data", "--rev", "v1.0.0", cwd=work)
    assert read_folder(work / "data") == FIRST
    shell("dvc", "update", "data.dvc", "--rev", "v1.1.0", cwd=work)
    assert read_folder(work / "data") == SECOND


def test_a_program_reads_pieces_of_a_file(open_site: Site) -> None:
    files = DVCFileSystem(open_site.git(), rev="v1.0.0")
    assert sorted(files.ls("data/audio", detail=False)) == [
        "data/audio/a",
        "data/audio/b caf\u00e9.wav",
        "data/audio/owl.wav",
    ]
    with files.open("data/audio/b caf\u00e9.wav") as file:
        file.seek(4990)
        assert file.read() == b"robin" * 2
        file.seek(1)
        assert file.read(4) == b"obin"


def test_the_one_line_sign_in_is_enough_for_everything(
    site: Site, shell: Shell, tmp_path: Path
) -> None:
    sign_in(site, shell, site.cast.dan)
    shell("dvc", "get", site.git(), "data", "--rev", "v1.0.0", "-o", tmp_path / "data")
    assert read_folder(tmp_path / "data") == FIRST
    work = tmp_path / "clone"
    shell("git", "clone", "-q", site.git(), work)
    shell("dvc", "pull", cwd=work)
    assert read_folder(work / "data") == SECOND
    project = tmp_path / "project"
    project.mkdir()
    shell("git", "init", "-q", cwd=project)
    shell("dvc", "init", "-q", cwd=project)
    shell("dvc", "import", site.git(), "data", "--rev", "v1.0.0", cwd=project)
    assert read_folder(project / "data") == FIRST
    assert "password" not in (project / "data.dvc").read_text()
    assert {row.holder for row in Receipt.objects.all()} == {"dan"}


def test_nobody_is_asked_for_credentials(site: Site, shell: Shell) -> None:
    told = shell("git", "clone", site.git(), "clone", fails=True).text
    assert "terminal prompts disabled" in told
    told = shell("dvc", "get", site.git(), "data", fails=True).text
    assert "Authentication failed" in told or "credentials" in told


def test_an_outsider_is_told_what_to_do(site: Site, shell: Shell) -> None:
    sign_in(site, shell, site.cast.eve)
    told = shell("dvc", "get", site.git(), "data", "--rev", "v1.0.0", fails=True).text
    assert "ask for access on its page /datasets/acme/birds" in told
    work = Path("clone")
    shell("git", "clone", "-q", site.git(), work)


def test_what_was_taken_back_stays_back(site: Site, shell: Shell, tmp_path: Path) -> None:
    sign_in(site, shell, site.cast.dan)
    revoke_access(actor=site.cast.ada, dataset=site.dataset, holder=site.cast.dan)
    told = shell("dvc", "get", site.git(), "data", fails=True).text
    assert "was taken back" in told


def test_an_internal_dataset_looks_missing_to_an_outsider(site: Site, shell: Shell) -> None:
    set_access(Dataset.Access.ORGANISATION)
    sign_in(site, shell, site.cast.eve)
    hidden = shell("git", "clone", site.git(), "a", fails=True).text
    missing = shell("git", "clone", site.git("acme/nothing"), "a", fails=True).text
    assert "not found" in hidden
    assert hidden.replace("acme/birds", "acme/nothing") == missing


def test_a_destroyed_listing_names_the_successor(
    open_site: Site, shell: Shell, tmp_path: Path
) -> None:
    publish_tree(open_site.dataset, "1.1.1", FIRST)
    for listing in Blob.objects.filter(
        oid__endswith=".dir", held_by__release=open_site.releases[1]
    ):
        destroy_blob(listing)
    told = shell("dvc", "get", open_site.git(), "data", "--rev", "v1.1.0", fails=True).text
    assert "use version 1.1.1 of acme/birds" in told


def test_a_withdrawn_version_says_so(open_site: Site, shell: Shell) -> None:
    publish_tree(open_site.dataset, "1.1.1", {"audio/x.wav": b"x"})
    walk(open_site.releases[1], ReleaseState.WITHDRAWN)
    told = shell("dvc", "get", open_site.git(), "data/audio/jay.wav", "--rev", "v1.1.0", fails=True)
    assert "was withdrawn; use version 1.1.1" in told.text


def test_nothing_is_pushed(open_site: Site, shell: Shell, tmp_path: Path) -> None:
    work, before = tmp_path / "clone", Blob.objects.count()
    shell("git", "clone", "-q", open_site.git(), work)
    shell("git", "commit", "--allow-empty", "-q", "-m", "mine", cwd=work)
    told = shell("git", "push", "origin", "HEAD:main", cwd=work, fails=True).text
    assert "This repository is read-only" in told
    (work / "data").mkdir()
    (work / "data" / "mine.wav").write_bytes(b"mine")
    shell("dvc", "add", "-q", "data", cwd=work)
    shell("dvc", "push", cwd=work, fails=True)
    assert Blob.objects.count() == before


def test_a_version_is_invisible_until_it_is_published(
    open_site: Site, shell: Shell, tmp_path: Path
) -> None:
    publish_tree(open_site.dataset, "2.0.0", {"audio/x.wav": b"x"}, state=ReleaseState.APPROVED)
    work = tmp_path / "clone"
    shell("git", "clone", "-q", "-b", "v1.1.0", open_site.git(), work)
    assert shell("git", "tag", cwd=work).text.split() == ["v1.0.0", "v1.1.0"]
    newest = open_site.releases[-1].dvc_commit
    assert f"{newest}\trefs/heads/main" in shell("git", "ls-remote", open_site.git()).text
