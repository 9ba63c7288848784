"""What is scanned again when something changes, what is not, and what blocks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.consent.models import Participation
from apps.datasets.actions import create_dataset, update_dataset
from apps.datasets.models import Clip, Dataset
from apps.detection import scanning
from apps.detection.detectors.base import AudioSubject, Detection, Detector, DetectorFailedError
from apps.detection.detectors.registry import list_detectors
from apps.detection.models import Finding, Scan
from apps.detection.scanning import list_scans, scan_dataset
from apps.ingest.actions import import_clips
from apps.releases.actions import create_release
from apps.releases.facts import load_facts
from apps.releases.models import Release
from apps.review.models import Decision
from apps.storage.blobs import open_local_copy
from datasets_catalog.errors import InvalidError
from datasets_catalog.gates.privacy import PrivacyScanned
from tests.cast import Cast
from tests.factories.drafts import make_draft, write_table
from tests.sounds import tone, write_any, write_sound

pytestmark = pytest.mark.django_db


def ward(cast: Cast) -> Dataset:
    return create_dataset(
        actor=cast.ada, organisation=cast.acme, name="ward", vertical="medical", title="Ward"
    )


def bring_in(cast: Cast, dataset: Dataset, base: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """Clips with the given columns, one of a different pitch for each."""
    sounds = base / "sounds"
    sounds.mkdir(exist_ok=True)
    for number, row in enumerate(rows):
        if not (sounds / row["path"]).exists():
            hertz = 300 + 10 * (number + Clip.objects.count())
            write_sound(sounds / row["path"], tone(seconds=0.3, hertz=hertz))
    table = write_table(base / "clips.csv", [{"licence": "CC0-1.0", **row} for row in rows])
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds, metadata=table)
    assert report.is_clean, report.sentences()
    return sounds


def people(*bands: str, start: int = 0) -> list[dict[str, str]]:
    return [
        {"path": f"{number:03d}.wav", "age_band": band, "sex": "female"}
        for number, band in enumerate(bands, start)
    ]


def rare(dataset: Dataset) -> list[str]:
    rows = Finding.objects.filter(clip__dataset=dataset, kind="rare_combination")
    return sorted(rows.values_list("clip__path", flat=True))


def release_of(dataset: Dataset, cast: Cast) -> Release:
    """A release under way, never frozen: the facts are those of the draft."""
    there = Release.objects.filter(dataset=dataset).first()
    return there or create_release(
        actor=cast.ada, dataset=dataset, version="1.0.0", purposes=["research.noncommercial"]
    )


def unscanned(dataset: Dataset, cast: Cast) -> list[str]:
    release = release_of(dataset, cast)
    verdict = PrivacyScanned().check(load_facts(release, at=timezone.now()))
    return [row.message for row in verdict.rows]


def test_a_draft_that_did_not_change_is_not_scanned_again(cast: Cast, tmp_path: Path) -> None:
    dataset = make_draft(cast, tmp_path)
    before = set(Scan.objects.values_list("pk", flat=True))
    assert scan_dataset(actor=cast.ada, dataset=dataset).contents == 0
    assert set(Scan.objects.values_list("pk", flat=True)) == before
    assert unscanned(dataset, cast) == []


def test_a_new_version_of_one_detector_asks_that_one_again_and_no_other(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_draft(cast, tmp_path)
    video = next(each for each in list_detectors("standard") if each.name == "video")
    monkeypatch.setattr(video, "version", "1.1", raising=False)
    waiting = unscanned(dataset, cast)
    assert len(waiting) == 4
    assert all(message.startswith("not scanned by video 1.1") for message in waiting)
    assert scan_dataset(actor=cast.ada, dataset=dataset).contents == 4
    assert unscanned(dataset, cast) == []
    names = Scan.objects.filter(detector_version="1.1").values_list("detector", flat=True)
    assert set(names) == {"video"}


def test_a_new_person_asks_again_for_those_alone_who_share_their_values(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = ward(cast)
    bring_in(cast, dataset, tmp_path, people(*["20-29"] * 5, "80-89", "60-69"))
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert rare(dataset) == ["005.wav", "006.wav"]
    groups = Scan.objects.filter(detector="combinations").count()
    bring_in(cast, dataset, tmp_path, people("20-29", start=7))
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert Scan.objects.filter(detector="combinations").count() == groups
    bring_in(cast, dataset, tmp_path, people("80-89", start=8))
    waiting = unscanned(dataset, cast)
    assert [message for message in waiting if message == "not scanned by combinations 2"] == []
    assert sum("combinations" in message for message in waiting) == 2
    scan_dataset(actor=cast.ada, dataset=dataset)
    # The one who was there before stands with one finding, made when there was nobody else.
    assert rare(dataset) == ["005.wav", "006.wav", "008.wav"]
    assert unscanned(dataset, cast) == []


def test_what_was_cleared_is_asked_again_when_fewer_are_left(cast: Cast, tmp_path: Path) -> None:
    dataset = ward(cast)
    bring_in(cast, dataset, tmp_path, people("80-89", "80-89"))
    scan_dataset(actor=cast.ada, dataset=dataset)
    for finding in Finding.objects.filter(kind="rare_combination"):
        Decision.objects.create(
            finding=finding,
            verdict="clear",
            reason="both agreed",
            content_sha256=finding.content_sha256,
            decided_by=cast.cleo,
            uploaded_by=cast.ada,
        )
    Clip.objects.filter(path="001.wav").update(state=Clip.State.REMOVED)
    scan_dataset(actor=cast.ada, dataset=dataset)
    still = Finding.objects.filter(kind="rare_combination", decision=None)
    assert [finding.clip.path for finding in still] == ["000.wav"]
    assert unscanned(dataset, cast) == []


def test_many_clips_of_one_person_are_one_person(cast: Cast, tmp_path: Path) -> None:
    dataset = ward(cast)
    rows = [{**row, "contributors": "ben"} for row in people(*["80-89"] * 5)]
    bring_in(cast, dataset, tmp_path, rows)
    assert Participation.objects.count() == 5
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert len(rare(dataset)) == 5


def test_a_dataset_declares_columns_beside_those_of_its_vertical(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = ward(cast)
    rows = [
        {**row, "environment": "clinic" if number else "lighthouse"}
        for number, row in enumerate(people(*["20-29"] * 5))
    ]
    bring_in(cast, dataset, tmp_path, rows)
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert rare(dataset) == []
    with pytest.raises(InvalidError, match="no column that can single out"):
        update_dataset(actor=cast.ada, dataset=dataset, changes={"quasi_identifiers": ["licence"]})
    changes = {"quasi_identifiers": ["environment"]}
    dataset = update_dataset(actor=cast.ada, dataset=dataset, changes=changes)
    assert len(unscanned(dataset, cast)) == 5
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert unscanned(dataset, cast) == []
    assert rare(dataset) == ["000.wav", "001.wav", "002.wav", "003.wav", "004.wav"]


def test_place_and_day_count_where_the_vertical_says_so_and_the_minute_does_not(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = ward(cast)
    rows = [
        {**row, "recorded_at": f"2026-01-1{number // 5}T10:0{number % 5}:00Z"}
        for number, row in enumerate(people(*["20-29"] * 6))
    ]
    bring_in(cast, dataset, tmp_path, rows)
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert rare(dataset) == ["005.wav"]


class _Crashing:
    """Every method of a detector that dies on all it is shown."""

    def __init__(self, like: Detector) -> None:
        self.name, self.version = like.name, like.version
        self.model_sha256, self.parameters = like.model_sha256, like.parameters
        self.looks_at = like.looks_at

    def detect(self, subject: Any) -> Detection:
        raise MemoryError("no room")

    def groups(self, draft: Any) -> Mapping[str, Any]:
        groups: Mapping[str, Any] = CRASHES["combinations"].groups(draft)
        return groups


CRASHES: dict[str, Any] = {each.name: each for each in list_detectors("sensitive")}


def test_detectors_that_crash_block_until_they_can_look(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_draft(cast, tmp_path, clips=1)
    Dataset.objects.filter(pk=dataset.pk).update(privacy_profile="sensitive")
    dataset.refresh_from_db()
    Scan.objects.all().delete()
    broken = [_Crashing(each) for each in list_detectors("sensitive")]
    with monkeypatch.context() as patched:
        patched.setattr(scanning, "list_detectors", lambda _: broken)
        assert scan_dataset(actor=cast.ada, dataset=dataset).failed == len(CRASHES)
    waiting = " ".join(unscanned(dataset, cast))
    assert [name for name in CRASHES if name not in waiting] == []
    assert scan_dataset(actor=cast.ada, dataset=dataset).failed == 0
    assert unscanned(dataset, cast) == []


def test_a_blob_that_cannot_be_read_blocks_alone(
    cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = make_draft(cast, tmp_path, clips=2)
    Scan.objects.all().delete()
    lend, lost = open_local_copy, Clip.objects.order_by("path")[0].blob

    def losing(blob: Any) -> Any:
        return lend(lost) if blob.pk != lost.pk else _lost()

    def _lost() -> Iterator[Path]:
        raise DetectorFailedError("the bytes are gone")

    monkeypatch.setattr(scanning, "open_local_copy", losing)
    audio = sum(each.looks_at == "audio" for each in list_detectors("standard"))
    assert scan_dataset(actor=cast.ada, dataset=dataset).failed == audio
    assert Scan.objects.filter(failed=True).count() == audio


def test_a_video_waits_for_a_decision_and_no_gate_on_texts_speaks_of_it(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = ward(cast)
    (tmp_path / "sounds").mkdir()
    write_any(tmp_path / "sounds", "mp4")
    bring_in(cast, dataset, tmp_path, [{"path": "tone.mp4"}])
    scan_dataset(actor=cast.ada, dataset=dataset)
    release = release_of(dataset, cast)
    clip = next(iter(load_facts(release, at=timezone.now()).clips))
    assert [finding.kind for finding in clip.findings] == ["video"]
    assert clip.identifying == ()


def test_scans_that_go_by_speech_have_it_though_speech_was_heard_before(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_draft(cast, tmp_path, clips=1)
    Scan.objects.filter(detector="spoken").delete()
    assert scan_dataset(actor=cast.ada, dataset=dataset).failed == 0
    spoken = next(each for each in list_detectors("standard") if each.name == "spoken")
    assert list_scans(dataset, spoken).get().evidence["seconds_left_out"] == 0
    assert AudioSubject(tmp_path, "x").speech is None
