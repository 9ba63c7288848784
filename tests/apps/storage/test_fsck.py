import io
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pygit2
import pytest

from apps.storage import blobs, fsck, git
from apps.storage.git import MAIN
from apps.storage.models import Blob
from apps.storage.places import find_blob_place
from apps.storage.version_writing import Version, VersionRepo, write_version
from tests.apps.storage.conftest import NASTY, keep_tree, stamp

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(repo: VersionRepo) -> Version:
    files = keep_tree(repo.store, NASTY)
    return write_version(repo, files, documents={}, stamp=stamp("v1.0.0"))


def found(repo: VersionRepo, *, deep: bool = False) -> list[tuple[str, str]]:
    report = fsck.check_store(repo.store, deep=deep)
    assert all(problem.hint and problem.message for problem in report.problems)
    return [(problem.code, problem.subject) for problem in report.problems]


def blob_of(repo: VersionRepo, path: str) -> Blob:
    return blobs.put_blob(repo.store, io.BytesIO(NASTY[path]))


def listing_of(repo: VersionRepo, version: Version) -> Blob:
    return Blob.objects.get(store=repo.store, oid=version.dir_oid)


def file_of(blob: Blob) -> Path:
    path = find_blob_place().local_path(blob.key)
    assert path is not None
    return path


def overwrite(blob: Blob, content: bytes) -> None:
    file_of(blob).unlink()
    file_of(blob).write_bytes(content)


def move(repo: VersionRepo, change: Callable[[pygit2.Repository, dict[str, bytes]], None]) -> None:
    """Write another commit under the same tag, as only a vandal does."""
    with git.open_for_writing(repo.path) as repository:
        commit = git.find_tag(repository, "v1.0.0")
        assert commit is not None
        files = git.read_tree(repository, commit)
        change(repository, files)
        repository.references.delete("refs/tags/v1.0.0")
        repository.references.delete(MAIN)
        git.commit_tree(repository, files, stamp("v1.0.0"))


@pytest.mark.usefixtures("version")
def test_a_sound_store_is_clean_and_counted(repo: VersionRepo) -> None:
    told: list[tuple[str, int]] = []
    report = fsck.check_store(
        repo.store, deep=True, progress=lambda what, done: told.append((what, done))
    )
    assert report.is_clean
    assert report.blobs == len(set(NASTY.values())) + 1
    assert report.versions == 1
    assert told == [("blobs", report.blobs), ("files", report.blobs), ("listings", 1)]


def test_every_store_is_named(repo: VersionRepo, version: Version) -> None:
    other = uuid4()
    blobs.put_blob(other, io.BytesIO(b"x"))
    assert {repo.store, other} <= set(fsck.list_stores())
    assert version.tag


def test_an_empty_store_is_clean() -> None:
    report = fsck.check_store(uuid4(), deep=True)
    assert (report.is_clean, report.blobs, report.versions) == (True, 0, 0)


@pytest.mark.usefixtures("version")
def test_missing_and_cut_blobs_are_named_without_reading(repo: VersionRepo) -> None:
    lost, cut = blob_of(repo, "audio/a"), blob_of(repo, "audio/b0")
    file_of(lost).unlink()
    overwrite(cut, b"zero")
    assert sorted(found(repo)) == [("blob.changed", cut.oid), ("blob.missing", lost.oid)]


@pytest.mark.usefixtures("version")
def test_changed_bytes_are_named_by_a_deep_check(repo: VersionRepo) -> None:
    blob = blob_of(repo, "audio/b0")
    overwrite(blob, bytes(blob.size))
    assert found(repo) == []
    assert found(repo, deep=True) == [("blob.changed", blob.oid)]


@pytest.mark.usefixtures("version")
def test_bytes_that_the_disk_does_not_give_are_named(repo: VersionRepo) -> None:
    blob = blob_of(repo, "audio/empty.wav")
    file_of(blob).unlink()
    # A file of no bytes that can be opened and fails when read.
    file_of(blob).symlink_to("/proc/self/mem")
    assert found(repo, deep=True) == [("blob.unreadable", blob.oid)]


def test_destroyed_bytes_that_stayed_are_named(repo: VersionRepo) -> None:
    blob = blobs.destroy_blob(blobs.put_blob(repo.store, io.BytesIO(b"a voice")))
    assert found(repo) == [("blob.undead", blob.oid)]
    file_of(blob).unlink()
    assert found(repo) == []


def test_files_that_no_row_vouches_for_are_named(repo: VersionRepo) -> None:
    blob = blobs.put_blob(repo.store, io.BytesIO(b"x"))
    stranger = file_of(blob).with_name("f" * 30)
    stranger.write_bytes(b"y")
    key = f"{repo.store}/files/md5/{blob.oid[:2]}/{'f' * 30}"
    assert found(repo) == [("blob.unowned", key)]


@pytest.mark.usefixtures("version")
def test_a_listing_that_names_destroyed_bytes_is_named(repo: VersionRepo, version: Version) -> None:
    blob = blobs.destroy_blob(blob_of(repo, "audio/b0"))
    file_of(blob).unlink()
    assert version.dir_oid
    assert found(repo) == [("listing.entry_destroyed", version.dir_oid)]


