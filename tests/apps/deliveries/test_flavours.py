"""Flavours: made once by the worker, shared between releases, gone when the clip goes."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
import soundfile

from apps.datasets.models import Clip
from apps.deliveries import flavours
from apps.deliveries.errors import FlavourInvalidError, FlavourNotReadyError, FlavourQueueFullError
from apps.deliveries.flavours import (
    Spec,
    ensure_flavour,
    find_made_files,
    list_blobs_made_from,
    list_flavour_states,
    make_flavour,
    order_flavour,
)
from apps.deliveries.models import FlavourFile
from apps.deliveries.parts import Part
from apps.deliveries.selections import Selection
from apps.jobs.models import Job
from apps.releases.models import Release
from apps.storage.blobs import destroy_blob, put_each, verify_blob
from apps.storage.models import Blob
from datasets_catalog.errors import DeniedError, EarmarkError
from tests.cast import Cast
from tests.factories.drafts import make_published
from tests.factories.jobs import work_off

SPEC = Spec(8000, mono=True, container="flac")
ALL = Selection()


@pytest.fixture
def release(cast: Cast, tmp_path: Path) -> Release:
    row = make_published(cast, tmp_path)
    work_off()
    return row


def ordered(cast: Cast, release: Release, spec: Spec = SPEC, selection: Selection = ALL) -> Job:
    return order_flavour(actor=cast.ada, release=release, spec=spec, selection=selection)


def content_of(part: Part) -> dict[str, bytes]:
    content = b"".join(part.content(0, part.size))
    part.close()
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {m.name: file.read() for m in tar if (file := tar.extractfile(m))}


def test_a_part_comes_in_a_flavour_that_says_what_it_is_made_of(
    cast: Cast, release: Release
) -> None:
    with pytest.raises(FlavourNotReadyError):
        Part(release, ALL, spec=SPEC)
    job = ordered(cast, release)
    assert work_off() == [job]
    job.refresh_from_db()
    assert (job.state, job.result["made"], job.done, job.total) == ("done", 4, 4, 4)
    files = content_of(Part(release, ALL, spec=SPEC))
    about = json.loads(files["tones-1.0.0/MANIFEST.json"])["flavour"]
    assert (about["name"], about["bits"]) == ("8000-mono-flac", 16)
    assert about["tools"]["soxr"]
    rows = [json.loads(line) for line in files["tones-1.0.0/flavour.jsonl"].splitlines()]
    for row, clip in zip(rows, Clip.objects.select_related("blob").order_by("path"), strict=True):
        assert row["source"] == {"path": clip.path, "sha256": clip.blob.sha256}
        with soundfile.SoundFile(io.BytesIO(files[f"tones-1.0.0/audio/{clip.path}.flac"])) as made:
            assert (made.samplerate, made.channels, made.format) == (8000, 1, "FLAC")
            assert made.frames == row["frames"]


def test_what_is_made_is_not_made_again(cast: Cast, release: Release) -> None:
    ordered(cast, release, selection=Selection(splits=("test",)))
    work_off()
    first = set(FlavourFile.objects.values_list("pk", flat=True))
    assert len(first) == 2
    ordered(cast, release)
    (job,) = work_off()
    assert job.result["made"] == 2
    assert first < set(FlavourFile.objects.values_list("pk", flat=True))
    (state,) = list_flavour_states(release, cast.ada)
    assert (state.ready, state.of, state.is_whole) == (4, 4, True)


def test_the_same_order_is_one_job_and_the_queue_is_bounded(cast: Cast, release: Release) -> None:
    first = ordered(cast, release)
    assert ordered(cast, release) == first
    ordered(cast, release, Spec(16000, mono=True, container="wav"))
    with pytest.raises(FlavourQueueFullError, match="You have"):
        ordered(cast, release, Spec(None, mono=False, container="flac"))


def test_who_may_not_take_it_may_not_have_it_made(cast: Cast, release: Release) -> None:
    with pytest.raises(DeniedError):
        order_flavour(actor=cast.eve, release=release, spec=SPEC, selection=ALL)
    assert not Job.objects.filter(kind=flavours.MAKE).exists()


def test_work_that_was_killed_goes_on_where_it_was(
    cast: Cast, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flavours, "AT_ONCE", 1)

    class KilledError(Exception):
        pass

    def die(done: int, total: int, message: str) -> None:
        if done == 2:
            raise KilledError

    make = partial(
        make_flavour, actor=cast.ada, release=release, spec=SPEC, selection=ALL, before=None
    )
    with pytest.raises(KilledError):
        make(progress=die)
    assert FlavourFile.objects.count() == 2
    again = make(progress=lambda *_: None)
    assert again["made"] == 2


def test_a_destroyed_clips_flavours_are_found_and_never_leave(cast: Cast, release: Release) -> None:
    ordered(cast, release)
    work_off()
    clip = Clip.objects.select_related("blob").get(path="field/000.wav")
    (made,) = list_blobs_made_from(clip.blob)
    verify_blob(made)
    destroy_blob(clip.blob)
    assert not find_made_files(ensure_flavour(SPEC), release, [clip.blob.oid])
    assert list(list_blobs_made_from(clip.blob)) == [made]
    destroy_blob(made)


def test_what_two_clips_became_alike_stays_for_the_other(cast: Cast, release: Release) -> None:
    ordered(cast, release)
    work_off()
    one, two = FlavourFile.objects.select_related("source").order_by("pk")[:2]
    FlavourFile.objects.filter(pk=two.pk).update(blob=one.blob)
    assert list(list_blobs_made_from(one.source)) == []
    destroy_blob(two.source)
    assert list(list_blobs_made_from(one.source)) == [one.blob]


def test_a_clip_destroyed_while_it_is_made_takes_what_was_made_along(
    cast: Cast, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = Clip.objects.select_related("blob").get(path="field/000.wav")

    def late(store: UUID, paths: Iterable[Path]) -> Iterator[tuple[Path, Blob | EarmarkError]]:
        destroy_blob(clip.blob)
        return put_each(store, paths)

    monkeypatch.setattr(flavours, "put_each", late)
    ordered(cast, release, selection=Selection(clips=(clip.path,)))
    (job,) = work_off()
    assert (job.state, job.error["code"]) == ("failed", "storage.blob_destroyed")
    row = FlavourFile.objects.select_related("blob").get(source=clip.blob)
    assert row.blob.destroyed_at is not None


@pytest.mark.parametrize(
    "name", ["", "16000-mono", "11025-mono-flac", "16000-mono-mp3", "own-x-wav"]
)
def test_other_words_are_no_flavour(name: str) -> None:
    with pytest.raises(FlavourInvalidError, match="For example"):
        Spec.parse_name(name)
