"""What was taken out is known when it comes back, and copies are known across splits."""

from pathlib import Path

import numpy as np
import pytest

from apps.audio.decoding import read_mono
from apps.datasets.models import Clip, Dataset
from apps.detection.models import Finding
from apps.detection.scanning import scan_dataset
from apps.detection.sounds_alike import group_alike_sounds
from apps.ingest.actions import import_clips
from apps.releases.gate_results import judge_draft
from apps.review.actions import decide_finding
from apps.review.gone_sounds import find_gone_likenesses
from tests.cast import Cast
from tests.factories.drafts import make_dataset, make_release, write_table
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, sounds_of
from tests.sounds import write_sound

pytestmark = pytest.mark.django_db
RATE = 16_000


def named(package: str, stem: str) -> Path:
    return next(path for path in sounds_of(package) if path.stem == stem)


def bring(cast: Cast, dataset: Dataset, folder: Path, sounds: dict[str, tuple[Path, str]]) -> None:
    """Import sounds under new names, as FLAC, a little quieter; each with its split."""
    folder.mkdir()
    for name, (source, _) in sounds.items():
        quieter = read_mono(source, RATE) * np.float32(0.7)
        write_sound(folder / name, quieter, RATE)
    rows = [
        {"path": name, "licence": "CC0-1.0", "split": split} for name, (_, split) in sounds.items()
    ]
    table = write_table(folder.parent / f"{folder.name}.csv", rows)
    report = import_clips(actor=cast.ada, dataset=dataset, source=folder, metadata=table)
    assert report.is_clean, report.sentences()
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()


def returned(dataset: Dataset) -> dict[str, str]:
    rows = Finding.objects.filter(clip__dataset=dataset, kind="returned", decision=None)
    return dict(rows.values_list("clip__path", "detail"))


def test_an_excluded_voice_that_comes_back_in_another_coding_is_found(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_dataset(cast, "returning")
    voice, other = sounds_of(VOICES)[3], named(INSTRUMENTS, "loop_amen")
    bring(cast, dataset, tmp_path / "first", {"voice.wav": (voice, ""), "drums.wav": (other, "")})
    finding = Finding.objects.filter(clip__path="voice.wav", kind="speech").first()
    assert finding is not None
    decide_finding(actor=cast.cleo, finding=finding, verdict="exclude", reason="a stranger speaks")
    assert returned(dataset) == {}
    bring(cast, dataset, tmp_path / "again", {"innocent.ogg": (voice, "")})
    found = returned(dataset)
    assert list(found) == ["innocent.ogg"]
    assert "voice.wav, excluded by review" in found["innocent.ogg"]


def test_what_a_redaction_took_out_is_known_and_the_redacted_clip_is_not_its_own_return(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_dataset(cast, "redacted")
    voice = sounds_of(VOICES)[3]
    bring(cast, dataset, tmp_path / "first", {"voice.wav": (voice, "")})
    finding = Finding.objects.filter(clip__path="voice.wav", kind="speech").first()
    assert finding is not None
    decide_finding(actor=cast.cleo, finding=finding, verdict="redact", reason="a stranger speaks")
    scan_dataset(actor=cast.ada, dataset=dataset)
    assert returned(dataset) == {}
    bring(cast, dataset, tmp_path / "again", {"again.flac": (voice, "")})
    assert returned(dataset) == {
        "again.flac": "Sounds like what was taken out before: what voice.wav was before redaction"
    }


def test_copies_in_two_splits_are_one_group_and_stop_the_release(
    cast: Cast, tmp_path: Path
) -> None:
    dataset = make_dataset(cast, "leaking")
    drums, bell = named(INSTRUMENTS, "loop_amen"), named(DESKTOP, "bell")
    sounds = {
        "a.flac": (drums, "train"),
        "b.ogg": (drums, "test"),
        "c.flac": (bell, "train"),
    }
    bring(cast, dataset, tmp_path / "first", sounds)
    groups = group_alike_sounds(dataset)
    paths = dict(Clip.objects.filter(dataset=dataset).values_list("pk", "path"))
    assert {paths[pk] for pk in groups} == {"a.flac", "b.ogg"}
    assert len(set(groups.values())) == 1
    release = make_release(cast, dataset)
    verdicts = {verdict.code: verdict for verdict in judge_draft(release)}
    assert not verdicts["splits.leak_free"].passed


def test_without_splits_or_anything_gone_nothing_is_compared(cast: Cast, tmp_path: Path) -> None:
    dataset = make_dataset(cast, "plain")
    bring(cast, dataset, tmp_path / "first", {"a.wav": (named(DESKTOP, "bell"), "")})
    assert group_alike_sounds(dataset) == {}
    assert find_gone_likenesses(dataset) == {}
