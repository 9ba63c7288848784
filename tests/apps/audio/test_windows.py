"""A window of a sound is the same whether it is jumped to or walked to."""

from pathlib import Path

import numpy as np
import pytest

from apps.audio.decoding import read_mono
from apps.audio.windows import read_mono_window
from tests.sounds import WRITERS, tone, write_any, write_sound

RATE = 16_000


@pytest.mark.parametrize("kind", ["wav", "24.flac", "aiff", "ogg", "mp3", "m4a", "webm"])
def test_a_window_is_that_part_of_the_whole(tmp_path: Path, kind: str) -> None:
    assert kind in WRITERS
    path = write_any(tmp_path, kind)
    whole = read_mono(path, RATE)
    part = read_mono_window(path, RATE, 0.2, 0.4)
    assert abs(len(part) - 0.2 * RATE) <= 2
    # Resampled from the middle of a sound, the first and last milliseconds know less around them.
    inner = slice(200, -200)
    expected = whole[round(0.2 * RATE) :][: len(part)]
    assert np.abs(part[inner] - expected[inner]).max() < 0.02


def test_what_lies_beyond_the_end_is_not_there(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", tone(seconds=1.0))
    assert len(read_mono_window(path, RATE, 0.75, 9.0)) == RATE // 4
    assert len(read_mono_window(path, RATE, 5.0, 9.0)) == 0
