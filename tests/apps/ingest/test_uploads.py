"""The upload protocol: what is asked for, what is kept, what is refused, what is resumed."""

import io
import tarfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from apps.datasets.models import Clip, Dataset
from apps.ingest.models import Upload, UploadPart, UploadRow
from apps.ingest.upload_bytes import (
    PACK_ENTRIES,
    PartsIncompleteError,
    join_parts,
    list_parts,
    put_file,
    put_pack,
    put_part,
)
from apps.ingest.upload_finish import sweep_uploads, take_upload_in
from apps.ingest.uploads import (
    AnnouncedFile,
    FileTooLargeError,
    RowRefusedError,
    UploadClosedError,
    UploadEmptyError,
    UploadUnknownError,
    Way,
    check_files,
    commit_rows,
    fetch_upload,
    finish_upload,
    start_upload,
)
from apps.jobs.models import Job
from apps.storage.blobs import destroy_blob, find_blobs
from apps.storage.errors import BlobDestroyedError, BlobMismatchError
from apps.storage.models import Blob
from datasets_catalog.errors import DeniedError
from tests.apps.ingest.archive_makers import OneWay, tar, tar_entry, tar_of
from tests.cast import Cast
from tests.factories.jobs import work_off
from tests.factories.published import keep, make_dataset
from tests.factories.sounds import sha256_of, sound_bytes

MEBIBYTE = 1024 * 1024


@pytest.fixture
def birds(cast: Cast) -> Dataset:
    return make_dataset(cast.acme, cast.ada)


@pytest.fixture
def upload(cast: Cast, birds: Dataset) -> Upload:
    return start_upload(actor=cast.ada, dataset=birds)


def announced(content: bytes, path: str = "a.wav") -> AnnouncedFile:
    return AnnouncedFile(path, sha256_of(content), len(content))


def way_of(cast: Cast, upload: Upload, file: AnnouncedFile) -> Way:
    return check_files(actor=cast.ada, upload=upload, files=[file])[0].way


def send(cast: Cast, upload: Upload, content: bytes) -> str:
    sha256 = sha256_of(content)
    put_file(
        actor=cast.ada,
        upload=upload,
        sha256=sha256,
        stream=io.BytesIO(content),
        size=len(content),
    )
    return sha256


def pack_of(*contents: bytes) -> OneWay:
    return OneWay(tar({sha256_of(content): content for content in contents}))


def test_only_those_who_ingest_may_begin(cast: Cast, birds: Dataset) -> None:
    for outsider in (cast.cleo, cast.rita, cast.olga, cast.dan, cast.eve):
        with pytest.raises(DeniedError):
            start_upload(actor=outsider, dataset=birds)


def test_an_upload_belongs_to_who_began_it(cast: Cast, upload: Upload) -> None:
    assert fetch_upload(cast.ada, "acme/birds", upload.uid) == upload
    for user, name in ((cast.eve, "acme/birds"), (cast.ada, "acme/frogs")):
        with pytest.raises(UploadUnknownError):
            fetch_upload(user, name, upload.uid)


def test_small_files_go_in_packs_and_large_ones_in_parts(cast: Cast, upload: Upload) -> None:
    sizes = {1: Way.PACK, MEBIBYTE: Way.PUT, 64 * MEBIBYTE: Way.PUT, 64 * MEBIBYTE + 1: Way.PARTS}
    for size, way in sizes.items():
        assert way_of(cast, upload, AnnouncedFile("a.wav", "0" * 64, size)) == way


def test_nothing_is_told_of_other_datasets_bytes(cast: Cast, upload: Upload) -> None:
    content = sound_bytes()
    keep(make_dataset(cast.acme, cast.ada, name="frogs"), content)
    assert way_of(cast, upload, announced(content)) == Way.PACK
    keep(upload.dataset, content)
    assert way_of(cast, upload, announced(content)) == Way.HAVE


def test_a_hash_with_another_size_is_not_had(cast: Cast, upload: Upload) -> None:
    blob = keep(upload.dataset, sound_bytes())
    assert way_of(cast, upload, AnnouncedFile("a.wav", blob.sha256, blob.size + 1)) == Way.PACK


