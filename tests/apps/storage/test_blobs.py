import hashlib
import io
import os
import threading
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections, transaction

from apps.storage import blobs
from apps.storage.errors import (
    BlobCollisionError,
    BlobDestroyedError,
    BlobMismatchError,
    BlobMissingError,
    BlobUnknownError,
    FileUnreadableError,
)
from apps.storage.models import Blob

pytestmark = pytest.mark.django_db

# Two different byte strings with one md5, by Marc Stevens ("single-block collision", 2012).
COLLISION = (
    bytes.fromhex(
        "4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518"
        "afbfa200a8284bf36e8e4b55b35f427593d849676da0d1555d8360fb5f07fea2"
    ),
    bytes.fromhex(
        "4dc968ff0ee35c209572d4777b721587d36fa7b21bdc56b74a3dc0783e7b9518"
        "afbfa202a8284bf36e8e4b55b35f427593d849676da0d1d55d8360fb5f07fea2"
    ),
)


@pytest.fixture
def store() -> UUID:
    return uuid4()


def kept_file(blob: Blob) -> Path:
    path = blobs.find_local_path(blob)
    assert path is not None
    return path


def staging(blob: Blob) -> list[Path]:
    return list((kept_file(blob).parents[4] / "tmp").iterdir())


def write(folder: Path, **files: bytes) -> list[Path]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


class Broken:
    """A stream that dies after its first chunk."""

    def __init__(self) -> None:
        self.chunks = [b"x" * 10]

    def read(self, size: int, /) -> bytes:
        if not self.chunks:
            raise ConnectionError("gone")
        return self.chunks.pop()


def test_bytes_lie_where_dvc_looks_for_them_and_cannot_be_written(store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    oid = hashlib.md5(b"bark").hexdigest()
    assert (blob.oid, blob.size) == (oid, 4)
    assert blob.sha256 == hashlib.sha256(b"bark").hexdigest()
    assert kept_file(blob).as_posix().endswith(f"/{store}/files/md5/{oid[:2]}/{oid[2:]}")
    assert kept_file(blob).stat().st_mode & 0o222 == 0
    with blobs.open_blob(blob) as stream:
        assert stream.read() == b"bark"
    assert staging(blob) == []


def test_the_same_bytes_twice_are_one_blob(store: UUID) -> None:
    assert blobs.put_blob(store, io.BytesIO(b"")) == blobs.put_blob(store, io.BytesIO(b""))
    assert Blob.objects.filter(store=store).count() == 1


def test_stores_share_nothing(store: UUID) -> None:
    other = uuid4()
    first = blobs.put_blob(store, io.BytesIO(b"moo"))
    assert blobs.find_blobs(other, [first.sha256]) == {}
    assert kept_file(first) != kept_file(blobs.put_blob(other, io.BytesIO(b"moo")))


@pytest.mark.parametrize(
    "announced", [{"expect_sha256": "0" * 64}, {"expect_size": 3}, {"expect_size": 5}]
)
def test_bytes_that_are_not_those_announced_leave_nothing(
    store: UUID, announced: dict[str, str | int]
) -> None:
    with pytest.raises(BlobMismatchError):
        blobs.put_blob(store, io.BytesIO(b"bark"), **announced)  # type: ignore[arg-type]  # one of two
    assert not Blob.objects.filter(store=store).exists()
    assert staging(blobs.put_blob(store, io.BytesIO(b"bark"))) == []


def test_a_stream_that_breaks_leaves_nothing(store: UUID) -> None:
    with pytest.raises(ConnectionError):
        blobs.put_blob(store, Broken())
    assert not Blob.objects.filter(store=store).exists()
    assert staging(blobs.put_blob(store, io.BytesIO(b"bark"))) == []


def test_other_bytes_with_the_same_md5_are_refused(store: UUID) -> None:
    first = blobs.put_blob(store, io.BytesIO(COLLISION[0]))
    assert hashlib.md5(COLLISION[1]).hexdigest() == first.oid
    with pytest.raises(BlobCollisionError):
        blobs.put_blob(store, io.BytesIO(COLLISION[1]))
    assert kept_file(first).read_bytes() == COLLISION[0]


def test_a_collision_inside_one_batch_is_named_for_its_file_only(
    store: UUID, tmp_path: Path
) -> None:
    paths = write(tmp_path, a=COLLISION[0], b=COLLISION[1], c=b"fine", d=COLLISION[0])
    outcomes = [kept for _, kept in blobs.put_each(store, paths)]
    assert [type(kept) for kept in outcomes] == [Blob, BlobCollisionError, Blob, Blob]
    assert outcomes[0] == outcomes[3]


def test_destroyed_bytes_are_gone_and_stay_out(
    store: UUID, tmp_path: Path, django_capture_on_commit_callbacks: object
) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"a voice"))
    path = kept_file(blob)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # fixture
        gone = blobs.destroy_blob(blob, at=datetime(2026, 1, 2, tzinfo=UTC))
        assert path.exists()
    assert not path.exists()
    assert gone.destroyed_at == datetime(2026, 1, 2, tzinfo=UTC)
    assert blobs.find_blobs(store, [blob.sha256]) == {}
    assert blobs.get_blob(store, blob.oid).destroyed_at is not None
    for refused in (blobs.open_blob, blobs.find_local_path):
        with pytest.raises(BlobDestroyedError):
            refused(gone)
    with pytest.raises(BlobDestroyedError):
        blobs.put_blob(store, io.BytesIO(b"a voice"))
    with pytest.raises(BlobDestroyedError):
        blobs.put_many(store, write(tmp_path, again=b"a voice"))
    assert not path.exists()


