"""A deployment's own ONNX model: named by a file, checked, run, and bound to its scans."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from django.conf import LazySettings

from apps.detection.detectors.base import (
    AudioSubject,
    DetectorFailedError,
    build_version,
    run_detector,
)
from apps.detection.detectors.custom_models import OnnxDetector, read_detectors
from apps.detection.detectors.front_ends import LogMel
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.sound_channels import unpack_scores
from apps.detection.own_kinds import DetectorFileError
from tests.onnx_files import write_loudness_model
from tests.sounds import RATE, write_sound

WINDOW = RATE // 2


def write_file(folder: Path, **changes: Any) -> Path:
    """A model that says how loud a window is, its labels, and the file that names both."""
    model = write_loudness_model(folder / "loud.onnx", WINDOW)
    (folder / "labels.csv").write_text("loud\n", encoding="utf-8")
    entry = {
        "name": "loudness",
        "version": "1",
        "model": model.name,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "labels": "labels.csv",
        "kind": "loud_sound",
        "threshold": 0.1,
        "window_seconds": 0.5,
        "hop_seconds": 0.5,
        "front_end": {"kind": "waveform"},
    } | changes
    path = folder / "detectors.json"
    kept = {name: value for name, value in entry.items() if value is not None}
    path.write_text(
        json.dumps({"detector": [kept], "kind": [{"name": "loud_sound"}]}), encoding="utf-8"
    )
    return path


def loud_in_the_middle(folder: Path) -> Path:
    sound = np.zeros(RATE * 3, np.float32)
    sound[RATE : RATE * 2] = 0.5
    soundfile.write(folder / "sound.wav", sound, RATE)
    return folder / "sound.wav"


def test_its_model_reports_where_it_is_sure_and_keeps_every_score(tmp_path: Path) -> None:
    detector = read_detectors(write_file(tmp_path))[0]
    path = loud_in_the_middle(tmp_path)
    detection = run_detector(detector, AudioSubject(path, path.name))
    assert [(seen.kind, seen.onset, seen.offset) for seen in detection.findings] == [
        ("loud_sound", 1.0, 2.0)
    ]
    assert detection.findings[0].evidence["label"] == "loud"
    scores = unpack_scores(detection.evidence["scores"]["loud"])
    assert scores == pytest.approx([0, 0, 0.5, 0.5, 0, 0], abs=0.01)


def test_the_end_of_a_clip_is_heard_though_it_fills_no_window(tmp_path: Path) -> None:
    detector = read_detectors(write_file(tmp_path))[0]
    path = tmp_path / "short.wav"
    soundfile.write(path, np.full(RATE // 4, 0.5), RATE)
    assert run_detector(detector, AudioSubject(path, path.name)).findings[0].offset == 0.25


def test_the_file_may_be_toml(tmp_path: Path) -> None:
    entry = json.loads(write_file(tmp_path).read_text())["detector"][0]
    lines = [
        f"{name} = {json.dumps(value)}" for name, value in entry.items() if name != "front_end"
    ]
    path = tmp_path / "detectors.toml"
    own_kind = ["[[kind]]", 'name = "loud_sound"', "weight = 0.2"]
    lines += ['front_end = { kind = "waveform" }', *own_kind]
    path.write_text("\n".join(["[[detector]]", *lines]))
    assert read_detectors(path)[0].name == "loudness"


def test_it_runs_in_the_profiles_it_names_beside_the_others(
    tmp_path: Path, settings: LazySettings
) -> None:
    before = {profile: list_detectors(profile) for profile in ("standard", "speech")}
    settings.DETECTORS_FILE = str(write_file(tmp_path, profiles=["standard"]))
    names = [each.name for each in list_detectors("standard")]
    assert names == [*(each.name for each in before["standard"]), "loudness"]
    assert [each.name for each in list_detectors("speech")] == [
        each.name for each in before["speech"]
    ]


@pytest.mark.parametrize(
    "changes", [{"threshold": 0.2}, {"version": "2"}, {"hop_seconds": 0.25}, {"kind": "speech"}]
)
def test_whatever_changes_its_answer_makes_it_another_version(
    tmp_path: Path, changes: Mapping[str, Any]
) -> None:
    first = build_version(read_detectors(write_file(tmp_path))[0])
    assert build_version(read_detectors(write_file(tmp_path))[0]) == first
    assert build_version(read_detectors(write_file(tmp_path, **changes))[0]) != first


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sha256": None}, "lacks sha256"),
        ({"colour": "red"}, "has colour"),
        ({"name": "Own Detector"}, "name = 'Own Detector'"),
        ({"threshold": 2}, "threshold = 2"),
        ({"hop_seconds": 0.9}, "hop_seconds <= window_seconds"),
        ({"model": "other.onnx"}, "no model"),
        ({"labels": "other.csv"}, "cannot be read"),
        ({"report": ["quiet"]}, "'quiet', which is no label"),
        ({"front_end": {"kind": "cepstrum"}}, "A front end is"),
        ({"front_end": {"kind": "log_mel", "hop": 0}}, "needs hop > 0"),
        ({"front_end": {"kind": "log_mel", "bands": 3}}, "bands"),
        ({"name": "speech"}, "already"),
        ({"profiles": ["loud"]}, "is no profile"),
        ({"kind": "siren"}, "'siren' is no kind of finding in a sound"),
        ({"kind": "phone"}, "'phone' is no kind of finding in a sound"),
        ({"kind": 7}, "declare it beside the detectors"),
    ],
)
def test_a_file_with_nonsense_is_refused_by_name(
    tmp_path: Path, settings: LazySettings, changes: Mapping[str, Any], sentence: str
) -> None:
    settings.DETECTORS_FILE = str(write_file(tmp_path, **changes))
    with pytest.raises(DetectorFileError, match=sentence):
        list_detectors("standard")


def test_a_file_that_is_not_there_stops_every_scan(settings: LazySettings) -> None:
    settings.DETECTORS_FILE = "/nowhere/detectors.toml"
    with pytest.raises(DetectorFileError, match="cannot be read"):
        list_detectors("standard")


def detector_with(tmp_path: Path, **changes: Any) -> OnnxDetector:
    return read_detectors(write_file(tmp_path, **changes))[0]


def test_a_model_that_was_exchanged_blocks(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.wav")
    with pytest.raises(DetectorFailedError, match="not the model that was named"):
        run_detector(detector_with(tmp_path, sha256="ab" * 32), AudioSubject(path, path.name))


def test_a_model_of_another_shape_blocks(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.wav")
    (tmp_path / "two.csv").write_text("loud\nquiet\n")
    with pytest.raises(DetectorFailedError, match="1 scores, and there are 2 labels"):
        run_detector(detector_with(tmp_path, labels="two.csv"), AudioSubject(path, path.name))
    with pytest.raises(DetectorFailedError):
        run_detector(detector_with(tmp_path, window_seconds=1), AudioSubject(path, path.name))


def test_log_mel_frames_show_a_tone_in_its_band() -> None:
    time = np.arange(RATE) / RATE
    windows = np.stack([np.sin(2 * np.pi * hertz * time) for hertz in (300, 3000)])
    features = LogMel(mels=40).features(windows.astype(np.float32))
    assert features.shape == (2, 98, 40)
    low, high = features.mean(axis=1).argmax(axis=1)
    assert low < 10
    assert high > 20
