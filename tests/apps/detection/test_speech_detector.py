"""Whether voices are found, sounds are left alone, and nothing unheard passes for silent."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from apps.audio.decoding import read_mono
from apps.detection.detectors import speech
from apps.detection.detectors.base import (
    AudioSubject,
    DetectorFailedError,
    run_detector,
    run_detector_on_many,
)
from apps.detection.detectors.model_files import ModelMissingError
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.sound_channels import unpack_scores
from apps.detection.detectors.speech import SpeechDetector
from apps.review.redaction import redact_file
from earmark.demo.soundscapes import synthesise_soundscapes
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, sounds_of
from tests.sounds import RATE, tone, write_any, write_sound

STANDARD = SpeechDetector(threshold=0.4, minimum=0.16)


def subject(path: Path) -> AudioSubject:
    return AudioSubject(path, path.name)


def flagged(paths: list[Path]) -> list[bool]:
    answers = list(run_detector_on_many(STANDARD, [subject(path) for path in paths]))
    assert not [answer for answer in answers if isinstance(answer, DetectorFailedError)]
    return [bool(answer.findings) for answer in answers]  # type: ignore[union-attr]  # see above


def test_nearly_all_real_voices_are_found() -> None:
    prompts = [path for path in sounds_of(VOICES) if path.parent.name == "digits"]
    found = flagged(prompts)
    assert len(found) > 50
    assert np.mean(found) >= 0.97


def test_spoken_channel_names_are_found_and_desktop_sounds_are_not() -> None:
    paths = sounds_of(DESKTOP)
    spoken = [path.name.startswith("audio-channel-") for path in paths]
    assert flagged(paths) == spoken


def test_few_instruments_are_taken_for_speech() -> None:
    assert np.mean(flagged(sounds_of(INSTRUMENTS))) <= 0.05


def test_synthetic_soundscapes_hold_no_speech(tmp_path: Path) -> None:
    assert not any(flagged([scene.path for scene in synthesise_soundscapes(tmp_path)]))


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    """Some seconds of one voice, at 16 kHz."""
    path = next(path for path in sounds_of(VOICES) if path.name == "confbridge-pin-bad.wav")
    return read_mono(path, RATE)


def test_the_interval_covers_the_voice_with_a_margin(tmp_path: Path, voice: np.ndarray) -> None:
    seconds = len(voice) / RATE
    quiet = np.random.default_rng(1).standard_normal(RATE * 2).astype(np.float32) * 1e-4
    path = write_sound(tmp_path / "voice.wav", np.concatenate([quiet, voice, quiet])[:, None])
    findings = run_detector(STANDARD, subject(path)).findings
    assert findings
    assert all(seen.kind == "speech" and seen.score >= 0.4 for seen in findings)
    assert findings[0].onset == pytest.approx(2.0 - speech.MARGIN, abs=0.3)
    assert findings[-1].offset == pytest.approx(2.0 + seconds, abs=0.6)
    assert findings[0].detail.startswith("Speech from ")


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000])
def test_every_sample_rate_is_heard(tmp_path: Path, voice: np.ndarray, rate: int) -> None:
    resampled = soxr.resample(voice, RATE, rate).astype(np.float32)
    path = write_sound(tmp_path / "voice.flac", resampled[:, None], rate)
    detection = run_detector(STANDARD, subject(path))
    assert detection.findings
    assert detection.seconds == pytest.approx(len(voice) / RATE, abs=0.01)


def test_a_voice_on_one_channel_or_in_opposite_phase_is_not_mixed_away(
    tmp_path: Path, voice: np.ndarray
) -> None:
    noise = np.random.default_rng(1).standard_normal(len(voice)).astype(np.float32) * 0.4
    opposite = np.stack([voice, -voice], axis=1)
    beside_noise = np.stack([noise, voice * 0.3], axis=1)
    for name, samples in {"opposite": opposite, "beside": beside_noise}.items():
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, samples, RATE, subtype="FLOAT")
        assert run_detector(STANDARD, subject(path)).findings, name


def test_muted_speech_is_gone(tmp_path: Path, voice: np.ndarray) -> None:
    path = write_sound(tmp_path / "voice.wav", voice[:, None])
    spans = [(seen.onset, seen.offset) for seen in run_detector(STANDARD, subject(path)).findings]
    redact_file(path, tmp_path / "muted.wav", [(on or 0.0, off or 0.0) for on, off in spans])
    assert run_detector(STANDARD, subject(tmp_path / "muted.wav")).findings == ()


def test_many_files_in_step_get_the_scores_that_each_gets_alone(tmp_path: Path) -> None:
    paths = sounds_of(VOICES)[:40]
    together = list(run_detector_on_many(STANDARD, [subject(path) for path in paths]))
    for path, answer in zip(paths, together, strict=True):
        alone = run_detector(STANDARD, subject(path))
        assert not isinstance(answer, DetectorFailedError)
        assert answer.seconds == alone.seconds
        scores = [unpack_scores(each.evidence["scores"]) for each in (answer, alone)]
        assert np.abs(scores[0] - scores[1]).max() <= 1 / 255
        assert [seen.onset for seen in answer.findings] == [seen.onset for seen in alone.findings]


def test_evidence_keeps_the_score_of_every_window(tmp_path: Path, voice: np.ndarray) -> None:
    path = write_sound(tmp_path / "voice.wav", voice[:, None])
    evidence = run_detector(STANDARD, subject(path)).evidence
    scores = unpack_scores(evidence["scores"])
    assert len(scores) == int(np.ceil(len(voice) / speech.WINDOW))
    assert scores.max() == pytest.approx(evidence["highest"], abs=1 / 255)
    assert evidence["seconds_above"] >= 0.16


def test_where_speech_is_the_content_it_is_measured_and_not_reported(
    tmp_path: Path, voice: np.ndarray
) -> None:
    path = write_sound(tmp_path / "voice.wav", voice[:, None])
    detector = next(each for each in list_detectors("speech") if each.name == "speech")
    detection = run_detector(detector, subject(path))
    assert detection.findings == ()
    assert detection.evidence["seconds_above"] > 1
    assert detection.evidence["stretches"]


def test_silence_and_a_clip_shorter_than_a_window_hold_no_speech(tmp_path: Path) -> None:
    for name, frames in {"silence": RATE, "click": 10}.items():
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, np.zeros(frames), RATE)
        detection = run_detector(STANDARD, subject(path))
        assert detection.findings == ()
        assert detection.seconds == frames / RATE


def test_one_unreadable_file_fails_alone_and_never_passes(tmp_path: Path) -> None:
    good = write_sound(tmp_path / "good.wav")
    notes = tmp_path / "notes.wav"
    notes.write_text("no sound at all")
    torn = write_sound(tmp_path / "torn.flac", tone(seconds=6))
    torn.write_bytes(torn.read_bytes()[:-9000])
    missing = tmp_path / "missing.wav"
    answers = list(
        run_detector_on_many(STANDARD, [subject(p) for p in (notes, good, torn, missing)])
    )
    failed = [isinstance(answer, DetectorFailedError) for answer in answers]
    assert failed == [True, False, True, True]
    assert isinstance(answers[0], DetectorFailedError)
    assert "notes.wav" in answers[0].message
    assert answers[0].code == "privacy.detector_failed"
    with pytest.raises(DetectorFailedError, match="stays blocked"):
        run_detector(STANDARD, subject(torn))


def test_a_model_that_was_not_measured_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "model.onnx"
    shutil.copy(speech._find_model(), other)
    with other.open("ab") as file:
        file.write(b"\0")
    monkeypatch.setattr(speech, "_find_model", lambda: other)
    speech.load_model.cache_clear()
    path = write_sound(tmp_path / "tone.wav")
    try:
        with pytest.raises(DetectorFailedError, match="not the model"):
            run_detector(STANDARD, subject(path))
        with pytest.raises(ModelMissingError):
            speech.load_model()
    finally:
        monkeypatch.undo()
        speech.load_model.cache_clear()


@pytest.mark.parametrize("kind", ["m4a", "webm", "mp3", "ogg", "mp4", "24.flac"])
def test_every_container_is_listened_to(tmp_path: Path, kind: str) -> None:
    assert run_detector(STANDARD, subject(write_any(tmp_path, kind))).seconds > 0.5
