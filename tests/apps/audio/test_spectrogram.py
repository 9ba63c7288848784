"""What is loud is dark, where its pitch and its time are."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.audio.spectrogram import HEIGHT, WIDTH, draw_spectrogram, find_pitch_height
from tests.sounds import tone

RATE = 24_000


def shades(samples: NDArray[np.float32]) -> NDArray[np.uint8]:
    picture = Image.open(io.BytesIO(draw_spectrogram(samples, RATE)))
    assert (picture.format, picture.size) == ("WEBP", (WIDTH, HEIGHT))
    return np.asarray(picture.convert("L"))


def test_a_tone_is_a_dark_line_at_its_pitch() -> None:
    wave = tone(seconds=1.0, rate=RATE, hertz=1000.0)[:, 0]
    rows = shades(wave).mean(axis=1)
    assert abs(HEIGHT - 1 - int(rows.argmin()) - find_pitch_height(1000.0) * HEIGHT) < 5
    assert rows.min() < 100 < rows[:40].mean()


def test_what_begins_later_stands_to_the_right() -> None:
    wave = tone(seconds=1.0, rate=RATE)[:, 0]
    wave[: RATE // 2] = 0
    columns = shades(wave).mean(axis=0)
    assert columns[: WIDTH // 3].min() > columns[2 * WIDTH // 3 :].max()


def test_silence_is_white_and_the_shortest_sound_has_a_picture() -> None:
    assert shades(np.zeros(RATE, np.float32)).min() > 250
    assert shades(np.zeros(3, np.float32)).min() > 250


def test_the_same_sound_gives_the_same_picture() -> None:
    wave = tone(seconds=0.5, rate=RATE)[:, 0]
    assert draw_spectrogram(wave, RATE) == draw_spectrogram(wave, RATE)
