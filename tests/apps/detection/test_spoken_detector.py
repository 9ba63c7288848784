"""Numbers said digit by digit are found, no transcript is kept, and no sound changes the next."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from apps.detection.detectors import spoken_identifiers
from apps.detection.detectors.base import AudioSubject, Detection, run_detector
from apps.detection.detectors.registry import list_detectors
from apps.detection.detectors.spoken_identifiers import Word
from tests.recordings import recordings
from tests.sounds import RATE, write_sound

DETECTOR = next(each for each in list_detectors("standard") if each.name == "spoken")


def look(path: Path, speech: tuple[tuple[float, float], ...]) -> Detection:
    return run_detector(DETECTOR, AudioSubject(path, path.name, speech))


@pytest.fixture(scope="module")
def number(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven digits of a real voice at 16 kHz, after a second of silence."""
    folder = recordings("asterisk-core-sounds-en-g722")
    parts: list[Any] = [np.zeros(RATE, np.int16)]
    for digit in "0123456":
        path = next(folder.rglob(f"digits/{digit}.g722"))
        with av.open(path, format="g722") as opened:
            parts += [frame.to_ndarray().ravel() for frame in opened.decode(audio=0)]
        parts.append(np.zeros(RATE // 10, np.int16))
    path = tmp_path_factory.mktemp("spoken") / "number.wav"
    soundfile.write(path, np.concatenate(parts), RATE)
    return path


def test_a_number_said_digit_by_digit_is_found_where_it_is(number: Path) -> None:
    detection = look(number, ((1.0, 30.0),))
    assert [seen.kind for seen in detection.findings] == ["spoken_digits"]
    seen = detection.findings[0]
    assert seen.evidence["digits"] >= 5
    assert 1.0 <= (seen.onset or 0) < (seen.offset or 0) < 8.0
    assert "seven" not in json.dumps([seen.detail, dict(seen.evidence), dict(detection.evidence)])


def test_nothing_is_listened_to_where_nobody_spoke(number: Path) -> None:
    detection = look(number, ())
    assert detection.findings == ()
    assert detection.evidence["words"] == 0


def test_the_same_sound_gets_the_same_answer_whatever_came_before(
    number: Path, tmp_path: Path
) -> None:
    first = look(number, ((1.0, 2.5),))
    look(write_sound(tmp_path / "tone.wav"), ((0.0, 0.6),))
    assert look(number, ((1.0, 2.5),)) == first
    assert first.evidence["words"] > 0


def test_of_very_long_speech_a_minute_is_listened_to_and_the_rest_is_counted() -> None:
    spans = spoken_identifiers._keep_first_minute([(0.0, 50.0), (55.0, 100.0), (200.0, 300.0)])
    assert spans == [(0.0, 50.0), (55.0, 65.0)]


def said(text: str) -> list[str]:
    words = [Word(word, n * 0.5, n * 0.5 + 0.4) for n, word in enumerate(text.split())]
    return [seen.kind for seen in spoken_identifiers._find_identifiers(words)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("call five five five oh one two three", "spoken_digits"),
        ("nine to five for eight um two one", "spoken_digits"),
        ("hello my name is ada", "spoken_name"),
        ("i live at twelve station road", "spoken_address"),
        ("i was born in may", "spoken_birth_date"),
        ("my phone number is", "spoken_number"),
        ("write to ada at example dot org", "spoken_email"),
    ],
)
def test_announcements_and_numbers_are_told(text: str, kind: str) -> None:
    assert said(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "please enter your phone number followed by the pound key",
        "one two three go",
        "the name is on the list",
        "it is five to nine and two for one",
        "",
    ],
)
def test_ordinary_sentences_are_left_alone(text: str) -> None:
    assert said(text) == []


def test_no_sound_hardware_library_is_needed() -> None:
    script = (
        "import sys; sys.modules['sounddevice'] = None\n"
        "from apps.detection.detectors.spoken_identifiers import load_decoder\n"
        "load_decoder(); print('ok')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "ok"
