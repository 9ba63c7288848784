"""A second model hears what the first did not report, and only that is a finding."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.audio.decoding import read_mono
from apps.detection.detectors import second_opinion
from apps.detection.detectors.base import AudioSubject, Detection, DetectorFailedError, run_detector
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.sound_channels import subtract_spans, unpack_scores
from tests.recordings import VOICES, sounds_of
from tests.sounds import RATE

DETECTOR = next(each for each in list_detectors("sensitive") if each.name == "second_opinion")


def look(path: Path, speech: tuple[tuple[float, float], ...] = ()) -> Detection:
    return run_detector(DETECTOR, AudioSubject(path, path.name, speech))


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    path = next(path for path in sounds_of(VOICES) if path.name == "confbridge-pin-bad.wav")
    return read_mono(path, RATE)


@pytest.fixture
def clip(tmp_path: Path, voice: np.ndarray) -> Path:
    quiet = np.zeros(RATE, np.float32)
    soundfile.write(tmp_path / "voice.wav", np.concatenate([quiet, voice, quiet]), RATE)
    return tmp_path / "voice.wav"


def test_speech_that_nobody_reported_is_a_finding(clip: Path, voice: np.ndarray) -> None:
    detection = look(clip)
    assert {seen.kind for seen in detection.findings} == {"speech"}
    assert detection.findings[0].onset == pytest.approx(0.8, abs=0.4)
    assert detection.findings[-1].offset == pytest.approx(1.2 + len(voice) / RATE, abs=0.6)
    scores = unpack_scores(detection.evidence["scores"])
    assert len(scores) == pytest.approx(detection.seconds / 0.03, abs=2)
    assert scores.max() > 0.5


def test_what_the_first_detector_reported_is_not_reported_again(clip: Path) -> None:
    assert look(clip, ((0.0, 60.0),)).findings == ()
    half = look(clip, ((0.0, 2.0),)).findings
    assert half[0].onset == 2.0


def test_noise_is_no_speech(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal(RATE).astype(np.float32) * 0.05
    soundfile.write(tmp_path / "noise.wav", noise, RATE)
    assert look(tmp_path / "noise.wav").findings == ()


@pytest.mark.parametrize("frames", [10, 400, RATE])
def test_a_clip_too_short_for_the_model_is_filled_up(tmp_path: Path, frames: int) -> None:
    soundfile.write(tmp_path / "short.wav", np.zeros(frames), RATE)
    detection = look(tmp_path / "short.wav")
    assert detection.findings == ()
    assert detection.seconds == frames / RATE


def test_long_sound_is_heard_in_parts_without_a_seam(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = unpack_scores(look(clip).evidence["scores"])
    monkeypatch.setattr(second_opinion, "KEPT", RATE)
    in_parts = unpack_scores(look(clip).evidence["scores"])
    assert len(in_parts) == len(whole)
    assert np.abs(in_parts - whole).mean() < 0.05


def test_an_unreadable_file_blocks(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("no sound")
    with pytest.raises(DetectorFailedError, match="stays blocked"):
        look(tmp_path / "notes.wav")


def test_stretches_lose_what_others_cover() -> None:
    assert subtract_spans([(0, 10)], [(2, 3), (5, 6)], shortest=0.5) == [(0, 2), (3, 5), (6, 10)]
    assert subtract_spans([(0, 10)], [(0.1, 9.9)], shortest=0.5) == []
    assert subtract_spans([(1, 2)], [], shortest=0.5) == [(1, 2)]
