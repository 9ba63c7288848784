"""Which detectors run for a dataset, and what their scans are bound to."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from apps.detection.detectors.base import (
    AudioSubject,
    Detection,
    DetectorFailedError,
    Kinds,
    Looks,
    build_version,
    run_detector,
    run_detector_on_many,
)
from apps.detection.detectors.registry import (
    ProfileUnknownError,
    list_current_versions,
    list_detectors,
)
from apps.detection.detectors.speech import SpeechDetector
from datasets_catalog.privacy_profiles import PROFILES

BUILT_IN = [
    *("speech", "spoken", "metadata", "video", "cells", "names", "combinations"),
    *("likeness", "returned", "people"),
]


def test_every_profile_looks_at_sound_pictures_metadata_cells_and_the_draft() -> None:
    for profile in PROFILES:
        detectors = list_detectors(profile)
        names = [each.name for each in detectors if each.name != "second_opinion"]
        assert names == BUILT_IN
        assert {each.looks_at for each in detectors} == set(Looks)


def test_only_where_people_may_talk_in_the_background_a_second_model_listens() -> None:
    names = {profile: [each.name for each in list_detectors(profile)] for profile in PROFILES}
    assert "second_opinion" in names["sensitive"]
    assert "second_opinion" not in names["standard"] + names["speech"]


def test_what_goes_by_speech_is_asked_again_when_the_speech_detector_changes() -> None:
    versions = {
        profile: {version.name: version for version in list_current_versions(profile)}
        for profile in PROFILES
    }
    assert versions["standard"]["spoken"] != versions["sensitive"]["spoken"]
    assert versions["standard"]["video"] == versions["sensitive"]["video"]


def test_an_unknown_profile_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(ProfileUnknownError, match="standard, sensitive, speech"):
        list_detectors("relaxed")


def test_versions_change_with_the_parameters_and_only_then() -> None:
    one, same, other = (SpeechDetector(threshold=t, minimum=0.1) for t in (0.4, 0.4, 0.5))
    assert build_version(one) == build_version(same)
    assert build_version(one) != build_version(other)
    assert build_version(one).model_sha256 == build_version(other).model_sha256
    shared = {"metadata", "video", "cells", "combinations"}
    for name in shared:
        assert (
            len({v for each in PROFILES for v in list_current_versions(each) if v.name == name})
            == 1
        )


class _Broken:
    name = "broken"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.AUDIO
    kinds: Kinds = ()
    parameters: Mapping[str, Any] = {}

    def detect(self, subject: AudioSubject) -> Detection:
        raise MemoryError(f"no room for {subject.name}")


class _BreaksInTheMiddle(_Broken):
    def detect_many(self, subjects: Iterable[AudioSubject]) -> Iterator[Detection]:
        yield Detection((), {})
        raise MemoryError("no room for the batch")


def test_a_batch_that_breaks_fails_for_all_that_were_not_looked_at() -> None:
    subjects = [AudioSubject(Path(name), name) for name in ("a.wav", "b.wav", "c.wav")]
    first, *rest = run_detector_on_many(_BreaksInTheMiddle(), subjects)
    assert isinstance(first, Detection)
    assert [type(answer) for answer in rest] == [DetectorFailedError] * 2


def test_whatever_a_detector_raises_is_a_failure_that_blocks() -> None:
    subjects = [AudioSubject(Path("a.wav"), "a.wav"), AudioSubject(Path("b.wav"), "b.wav")]
    with pytest.raises(DetectorFailedError, match=r"a\.wav: no room") as caught:
        run_detector(_Broken(), subjects[0])
    assert caught.value.detail["reason"] == "MemoryError"
    answers = list(run_detector_on_many(_Broken(), list(subjects)))
    assert all(isinstance(answer, DetectorFailedError) for answer in answers)
    assert len(answers) == 2