def test_impossible_files_are_refused_before_a_byte_is_sent(cast: Cast, upload: Upload) -> None:
    files = [
        AnnouncedFile("../../etc/passwd", "0" * 64, 5),
        AnnouncedFile("empty.wav", "0" * 64, 0),
        AnnouncedFile("huge.wav", "0" * 64, 2**60),
    ]
    checked = check_files(actor=cast.ada, upload=upload, files=files)
    assert [one.error.code for one in checked if one.error] == [
        "ingest.path_invalid",
        "upload.file_empty",
        "upload.file_too_large",
    ]


def test_destroyed_bytes_do_not_come_back(cast: Cast, upload: Upload) -> None:
    content = sound_bytes()
    destroy_blob(keep(upload.dataset, content))
    assert way_of(cast, upload, announced(content)) == Way.REFUSED
    with pytest.raises(BlobDestroyedError):
        send(cast, upload, content)


def test_bytes_are_kept_only_under_their_own_hash(cast: Cast, upload: Upload) -> None:
    for size in (5, 4, 6, None):
        with pytest.raises(BlobMismatchError):
            put_file(
                actor=cast.ada,
                upload=upload,
                sha256=sha256_of(b"other"),
                stream=io.BytesIO(b"these"),
                size=size,
            )
    assert not Blob.objects.exists()


def test_a_declared_size_beyond_the_limit_is_refused_unread(cast: Cast, upload: Upload) -> None:
    stream = io.BytesIO(b"x" * 100)
    with pytest.raises(FileTooLargeError):
        put_file(actor=cast.ada, upload=upload, sha256="0" * 64, stream=stream, size=2**60)
    assert stream.tell() == 0


def test_an_undeclared_size_is_cut_at_the_limit(cast: Cast, upload: Upload, settings: Any) -> None:
    settings.INGEST_MAX_FILE_BYTES = 10
    with pytest.raises(FileTooLargeError):
        put_file(
            actor=cast.ada,
            upload=upload,
            sha256=sha256_of(b"x" * 11),
            stream=io.BytesIO(b"x" * 11),
            size=None,
        )


def test_a_pack_keeps_every_entry_by_its_hash(cast: Cast, upload: Upload) -> None:
    contents = [sound_bytes(300 + number) for number in range(20)]
    pack = put_pack(actor=cast.ada, upload=upload, stream=pack_of(*contents))
    assert pack.stopped is None
    assert all(entry.error is None for entry in pack.entries)
    assert find_blobs(upload.dataset.uid, map(sha256_of, contents)).keys() == set(
        map(sha256_of, contents)
    )


def test_tricks_in_a_pack_are_refused_one_by_one(cast: Cast, upload: Upload) -> None:
    good, lie = sound_bytes(), b"not what its name says"
    hostile = OneWay(
        tar_of(
            [
                tar_entry("../../../etc/cron.d/x", b"evil"),
                tar_entry("/etc/passwd", b"evil"),
                tar_entry("innocent.wav", b"named by path"),
                tar_entry(sha256_of(b"link"), kind=tarfile.SYMTYPE, target="/etc/passwd"),
                tar_entry(sha256_of(b"hard"), kind=tarfile.LNKTYPE, target="/etc/passwd"),
                tar_entry(sha256_of(b"pipe"), kind=tarfile.FIFOTYPE),
                tar_entry("f" * 64, lie),
                tar_entry(sha256_of(good).upper(), good),
                tar_entry(".hidden", b"evil"),
                tar_entry(sha256_of(good), good),
                tar_entry(sha256_of(good), good),
            ]
        )
    )
    pack = put_pack(actor=cast.ada, upload=upload, stream=hostile)
    kept = [entry.name for entry in pack.entries if entry.error is None]
    assert kept == [sha256_of(good)]
    assert len(pack.entries) == 11
    assert pack.stopped is None
    assert Blob.objects.count() == 1