def test_an_amended_version_is_no_damage(repo: VersionRepo, version: Version) -> None:
    for blob in (blob_of(repo, "audio/b0"), listing_of(repo, version)):
        blobs.destroy_blob(blob)
        file_of(blob).unlink()
    assert found(repo, deep=True) == []


def test_entries_without_a_row_are_named(repo: VersionRepo, version: Version) -> None:
    blob = blob_of(repo, "audio/b0")
    file_of(blob).unlink()
    blob.delete()
    assert version.dir_oid
    assert found(repo) == [
        ("listing.entry_unknown", version.dir_oid),
        ("listing.count", version.dir_oid),
    ]


def test_a_listing_that_is_lost_or_unreadable_is_named(repo: VersionRepo, version: Version) -> None:
    listing = listing_of(repo, version)
    content = file_of(listing).read_bytes()
    overwrite(listing, content.replace(b"{", b"[", 1))
    assert found(repo) == [("listing.unreadable", listing.oid)]
    assert found(repo, deep=True) == [
        ("blob.changed", listing.oid),
        ("listing.unreadable", listing.oid),
    ]
    file_of(listing).unlink()
    assert found(repo) == [("blob.missing", listing.oid)]
    listing.delete()
    assert found(repo) == [("listing.unknown", listing.oid)]


@pytest.mark.usefixtures("version")
def test_a_pointer_that_says_otherwise_than_its_listing_is_named(
    repo: VersionRepo, version: Version
) -> None:
    def change(_: pygit2.Repository, files: dict[str, bytes]) -> None:
        files["data.dvc"] = files["data.dvc"].replace(b"nfiles: ", b"nfiles: 1")

    move(repo, change)
    assert version.dir_oid
    assert found(repo) == [("listing.count", version.dir_oid)]


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize(
    ("path", "content"), [("data.dvc", b"outs: nothing"), (".gitignore", b"*"), ("data.dvc", None)]
)
def test_a_commit_that_is_not_as_we_write_it_is_named(
    repo: VersionRepo, path: str, content: bytes | None
) -> None:
    def change(_: pygit2.Repository, files: dict[str, bytes]) -> None:
        if content is None:
            del files[path]
        else:
            files[path] = content

    move(repo, change)
    assert found(repo) == [("version.damaged", "v1.0.0")]


def test_lost_git_objects_are_named(repo: VersionRepo, version: Version) -> None:
    with git.open_for_reading(repo.path) as repository:
        commit = git.find_tag(repository, "v1.0.0")
        assert commit is not None
        tree = str(commit.tree_id)
    (repo.path / "objects" / tree[:2] / tree[2:]).unlink()
    assert found(repo) == [("version.unreadable", "v1.0.0")]
    assert version.commit


def test_changed_git_objects_are_named(repo: VersionRepo, version: Version) -> None:
    with git.open_for_reading(repo.path) as repository:
        commit = git.find_tag(repository, "v1.0.0")
        assert commit is not None
        pointer, other = str(commit.tree["data.dvc"].id), str(commit.tree[".dvcignore"].id)
    objects = repo.path / "objects"
    target = objects / pointer[:2] / pointer[2:]
    target.unlink()
    target.write_bytes((objects / other[:2] / other[2:]).read_bytes())
    assert found(repo) == [("version.unreadable", "v1.0.0")]
    assert version.commit


def test_a_repository_that_is_gone_or_broken_is_named(repo: VersionRepo, version: Version) -> None:
    expected = {"v1.0.0": version.commit}
    (repo.path / "HEAD").unlink()
    codes = [problem.code for problem in fsck.check_store(repo.store, deep=False).problems]
    assert codes == ["version.unreadable"]
    repo.path.rename(repo.path.with_name("gone"))
    report = fsck.check_store(repo.store, deep=False, expected=expected)
    assert [problem.code for problem in report.problems] == ["version.unknown"]
    repo.path.with_name("gone").rename(repo.path.with_name("gone.aside"))


def test_a_moved_tag_is_named(repo: VersionRepo, version: Version) -> None:
    def change(_: pygit2.Repository, files: dict[str, bytes]) -> None:
        files["README.md"] = b"vandal"

    move(repo, change)
    report = fsck.check_store(repo.store, deep=False, expected={"v1.0.0": version.commit})
    assert [(problem.code, problem.subject) for problem in report.problems] == [
        ("version.moved", "v1.0.0")
    ]


@pytest.mark.usefixtures("version")
def test_a_branch_without_a_tag_is_named(repo: VersionRepo) -> None:
    files = keep_tree(repo.store, {"audio/a": b"a"})
    write_version(repo, files, documents={}, stamp=stamp("v1.1.0"))
    with git.open_for_writing(repo.path) as repository:
        repository.references.delete("refs/tags/v1.1.0")
    assert found(repo) == [("version.unfinished", "main")]
    write_version(repo, files, documents={}, stamp=stamp("v1.1.0"))
    assert found(repo) == []
