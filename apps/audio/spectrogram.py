"""A picture of a sound: time to the right, pitch upwards, the louder the darker."""

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from apps.audio.decoding import Samples

WIDTH = 1200
HEIGHT = 220
# What the picture spans, in hertz: below is rumble, above little that tells of a person.
LOWEST, HIGHEST = 60.0, 10_000.0
# How far below the loudest part, in dB, the picture is white; and what counts as silence.
DEPTH = 72.0
SILENCE = 1e-12
# Above 1 the faint becomes fainter, so that noise does not drown what stands out of it.
CONTRAST = 1.7
SEGMENT_SECONDS = 0.025
QUALITY = 72


def find_pitch_height(hertz: float) -> float:
    """Where a pitch stands in the picture: 0 at its foot, 1 at its top."""
    return (_convert_to_mel(hertz) - _convert_to_mel(LOWEST)) / (
        _convert_to_mel(HIGHEST) - _convert_to_mel(LOWEST)
    )


def draw_spectrogram(
    samples: Samples, sample_rate: int, *, width: int = WIDTH, height: int = HEIGHT
) -> bytes:
    """A WEBP in greys, `width` by `height`, white where there is no sound.

    Pitch goes by the mel scale, as hearing does. The same samples give the same picture.
    """
    levels = _measure_levels(samples, sample_rate)
    shades = np.asarray(255 * (1 - levels), np.uint8)
    picture = Image.fromarray(shades[::-1]).resize((width, height), Image.Resampling.BILINEAR)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=3)
    return file.getvalue()


def _measure_levels(samples: Samples, sample_rate: int) -> NDArray[np.float64]:
    """Loudness from 0 to 1: a row for each step of pitch, lowest first."""
    segment = max(64, 1 << round(math.log2(SEGMENT_SECONDS * sample_rate)))
    if len(samples) < segment:
        samples = np.pad(samples, (0, segment - len(samples)))
    # More columns than the picture has are cost without use; fewer than a segment allows, blur.
    hop = max(segment // 8, min(segment // 2, len(samples) // WIDTH))
    power = _measure_power(samples, segment, hop)
    pitches = np.fft.rfftfreq(segment, 1 / sample_rate)
    steps = np.interp(_list_mel_pitches(HEIGHT), pitches, np.arange(len(pitches)))
    below = np.clip(steps.astype(int), 0, len(pitches) - 2)
    share = (steps - below)[:, None]
    warped = power[below] * (1 - share) + power[below + 1] * share
    loudest = float(warped.max(initial=0.0))
    if loudest < SILENCE:
        return np.zeros(warped.shape)
    decibels = 10 * np.log10(np.maximum(warped, SILENCE * loudest) / loudest)
    levels: NDArray[np.float64] = np.clip(1 + decibels / DEPTH, 0, 1) ** CONTRAST
    return levels


def _measure_power(samples: Samples, segment: int, hop: int) -> NDArray[np.float64]:
    """The squared spectrum of each segment, a column for each; segments begin `hop` apart.

    The window is Hann's for transforms: `segment` steps of one period. Without a scale, since the
    picture shows what is louder than what.
    """
    window = np.hanning(segment + 1)[:-1]
    segments = np.lib.stride_tricks.sliding_window_view(samples, segment)[::hop]
    power: NDArray[np.float64] = np.abs(np.fft.rfft(segments * window)).T ** 2
    return power


def _list_mel_pitches(count: int) -> NDArray[np.float64]:
    mels = np.linspace(_convert_to_mel(LOWEST), _convert_to_mel(HIGHEST), count)
    return 700 * (10 ** (mels / 2595) - 1)


def _convert_to_mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)
