import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import uuid4

import pygit2
import pytest
from django.conf import settings
from django.db import connections

from apps.storage import blobs, git
from apps.storage.errors import (
    BlobMissingError,
    UnsortedError,
    VersionBranchMovedError,
    VersionExistsError,
    VersionNameInvalidError,
    VersionUnknownError,
)
from apps.storage.git import MAIN, Stamp
from apps.storage.listing_shards import SHARD_LIMIT
from apps.storage.manifests import FLAT_LIMIT
from apps.storage.models import Blob
from apps.storage.version_writing import Version, VersionRepo, write_version
from tests.apps.storage.conftest import keep_tree, stamp

pytestmark = pytest.mark.django_db

ONE = {"audio/a.wav": b"a", "clips.parquet": b"1"}
TWO = {"audio/a.wav": b"a", "audio/b.wav": b"b", "clips.parquet": b"2"}


def write(
    repo: VersionRepo, tree: Mapping[str, bytes], given: Stamp, readme: bytes = b"# One\n"
) -> Version:
    files = keep_tree(repo.store, tree)
    return write_version(repo, files, documents={"README.md": readme}, stamp=given)


def history(repo: VersionRepo) -> list[str]:
    with git.open_for_reading(repo.path) as repository:
        return [commit.message for commit in repository.walk(repository.references[MAIN].target)]


def test_git_holds_hashes_documents_and_settings_only(repo: VersionRepo) -> None:
    version = write(repo, ONE, stamp("v1.0.0"))
    with git.open_for_reading(repo.path) as repository:
        commit = git.find_tag(repository, "v1.0.0")
        assert commit is not None
        files = git.read_tree(repository, commit)
    assert set(files) == {
        ".dvc/.gitignore",
        ".dvc/config",
        ".dvcignore",
        ".gitignore",
        "README.md",
        "data.dvc",
    }
    assert f"url = {settings.BASE_URL}/dvc/org/name\n".encode() in files[".dvc/config"]
    assert str(commit.id) == version.commit
    assert version.dir_oid is not None
    assert version.dir_oid.encode() in files["data.dvc"]
    assert (version.nfiles, version.size) == (2, 2)


def test_the_tag_says_who_when_and_what(repo: VersionRepo) -> None:
    at = datetime(2026, 5, 4, 12, 30, tzinfo=timezone(timedelta(hours=2)))
    write(repo, ONE, stamp("v1.0.0", at=at))
    with git.open_for_reading(repo.path) as repository:
        tag = repository[repository.references["refs/tags/v1.0.0"].target]
        assert isinstance(tag, pygit2.Tag)
        assert (tag.name, tag.message) == ("v1.0.0", "Release v1.0.0")
        assert (tag.tagger.time, tag.tagger.offset) == (int(at.timestamp()), 0)
        assert repository.references["HEAD"].target == MAIN


def test_the_same_input_gives_the_same_commit(repo: VersionRepo) -> None:
    first = write(repo, ONE, stamp("v1.0.0"))
    repo.path.rename(repo.path.with_name("aside.git"))
    assert write(repo, ONE, stamp("v1.0.0")) == first


def test_writing_a_version_again_answers_what_is_there(repo: VersionRepo) -> None:
    first = write(repo, ONE, stamp("v1.0.0"))
    write(repo, TWO, stamp("v1.1.0"))
    assert write(repo, ONE, stamp("v1.0.0", at=datetime(2030, 1, 1, tzinfo=UTC))) == first
    assert history(repo) == ["Release v1.1.0", "Release v1.0.0"]


@pytest.mark.parametrize(("tree", "readme"), [(TWO, b"# One\n"), (ONE, b"# Other\n")])
def test_a_tag_never_moves(repo: VersionRepo, tree: Mapping[str, bytes], readme: bytes) -> None:
    first = write(repo, ONE, stamp("v1.0.0"))
    with pytest.raises(VersionExistsError):
        write(repo, tree, stamp("v1.0.0"), readme=readme)
    assert write(repo, ONE, stamp("v1.0.0")) == first


def test_a_patch_of_an_old_version_follows_it_and_leaves_main_alone(repo: VersionRepo) -> None:
    write(repo, TWO, stamp("v1.0.0"))
    second = write(repo, TWO, stamp("v2.0.0"), readme=b"# Two\n")
    patch = write(repo, ONE, stamp("v1.0.1", after="v1.0.0"))
    with git.open_for_reading(repo.path) as repository:
        old, new = git.find_tag(repository, "v1.0.0"), git.find_tag(repository, "v1.0.1")
        assert old is not None
        assert new is not None
        assert new.parent_ids == [old.id]
        assert git.list_tags(repository) == ["v1.0.0", "v1.0.1", "v2.0.0"]
        assert str(repository.references[MAIN].target) == second.commit
    assert patch.commit != second.commit


def test_a_patch_of_the_newest_version_moves_main(repo: VersionRepo) -> None:
    write(repo, TWO, stamp("v1.0.0"))
    patch = write(repo, ONE, stamp("v1.0.1", after="v1.0.0"))
    with git.open_for_reading(repo.path) as repository:
        assert str(repository.references[MAIN].target) == patch.commit