def test_a_torn_pack_keeps_what_came_whole(cast: Cast, upload: Upload) -> None:
    contents = [sound_bytes(300 + number) for number in range(4)]
    whole = pack_of(*contents).getvalue()
    torn = OneWay(whole[: len(whole) // 2])
    pack = put_pack(actor=cast.ada, upload=upload, stream=torn)
    assert pack.stopped is not None
    assert pack.stopped.code == "ingest.archive_torn"
    kept = {entry.name for entry in pack.entries}
    assert kept == find_blobs(upload.dataset.uid, map(sha256_of, contents)).keys()
    assert 0 < len(kept) < 4
    missing = [c for c in contents if way_of(cast, upload, announced(c)) == Way.PACK]
    assert put_pack(actor=cast.ada, upload=upload, stream=pack_of(*missing)).stopped is None
    assert all(way_of(cast, upload, announced(content)) == Way.HAVE for content in contents)


class BrokenPipe(OneWay):
    """A connection that ends in the middle."""

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise OSError("connection reset by peer")
        return chunk


def test_a_broken_connection_keeps_what_came_whole(cast: Cast, upload: Upload) -> None:
    whole = pack_of(sound_bytes(300), sound_bytes(301)).getvalue()
    pack = put_pack(actor=cast.ada, upload=upload, stream=BrokenPipe(whole[: len(whole) * 2 // 3]))
    assert pack.stopped is not None
    assert [entry.error for entry in pack.entries] == [None]


def test_a_pack_stops_at_its_limits(cast: Cast, upload: Upload) -> None:
    large = b"x" * (MEBIBYTE + 1)
    pack = put_pack(actor=cast.ada, upload=upload, stream=pack_of(b"first", large, b"last"))
    assert pack.stopped is not None
    assert pack.stopped.code == "ingest.archive_limit"
    assert [entry.name for entry in pack.entries] == [sha256_of(b"first")]
    many = pack_of(*(str(number).encode() for number in range(PACK_ENTRIES + 1)))
    pack = put_pack(actor=cast.ada, upload=upload, stream=many)
    assert pack.stopped is not None
    assert len(pack.entries) == PACK_ENTRIES


def test_a_large_file_comes_in_parts_in_any_order(cast: Cast, upload: Upload) -> None:
    content = b"".join(bytes([number]) * 1000 for number in range(5))
    sha256 = sha256_of(content)
    for number in (3, 1, 5, 4):
        put_part(
            actor=cast.ada,
            upload=upload,
            sha256=sha256,
            number=number,
            stream=io.BytesIO(content[(number - 1) * 1000 : number * 1000]),
        )
    with pytest.raises(PartsIncompleteError) as refused:
        join_parts(actor=cast.ada, upload=upload, sha256=sha256, size=5000)
    assert refused.value.detail["missing"] == [2]
    put_part(
        actor=cast.ada, upload=upload, sha256=sha256, number=2, stream=io.BytesIO(b"wrong" * 200)
    )
    with pytest.raises(BlobMismatchError):
        join_parts(actor=cast.ada, upload=upload, sha256=sha256, size=5000)
    wrong = [
        part.number
        for part in list_parts(upload, sha256)
        if part.part_sha256 != sha256_of(content[(part.number - 1) * 1000 : part.number * 1000])
    ]
    assert wrong == [2]
    put_part(
        actor=cast.ada,
        upload=upload,
        sha256=sha256,
        number=2,
        stream=io.BytesIO(content[1000:2000]),
    )
    blob = join_parts(actor=cast.ada, upload=upload, sha256=sha256, size=5000)
    assert (blob.sha256, blob.size) == (sha256, 5000)
    assert not UploadPart.objects.exists()
    assert join_parts(actor=cast.ada, upload=upload, sha256=sha256, size=5000) == blob


def test_nothing_is_in_the_draft_before_the_finish_and_all_after(
    cast: Cast, upload: Upload
) -> None:
    contents = {f"field/{number}.wav": sound_bytes(300 + number) for number in range(3)}
    rows = [
        {"path": path, "sha256": send(cast, upload, content), "licence": "CC0-1.0"}
        for path, content in contents.items()
    ]
    assert commit_rows(actor=cast.ada, upload=upload, rows=rows) == 3
    assert not Clip.objects.exists()
    finish_upload(actor=cast.ada, upload=upload)
    job = work_off()[0]
    assert job.state == Job.State.DONE
    assert (job.result["added"], job.result["errors"]) == (3, 0)
    clips = {clip.path: clip for clip in Clip.objects.select_related("blob")}
    assert clips.keys() == contents.keys()
    assert all(clip.added_by == cast.ada for clip in clips.values())
    assert all(
        clip.blob.sha256 == sha256_of(contents[path]) and clip.licence == "CC0-1.0"
        for path, clip in clips.items()
    )
    with pytest.raises(UploadClosedError):
        commit_rows(actor=cast.ada, upload=upload, rows=rows)


def test_wrong_rows_wait_to_be_mended(cast: Cast, upload: Upload) -> None:
    good, text = sound_bytes(), b"no sound at all"
    rows = [
        {"path": "good.wav", "sha256": send(cast, upload, good), "licence": "CC0-1.0"},
        {"path": "licence.wav", "sha256": sha256_of(good), "licence": "my own"},
        {"path": "text.wav", "sha256": send(cast, upload, text), "licence": "CC0-1.0"},
        {"path": "lost.wav", "sha256": "0" * 64, "licence": "CC0-1.0"},
    ]
    commit_rows(actor=cast.ada, upload=upload, rows=rows)
    finish_upload(actor=cast.ada, upload=upload)
    result = work_off()[0].result
    assert result["added"] == 1
    assert [error["path"] for error in result["row_errors"]] == ["licence.wav"]
    assert {error["path"]: error["code"] for error in result["file_errors"]}.keys() == {
        "text.wav",
        "lost.wav",
    }
    upload.refresh_from_db()
    assert upload.finished_at is None
    waiting = set(UploadRow.objects.values_list("path", flat=True))
    assert waiting == {"licence.wav", "text.wav", "lost.wav"}
    mended = [
        {"path": path, "sha256": send(cast, upload, good), "licence": "CC-BY-4.0", "author": "Ada"}
        for path in waiting
    ]
    commit_rows(actor=cast.ada, upload=upload, rows=mended)
    finish_upload(actor=cast.ada, upload=upload)
    assert work_off()[0].result["added"] == 3
    upload.refresh_from_db()
    assert upload.finished_at is not None


def test_a_dry_run_changes_nothing(cast: Cast, upload: Upload) -> None:
    rows = [{"path": "a.wav", "sha256": send(cast, upload, sound_bytes())}]
    commit_rows(actor=cast.ada, upload=upload, rows=rows)
    finish_upload(actor=cast.ada, upload=upload, dry_run=True)
    result = work_off()[0].result
    assert (result["added"], result["dry_run"]) == (1, True)
    assert not Clip.objects.exists()
    assert UploadRow.objects.count() == 1


def test_a_worker_that_dies_after_its_work_loses_nothing(cast: Cast, upload: Upload) -> None:
    rows = [{"path": "a.wav", "sha256": send(cast, upload, sound_bytes())}]
    commit_rows(actor=cast.ada, upload=upload, rows=rows)
    first = take_upload_in(actor=cast.ada, upload=upload)
    upload.refresh_from_db()
    assert take_upload_in(actor=cast.ada, upload=upload) == first
    assert Clip.objects.count() == 1


def test_finishing_twice_is_one_job(cast: Cast, upload: Upload) -> None:
    with pytest.raises(UploadEmptyError):
        finish_upload(actor=cast.ada, upload=upload)
    rows = [{"path": "a.wav", "sha256": send(cast, upload, sound_bytes())}]
    commit_rows(actor=cast.ada, upload=upload, rows=rows)
    job = finish_upload(actor=cast.ada, upload=upload)
    assert finish_upload(actor=cast.ada, upload=upload) == job
    with pytest.raises(UploadClosedError):
        commit_rows(actor=cast.ada, upload=upload, rows=rows)


def test_rows_without_bytes_or_name_are_refused_all_together(cast: Cast, upload: Upload) -> None:
    good = {"path": "a.wav", "sha256": "0" * 64}
    for bad in (
        {"sha256": "0" * 64},
        {"path": "b.wav"},
        {"path": "b.wav", "sha256": "xyz"},
        {"path": "../b.wav", "sha256": "0" * 64},
        {"path": "./a.wav", "sha256": "1" * 64},
        {"path": 7, "sha256": "0" * 64},
    ):
        with pytest.raises(RowRefusedError):
            commit_rows(actor=cast.ada, upload=upload, rows=[good, bad])
    assert not UploadRow.objects.exists()


def test_expired_uploads_go_with_their_parts(cast: Cast, upload: Upload) -> None:
    put_part(actor=cast.ada, upload=upload, sha256="0" * 64, number=1, stream=io.BytesIO(b"x"))
    storages["blobs"].save(f"uploads/{upload.uid}/stray", io.BytesIO(b"killed writer"))
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    upload.refresh_from_db()
    with pytest.raises(UploadClosedError):
        check_files(actor=cast.ada, upload=upload, files=[])
    start_upload(actor=cast.ada, dataset=upload.dataset)
    assert work_off()[0].result == {"swept": 1}
    assert not Upload.objects.filter(uid=upload.uid).exists()
    assert not storages["blobs"].exists(f"uploads/{upload.uid}")
    assert sweep_uploads() == 0
