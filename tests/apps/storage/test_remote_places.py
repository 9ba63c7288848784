"""The same promises over S3 (a real server) and over a storage that does not overwrite."""

import hashlib
import io
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from pytest_django import Settings
from storages.backends.s3 import S3Storage

from apps.storage import blobs, fsck, version_reading
from apps.storage.errors import (
    BlobCollisionError,
    BlobDestroyedError,
    BlobMismatchError,
    BlobMissingError,
    StoreUnavailableError,
)
from apps.storage.models import Blob, build_blob_key
from apps.storage.places import RemotePlace, find_blob_place
from apps.storage.version_writing import VersionRepo, write_version
from tests.apps.storage.conftest import NASTY, keep_tree, stamp
from tests.apps.storage.test_blobs import COLLISION, write

pytestmark = pytest.mark.django_db


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast("int", probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("s3")
    (folder / "options.toml").write_text(
        '[[users]]\naccess_key = "earmark"\nsecret_key = "earmark-secret"\n'
    )
    url = f"http://127.0.0.1:{free_port()}"
    server = subprocess.Popen(
        [
            *(Path(sys.executable).with_name("nanio"), "serve", "--host", "127.0.0.1"),
            *("--port", url.rpartition(":")[2], "--data-dir", folder / "objects"),
            *("--options", folder / "options.toml", "--log-level", "error", "--no-access-log"),
        ]
    )
    wait_for(url)
    options = {
        "endpoint_url": url,
        "access_key": "earmark",
        "secret_key": "earmark-secret",
        "bucket_name": "blobs",
        "region_name": "us-east-1",
        "signature_version": "s3v4",
    }
    storage = S3Storage(**options)
    storage.connection.create_bucket(Bucket="blobs")
    yield options
    server.terminate()
    server.wait()


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> RemotePlace:
    backend: dict[str, object] = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    if request.param == "s3":
        options = request.getfixturevalue("s3")
        backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    settings.WORK_ROOT = tmp_path
    found = find_blob_place()
    assert isinstance(found, RemotePlace)
    return found


@pytest.fixture
def store() -> UUID:
    return uuid4()


def content(blob: Blob) -> bytes:
    with blobs.open_blob(blob) as stream:
        return stream.read()


def staged(place: RemotePlace) -> list[Path]:
    return list(place.staging.folder.iterdir())


def replace(blob: Blob, change: bytes) -> None:
    storages["blobs"].delete(blob.key)
    storages["blobs"].save(blob.key, ContentFile(change))


def test_bytes_go_up_under_their_hash_and_come_back(place: RemotePlace, store: UUID) -> None:
    large = os.urandom(9_000_000)
    for what in (b"", b"bark", large):
        blob = blobs.put_blob(store, io.BytesIO(what))
        assert blob.key == build_blob_key(store, hashlib.md5(what).hexdigest())
        assert storages["blobs"].size(blob.key) == len(what)
        assert content(blob) == what
        blobs.verify_blob(blob)
    assert blobs.put_blob(store, io.BytesIO(b"bark")).size == 4
    assert staged(place) == []


def test_many_files_go_up_once(place: RemotePlace, store: UUID, tmp_path: Path) -> None:
    paths = write(tmp_path, one=b"1", two=b"2", twin=b"1", large=os.urandom(blobs.SMALL + 1))
    kept = blobs.put_many(store, paths)
    assert blobs.put_many(store, paths) == kept
    assert [content(blob) for blob in kept] == [path.read_bytes() for path in paths]
    assert Blob.objects.filter(store=store).count() == 3
    assert staged(place) == []


def test_what_a_crash_left_under_the_key_is_replaced(place: RemotePlace, store: UUID) -> None:
    key = build_blob_key(store, hashlib.md5(b"bark").hexdigest())
    place.storage.save(key, ContentFile(b"torn"))
    assert content(blobs.put_blob(store, io.BytesIO(b"bark"))) == b"bark"
    assert list(place.keys(str(store))) == [key]


@pytest.mark.usefixtures("place")
def test_collisions_and_wrong_announcements_are_refused(store: UUID) -> None:
    first = blobs.put_blob(store, io.BytesIO(COLLISION[0]))
    with pytest.raises(BlobCollisionError):
        blobs.put_blob(store, io.BytesIO(COLLISION[1]))
    with pytest.raises(BlobMismatchError):
        blobs.put_blob(store, io.BytesIO(b"bark"), expect_sha256="0" * 64)
    assert content(first) == COLLISION[0]
    assert Blob.objects.filter(store=store).count() == 1


def test_destroyed_bytes_are_gone_and_stay_out(
    place: RemotePlace, store: UUID, django_capture_on_commit_callbacks: Any
) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"a voice"))
    with django_capture_on_commit_callbacks(execute=True):
        blobs.destroy_blob(blob)
    assert list(place.keys(str(store))) == []
    with pytest.raises(BlobDestroyedError):
        blobs.put_blob(store, io.BytesIO(b"a voice"))
    assert list(place.keys(str(store))) == []


def test_lost_bytes_are_named_and_healed(place: RemotePlace, store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    place.delete(blob.key)
    with pytest.raises(BlobMissingError):
        blobs.open_blob(blob)
    with pytest.raises(BlobMissingError), blobs.open_local_copy(blob):
        pass
    blobs.put_blob(store, io.BytesIO(b"bark"))
    blobs.verify_blob(blob)


@pytest.mark.usefixtures("place")
def test_a_local_copy_goes_away(store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    assert blobs.find_local_path(blob) is None
    with blobs.open_local_copy(blob) as path:
        assert path.read_bytes() == b"bark"
    assert not path.exists()


@pytest.mark.usefixtures("place")
def test_versions_are_written_read_and_proved(repo: VersionRepo) -> None:
    files = keep_tree(repo.store, NASTY)
    version = write_version(repo, files, documents={}, stamp=stamp("v1.0.0"))
    for path, what in NASTY.items():
        assert content(version_reading.find_file(repo.store, version, f"data/{path}")) == what
    assert fsck.check_store(repo.store, deep=True).is_clean
    blob, other = (
        blobs.put_blob(repo.store, io.BytesIO(NASTY[p])) for p in ("audio/b0", "audio/a")
    )
    replace(blob, bytes(blob.size))
    storages["blobs"].delete(other.key)
    stranger = build_blob_key(repo.store, "f" * 32)
    storages["blobs"].save(stranger, ContentFile(b"x"))
    problems = fsck.check_store(repo.store, deep=True).problems
    assert {(problem.code, problem.subject) for problem in problems} == {
        ("blob.changed", blob.oid),
        ("blob.missing", other.oid),
        ("blob.unowned", stranger),
    }


def test_an_upload_that_fails_leaves_no_row(
    settings: Settings, s3: dict[str, Any], store: UUID, tmp_path: Path
) -> None:
    dead = {**s3, "endpoint_url": f"http://127.0.0.1:{free_port()}"}
    backend = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": dead}
    settings.STORAGES = {**settings.STORAGES, "blobs": backend}
    settings.WORK_ROOT = tmp_path
    with pytest.raises(StoreUnavailableError):
        blobs.put_blob(store, io.BytesIO(b"bark"))
    assert not Blob.objects.filter(store=store).exists()
    assert list((tmp_path / "staging").iterdir()) == []
