"""SIGKILL at any line of the store: the old state, or one that the same call completes."""

import io
import os
from pathlib import Path
from uuid import uuid4

import pytest

import apps.storage
from apps.storage import blobs, git
from apps.storage.errors import VersionUnknownError
from apps.storage.git import MAIN
from apps.storage.models import Blob
from apps.storage.places import find_blob_place
from apps.storage.version_writing import VersionRepo, write_version
from tests.apps.storage.conftest import keep_tree, stamp
from tests.kills import killed_at_line, lines_of, spread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

OURS = str(Path(apps.storage.__file__).parent)
GIT = str(Path(git.__file__))


def test_a_put_killed_anywhere_is_whole_or_absent(tmp_path: Path) -> None:
    content = os.urandom(100_000)
    total = lines_of(lambda: blobs.put_blob(uuid4(), io.BytesIO(content)), within=OURS)
    for number in spread(total):
        store = uuid4()
        assert killed_at_line(
            number,
            lambda: blobs.put_blob(store, io.BytesIO(content)),  # noqa: B023 - called at once
            within=OURS,
        )
        for blob in Blob.objects.filter(store=store):
            blobs.verify_blob(blob)
        blobs.verify_blob(blobs.put_blob(store, io.BytesIO(content)))
        assert Blob.objects.filter(store=store).count() == 1
    assert not killed_at_line(
        total * 2, lambda: blobs.put_blob(uuid4(), io.BytesIO(content)), within=OURS
    )


def test_many_files_killed_anywhere_are_each_whole_or_absent(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(20)]
    for number, path in enumerate(paths):
        path.write_bytes(bytes([number]) * 1000)
    total = lines_of(lambda: blobs.put_many(uuid4(), paths), within=OURS)
    for number in spread(total):
        store = uuid4()
        assert killed_at_line(number, lambda: blobs.put_many(store, paths), within=OURS)  # noqa: B023 - called at once
        for blob in Blob.objects.filter(store=store):
            blobs.verify_blob(blob)
        for blob in blobs.put_many(store, paths):
            blobs.verify_blob(blob)
    left = list(find_blob_place().staging.folder.iterdir())
    assert left
    for path in left:
        os.utime(path, (1, 1))
    assert blobs.sweep_staging() == len(left)


def test_a_version_killed_anywhere_is_completed_by_the_same_call() -> None:
    tree = {"audio/a.wav": b"a", "audio/b.wav": b"b", "clips.parquet": b"table"}
    changed = {**tree, "audio/b.wav": b"changed"}
    clean = prepared(tree)
    files = keep_tree(clean.store, changed)
    expected: list[str] = []

    def finish() -> None:
        version = write_version(clean, files, documents={}, stamp=stamp("v1.1.0"))
        expected.append(version.commit)

    for number in range(1, lines_of(finish, within=GIT) + 1):
        repo = prepared(tree)
        again = keep_tree(repo.store, changed)
        assert killed_at_line(
            number,
            lambda: write_version(repo, again, documents={}, stamp=stamp("v1.1.0")),  # noqa: B023 - called at once
            within=GIT,
        )
        with git.open_for_reading(repo.path) as repository:
            assert git.list_tags(repository)[0] == "v1.0.0"
        version = write_version(repo, again, documents={}, stamp=stamp("v1.1.0"))
        assert version.commit == expected[0]
        with git.open_for_reading(repo.path) as repository:
            assert str(repository.references[MAIN].target) == version.commit
            assert git.list_tags(repository) == ["v1.0.0", "v1.1.0"]


def test_a_first_version_killed_anywhere_leaves_no_broken_repository() -> None:
    tree = {"audio/a.wav": b"a"}

    def write(repo: VersionRepo) -> str:
        files = keep_tree(repo.store, tree)
        return write_version(repo, files, documents={}, stamp=stamp("v1.0.0")).commit

    total = lines_of(lambda: write(VersionRepo(uuid4(), "org/name")), within=OURS)
    expected = write(VersionRepo(uuid4(), "org/name"))
    for number in spread(total):
        repo = VersionRepo(uuid4(), "org/name")
        assert killed_at_line(number, lambda: write(repo), within=OURS)  # noqa: B023 - called at once
        try:
            with git.open_for_reading(repo.path) as repository:
                assert git.list_tags(repository) in ([], ["v1.0.0"])
        except VersionUnknownError:
            assert not repo.path.exists()
        assert write(repo) == expected


def prepared(tree: dict[str, bytes]) -> VersionRepo:
    repo = VersionRepo(uuid4(), "org/name")
    files = keep_tree(repo.store, tree)
    write_version(repo, files, documents={}, stamp=stamp("v1.0.0"))
    return repo