def test_destroying_twice_removes_bytes_that_stayed(
    store: UUID, django_capture_on_commit_callbacks: object
) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"a voice"))
    first = blobs.destroy_blob(blob)
    assert kept_file(blob).exists()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]  # fixture
        assert blobs.destroy_blob(blob).destroyed_at == first.destroyed_at
    assert not kept_file(blob).exists()


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"oid": "0" * 32}, {"size": 9}])
def test_the_database_refuses_to_change_what_a_blob_is(
    store: UUID, change: dict[str, str | int]
) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    with pytest.raises(DatabaseError), transaction.atomic():
        Blob.objects.filter(pk=blob.pk).update(**change)


def test_the_database_refuses_to_bring_destroyed_bytes_back(store: UUID) -> None:
    blob = blobs.destroy_blob(blobs.put_blob(store, io.BytesIO(b"bark")))
    with pytest.raises(DatabaseError), transaction.atomic():
        Blob.objects.filter(pk=blob.pk).update(destroyed_at=None)


def test_the_database_refuses_rows_that_are_no_hashes(store: UUID) -> None:
    good = {"store": store, "oid": "0" * 32, "sha256": "0" * 64, "size": 1}
    for bad in ({"oid": "0" * 31}, {"sha256": "0" * 63}, {"size": -1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Blob.objects.create(**{**good, **bad})


def test_many_files_keep_their_order_and_their_errors(store: UUID, tmp_path: Path) -> None:
    large = os.urandom(blobs.SMALL + 1)
    paths = write(tmp_path, one=b"1", two=b"2", twin=b"1", large=large, empty=b"")
    outcomes = dict(blobs.put_each(store, [*paths, tmp_path / "nowhere", tmp_path]))
    assert list(outcomes) == [*paths, tmp_path / "nowhere", tmp_path]
    kept = [outcomes[path] for path in paths]
    assert [b.size for b in kept if isinstance(b, Blob)] == [1, 1, 1, blobs.SMALL + 1, 0]
    assert kept[0] == kept[2]
    assert isinstance(outcomes[tmp_path / "nowhere"], FileUnreadableError)
    assert isinstance(outcomes[tmp_path], FileUnreadableError)
    for blob in kept:
        assert isinstance(blob, Blob)
        blobs.verify_blob(blob)
        assert staging(blob) == []


def test_batches_split_by_count_and_by_bytes(
    store: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "BATCH_FILES", 3)
    monkeypatch.setattr(blobs, "BATCH_BYTES", 40)
    paths = write(tmp_path, **{f"f{i}": bytes([i % 7]) * i for i in range(30)})
    kept = blobs.put_many(store, paths)
    assert [blob.size for blob in kept] == list(range(30))
    assert blobs.put_many(store, paths) == kept


def test_have_answers_only_for_what_is_kept(store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    assert blobs.find_blobs(store, iter(["f" * 64, blob.sha256])) == {blob.sha256: blob}


@pytest.mark.parametrize("damage", ["lost", "cut"])
@pytest.mark.parametrize("way", ["put", "put_many"])
def test_putting_the_same_bytes_again_heals_lost_or_cut_ones(
    store: UUID, tmp_path: Path, damage: str, way: str
) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    path = kept_file(blob)
    path.unlink()
    if damage == "cut":
        path.write_bytes(b"ba")
    if way == "put":
        assert blobs.put_blob(store, io.BytesIO(b"bark")) == blob
    else:
        assert blobs.put_many(store, write(tmp_path, bark=b"bark")) == [blob]
    blobs.verify_blob(blob)
    assert staging(blob) == []


def test_verify_tells_missing_from_changed(store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    path = kept_file(blob)
    path.unlink()
    with pytest.raises(BlobMissingError):
        blobs.verify_blob(blob)
    path.write_bytes(b"park")
    with pytest.raises(BlobMismatchError):
        blobs.verify_blob(blob)


def test_an_unknown_name_is_said_to_be_unknown(store: UUID) -> None:
    with pytest.raises(BlobUnknownError):
        blobs.get_blob(store, "0" * 32)


def test_leftovers_of_crashed_writers_go_after_a_day(store: UUID) -> None:
    blob = blobs.put_blob(store, io.BytesIO(b"bark"))
    folder = kept_file(blob).parents[4] / "tmp"
    fresh, old = write(folder, fresh=b"1", old=b"2")
    os.utime(old, (1, 1))
    assert blobs.sweep_staging() == 1
    assert list(folder.iterdir()) == [fresh]
    fresh.unlink()


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_agree_on_one_blob(store: UUID) -> None:
    contents = [os.urandom(50_000) for _ in range(4)]
    outcomes: list[list[Blob]] = []
    start = threading.Barrier(4)

    def work() -> None:
        try:
            start.wait()
            outcomes.append([blobs.put_blob(store, io.BytesIO(content)) for content in contents])
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert all(outcome == outcomes[0] for outcome in outcomes)
    for blob in outcomes[0]:
        blobs.verify_blob(blob)


@pytest.mark.django_db(transaction=True)
def test_of_two_colliding_writers_at_the_same_time_one_is_refused(store: UUID) -> None:
    outcomes: list[Blob | BlobCollisionError] = []
    start = threading.Barrier(2)

    def work(content: bytes) -> None:
        try:
            start.wait()
            outcomes.append(blobs.put_blob(store, io.BytesIO(content)))
        except BlobCollisionError as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(content,)) for content in COLLISION]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Blob", "BlobCollisionError"]
    blobs.verify_blob(Blob.objects.get(store=store))
