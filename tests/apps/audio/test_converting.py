"""One sound as another: the rate, the channels, the samples, and the same bytes each time."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.audio.conversion import ConvertedSound, UnconvertibleError, convert_sound
from tests.sounds import tone


def stereo(path: Path, *, rate: int = 44100, channels: int = 2) -> Path:
    left = tone(seconds=0.5, hertz=440.0, rate=rate)[:, 0]
    samples = np.stack([left * (0.5 if n % 2 else 1.0) for n in range(channels)], axis=1)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path


def test_rate_and_channels_change_and_the_tone_stays(tmp_path: Path) -> None:
    source, target = stereo(tmp_path / "a.wav"), tmp_path / "b.flac"
    told = convert_sound(source, target, sample_rate=16000, mono=True, container="flac")
    samples, rate = soundfile.read(target)
    assert told == ConvertedSound(16000, 1, len(samples))
    assert (rate, samples.ndim, len(samples)) == (16000, 1, 8000)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(np.argmax(spectrum) * rate / len(samples) - 440) < 3


def test_the_same_twice_is_the_same_bytes(tmp_path: Path) -> None:
    source = stereo(tmp_path / "a.wav")
    for container in ("flac", "wav"):
        made = [tmp_path / f"{n}.{container}" for n in (1, 2)]
        for target in made:
            convert_sound(source, target, sample_rate=22050, mono=False, container=container)
        assert made[0].read_bytes() == made[1].read_bytes()


def test_sixteen_bit_samples_stay_as_they_are_in_another_container(tmp_path: Path) -> None:
    source, target = stereo(tmp_path / "a.wav"), tmp_path / "b.flac"
    convert_sound(source, target, sample_rate=None, mono=False, container="flac")
    before, _ = soundfile.read(source, dtype="int16")
    after, _ = soundfile.read(target, dtype="int16")
    assert np.array_equal(before, after)


def test_what_a_container_cannot_hold_is_refused(tmp_path: Path) -> None:
    source = stereo(tmp_path / "a.wav", channels=9)
    with pytest.raises(UnconvertibleError, match="at most 8 channels"):
        convert_sound(source, tmp_path / "b.flac", sample_rate=None, mono=False, container="flac")
    assert not (tmp_path / "b.flac").exists()