def test_a_version_cannot_follow_what_is_not_there(repo: VersionRepo) -> None:
    with pytest.raises(VersionUnknownError):
        write(repo, ONE, stamp("v1.0.1", after="v1.0.0"))


@pytest.mark.parametrize("tag", ["1.0.0", "v1", "v1.0.0 ", "v1.0.0/../x", "v1.0.0-", "main"])
def test_tags_are_versions(repo: VersionRepo, tag: str) -> None:
    with pytest.raises(VersionNameInvalidError):
        write(repo, ONE, stamp(tag))
    assert not repo.path.exists()


@pytest.mark.parametrize("name", ["data.dvc", "data", ".dvc/config", "../README.md", ".gitignore"])
def test_documents_cannot_take_the_place_of_what_dvc_reads(repo: VersionRepo, name: str) -> None:
    with pytest.raises(VersionNameInvalidError):
        write_version(repo, [], documents={name: b""}, stamp=stamp("v1.0.0"))


@pytest.mark.parametrize("lack", ["unknown", "destroyed", "of another store", "of another size"])
def test_a_version_cannot_hold_bytes_that_are_not_kept(repo: VersionRepo, lack: str) -> None:
    files = keep_tree(repo.store, ONE)
    if lack == "unknown":
        files[0] = replace(files[0], oid="0" * 32)
    if lack == "destroyed":
        blobs.destroy_blob(Blob.objects.get(store=repo.store, oid=files[0].oid))
    if lack == "of another store":
        files = keep_tree(uuid4(), {"audio/a.wav": b"elsewhere"})
    if lack == "of another size":
        files[0] = replace(files[0], size=99)
    with pytest.raises(BlobMissingError, match=r"audio/a\.wav"):
        write_version(repo, files, documents={}, stamp=stamp("v1.0.0"))
    assert not repo.path.exists()


def test_files_out_of_order_leave_nothing_behind(repo: VersionRepo) -> None:
    files = keep_tree(repo.store, TWO)
    with pytest.raises(UnsortedError):
        write_version(repo, reversed(files), documents={}, stamp=stamp("v1.0.0"))
    assert not repo.path.exists()
    assert not Blob.objects.filter(store=repo.store, oid__endswith=".dir").exists()
    assert list(Path(settings.WORK_ROOT).glob("version-*")) == []


def test_an_empty_version_can_be_written(repo: VersionRepo) -> None:
    version = write_version(repo, [], documents={}, stamp=stamp("v1.0.0"))
    assert (version.nfiles, version.size) == (0, 0)


def test_locks_of_a_killed_writer_do_not_stand_in_the_way(repo: VersionRepo) -> None:
    write(repo, ONE, stamp("v1.0.0"))
    for name in ("refs/heads/main.lock", "refs/tags/v1.1.0.lock", "packed-refs.lock"):
        (repo.path / name).touch()
    write(repo, TWO, stamp("v1.1.0"))
    assert history(repo) == ["Release v1.1.0", "Release v1.0.0"]


def test_a_branch_moved_by_somebody_else_is_noticed(
    repo: VersionRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repo, ONE, stamp("v1.0.0"))
    commit = git._write_commit

    def move_first(
        repository: pygit2.Repository, tree: pygit2.Oid, given: Stamp, tip: pygit2.Commit | None
    ) -> pygit2.Commit:
        assert tip is not None
        stranger = repository.create_commit(
            MAIN, given.signature, given.signature, "elsewhere", tree, [tip.id]
        )
        assert stranger
        return commit(repository, tree, given, tip)

    monkeypatch.setattr(git, "_write_commit", move_first)
    with pytest.raises(VersionBranchMovedError):
        write(repo, TWO, stamp("v1.1.0"))
    with git.open_for_reading(repo.path) as repository:
        assert git.list_tags(repository) == ["v1.0.0"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("trees", [(ONE, ONE), (ONE, TWO)])
def test_two_writers_of_one_version_give_one(
    repo: VersionRepo, trees: tuple[Mapping[str, bytes], Mapping[str, bytes]]
) -> None:
    outcomes: list[Version | VersionExistsError] = []
    start = threading.Barrier(2)

    def work(tree: Mapping[str, bytes], day: int) -> None:
        try:
            start.wait()
            outcomes.append(
                write(repo, tree, stamp("v1.0.0", at=datetime(2026, 1, day, tzinfo=UTC)))
            )
        except VersionExistsError as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=(tree, day)) for day, tree in enumerate(trees, start=1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if trees[0] == trees[1]:
        assert outcomes[0] == outcomes[1]
    else:
        names = sorted(type(outcome).__name__ for outcome in outcomes)
        assert names == ["Version", "VersionExistsError"]
    assert history(repo) == ["Release v1.0.0"]


def test_a_version_beyond_the_limit_is_cut_into_shards(repo: VersionRepo) -> None:
    (file,) = keep_tree(repo.store, {"audio/x": b""})
    files = (
        replace(file, relpath=f"audio/{number:06}", clip_id=str(number))
        for number in range(FLAT_LIMIT + 1)
    )
    version = write_version(repo, files, documents={}, stamp=stamp("v1.0.0"))
    assert version.dir_oid is None
    assert version.nfiles == FLAT_LIMIT + 1
    assert all((out.nfiles or 0) <= SHARD_LIMIT for out in version.outs)
