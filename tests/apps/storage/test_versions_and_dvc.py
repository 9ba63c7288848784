"""The real client is the judge: what we write is what it writes, and it reads what we write."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from django.conf import settings

from apps.storage import listing_shards, manifests
from apps.storage.version_writing import Version, VersionRepo, write_version
from tests.apps.storage.conftest import (
    NASTY,
    keep_tree,
    read_folder,
    runner,
    stamp,
    write_folder,
)

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

Run = Callable[..., str]
DOCUMENTS = {"README.md": b"# Name\n", "croissant.json": b"{}\n"}


def publish(repo: VersionRepo, tree: Mapping[str, bytes], tag: str) -> Version:
    files = keep_tree(repo.store, tree)
    return write_version(repo, files, documents=DOCUMENTS, stamp=stamp(tag))


def remote(repo: VersionRepo) -> Path:
    return Path(settings.BLOBS_ROOT) / str(repo.store)


@pytest.fixture(scope="module")
def dvc_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return runner(tmp_path_factory.mktemp("home"))


def added_by_dvc(folder: Path, run: Run, tree: Mapping[str, bytes], *outs: str) -> Path:
    """Do what a person does with `dvc add && dvc push`; the remote lies beside the repository."""
    work = folder / "work"
    work.mkdir()
    run("git", "init", "-q", "-b", "main", cwd=work)
    run("dvc", "init", "-q", cwd=work)
    run("dvc", "remote", "add", "-q", "-d", "earmark", folder / "remote", cwd=work)
    write_folder(work / "data", tree)
    run("dvc", "add", "-q", *outs, cwd=work)
    run("dvc", "push", "-q", cwd=work)
    return work


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory, dvc_run: Run) -> Path:
    return added_by_dvc(tmp_path_factory.mktemp("dvc"), dvc_run, NASTY, "data")


def clone(repo: VersionRepo, folder: Path, run: Run, tag: str) -> Path:
    """`git clone` of a version, its remote turned to the local folder."""
    run("git", "clone", "-q", "-c", "advice.detachedHead=false", "-b", tag, repo.path, folder)
    run("dvc", "remote", "modify", "-q", "--local", "earmark", "url", remote(repo), cwd=folder)
    return folder


def test_git_and_remote_are_those_of_dvc_add_and_push(
    repo: VersionRepo, pushed: Path, tmp_path: Path, dvc_run: Run
) -> None:
    version = publish(repo, NASTY, "v1.0.0")
    work = clone(repo, tmp_path / "clone", dvc_run, "v1.0.0")
    for path in ("data.dvc", ".gitignore", ".dvcignore", ".dvc/.gitignore"):
        assert (work / path).read_bytes() == (pushed / path).read_bytes(), path
    assert read_folder(remote(repo)) == read_folder(pushed.parent / "remote")
    assert (version.nfiles, version.size) == (len(NASTY), sum(map(len, NASTY.values())))


def test_a_clone_pulls_every_version_and_is_clean(
    repo: VersionRepo, tmp_path: Path, dvc_run: Run
) -> None:
    second = {**NASTY, "audio/a": b"changed", "audio/added.wav": b"new"}
    del second["audio/b0"]
    trees = {"v1.0.0": NASTY, "v1.1.0": second}
    for tag, tree in trees.items():
        publish(repo, tree, tag)
    for tag, tree in trees.items():
        work = clone(repo, tmp_path / tag, dvc_run, tag)
        dvc_run("dvc", "pull", "-q", cwd=work)
        assert read_folder(work / "data") == tree
        assert dvc_run("dvc", "status", cwd=work).strip() == "Data and pipelines are up to date."
        assert "in sync" in dvc_run("dvc", "status", "-c", cwd=work)
        assert dvc_run("git", "status", "--porcelain", cwd=work) == ""
        assert (work / "README.md").read_bytes() == DOCUMENTS["README.md"]


def test_dvc_get_fetches_every_version_and_single_files(
    repo: VersionRepo, tmp_path: Path, dvc_run: Run
) -> None:
    second = {**NASTY, "audio/a": b"changed"}
    trees = {"v1.0.0": NASTY, "v1.1.0": second}
    for tag, tree in trees.items():
        publish(repo, tree, tag)
    turn = ("--remote", "earmark", "--remote-config", f"url={remote(repo)}")
    for tag, tree in trees.items():
        dvc_run("dvc", "get", "-q", repo.path, "data", "--rev", tag, "-o", tmp_path / tag, *turn)
        assert read_folder(tmp_path / tag) == tree
    one = tmp_path / "one"
    dvc_run("dvc", "get", "-q", repo.path, "data/audio/a", "--rev", "v1.0.0", "-o", one, *turn)
    assert one.read_bytes() == b"a"


def test_shards_are_those_of_dvc_add_and_pull_back(
    repo: VersionRepo, tmp_path: Path, dvc_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifests, "FLAT_LIMIT", 10)
    monkeypatch.setattr(listing_shards, "SHARD_LIMIT", 8)
    version = publish(repo, NASTY, "v1.0.0")
    outs = [out.path for out in version.outs]
    assert {"data/LICENSES", "data/clips.parquet", "data/test/s0000", "data/test/s0001"} < {*outs}

    work = clone(repo, tmp_path / "clone", dvc_run, "v1.0.0")
    dvc_run("dvc", "pull", "-q", cwd=work)
    assert dvc_run("dvc", "status", cwd=work).strip() == "Data and pipelines are up to date."
    files = {
        path: content
        for path, content in read_folder(work / "data").items()
        if any(f"data/{path}".startswith(out) and f"data/{path}" != f"{out}.dvc" for out in outs)
    }
    assert sorted(files.values()) == sorted(NASTY.values())

    other = added_by_dvc(tmp_path, dvc_run, files, *outs)
    for out in outs:
        for path in (f"{out}.dvc", f"{Path(out).parent}/.gitignore"):
            assert (work / path).read_bytes() == (other / path).read_bytes(), path
    assert read_folder(remote(repo)) == read_folder(tmp_path / "remote")
