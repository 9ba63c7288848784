"""Synthetic soundscapes with exactly known events, for where no recordings can be had.

There is no speech in them, and nothing that pretends to be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 32_000
SECONDS = 8.0
CLIPS_PER_RECORDING = 3
ENGINE_BAND = (30.0, 6000.0)
Wave = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """A sound that was put there: seconds (half-open) and hertz; labels are AudioSet's."""

    label: str
    onset: float
    offset: float
    f_low: float
    f_high: float


@dataclass(frozen=True, slots=True)
class Soundscape:
    """One synthetic clip; `recording` names those that share a background."""

    path: Path
    title: str
    recording: str
    environment: str
    events: tuple[SoundEvent, ...]


@dataclass(frozen=True, slots=True)
class _Voice:
    """A kind of sound: its label, band in hertz, length in seconds, and how it is made."""

    label: str
    f_low: float
    f_high: float
    seconds: float
    sound: Callable[[Wave, np.random.Generator], Wave]


def _make_chirp(time: Wave, random: np.random.Generator) -> Wave:
    rate = random.uniform(5, 9)
    sweep = 4000 + 1500 * np.sin(2 * np.pi * rate * time)
    gate = np.clip(np.sin(2 * np.pi * rate * time), 0, 1)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(sweep) / RATE) * gate)


def _make_alarm(time: Wave, random: np.random.Generator) -> Wave:
    pitch = np.where((time * 4).astype(int) % 2 == 0, 2000.0, 2500.0)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(pitch) / RATE))


def _make_engine(time: Wave, random: np.random.Generator) -> Wave:
    """Beating rumble: a stack of clean partials would sound like a vowel, and be stopped as one."""
    spectrum = np.fft.rfft(random.standard_normal(len(time)))
    pitch = np.fft.rfftfreq(len(time), 1 / RATE)
    spectrum[(pitch < ENGINE_BAND[0]) | (pitch > ENGINE_BAND[1])] = 0
    rumble = np.fft.irfft(spectrum, len(time))
    beat = 0.6 + 0.4 * np.sin(2 * np.pi * random.uniform(11, 17) * time)
    return np.asarray(rumble / np.abs(rumble).max() * beat)


def _make_drip(time: Wave, random: np.random.Generator) -> Wave:
    pitch = 1200 + 900 * time / time[-1]
    decay = np.exp(-18 * time)
    return np.asarray(np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * decay)


SCENES: dict[str, tuple[str, tuple[_Voice, ...]]] = {
    "Woodland edge": (
        "outdoor, rural",
        (
            _Voice("Chirp, tweet", 2500, 5500, 1.2, _make_chirp),
            _Voice("Drip", 1200, 2100, 0.3, _make_drip),
        ),
    ),
    "Machine hall": (
        "indoor, industrial",
        (
            _Voice("Engine", *ENGINE_BAND, 2.4, _make_engine),
            _Voice("Alarm", 2000, 2500, 1.5, _make_alarm),
        ),
    ),
}


def synthesise_soundscapes(into: Path, *, clips: int = 12, seed: int = 1) -> list[Soundscape]:
    """Write FLAC soundscapes, the same bytes for the same seed, and say what is in them."""
    into.mkdir(parents=True, exist_ok=True)
    return [_synthesise_soundscape(into, index, seed) for index in range(clips)]


def _synthesise_soundscape(into: Path, index: int, seed: int) -> Soundscape:
    random = np.random.default_rng([seed, index])
    scenes = list(SCENES)
    recording = index // CLIPS_PER_RECORDING
    name = scenes[recording % len(scenes)]
    environment, voices = SCENES[name]
    frames = round(SECONDS * RATE)
    sound = _make_background(frames, np.random.default_rng([seed, 1000 + recording, index]))
    events = []
    onset = random.uniform(0.2, 0.8)
    while onset + max(voice.seconds for voice in voices) < SECONDS:
        voice = voices[int(random.integers(len(voices)))]
        events.append(_place_event(sound, voice, onset, random))
        onset = events[-1].offset + random.uniform(0.3, 1.2)
    path = into / f"soundscape-{index + 1:03d}.flac"
    soundfile.write(path, sound, RATE, subtype="PCM_16")
    return Soundscape(
        path=path,
        title=f"{name} {index + 1} (synthetic)",
        recording=f"synthetic-{recording + 1}",
        environment=environment,
        events=tuple(events),
    )


def _make_background(frames: int, random: np.random.Generator) -> Wave:
    """Noise that falls with frequency, 60 dB below full scale."""
    spectrum = np.fft.rfft(random.standard_normal(frames))
    spectrum /= np.sqrt(np.arange(len(spectrum)) + 50)
    noise = np.fft.irfft(spectrum, frames)
    return np.asarray(noise / np.abs(noise).max() * 0.004)


def _place_event(
    sound: Wave, voice: _Voice, onset: float, random: np.random.Generator
) -> SoundEvent:
    start = round(onset * RATE)
    length = round(voice.seconds * RATE)
    time = np.arange(length) / RATE
    fade = np.minimum(1, np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.01 * RATE))
    level = random.uniform(0.05, 0.3)
    sound[start : start + length] += level * fade * voice.sound(time, random)
    return SoundEvent(
        label=voice.label,
        onset=start / RATE,
        offset=(start + length) / RATE,
        f_low=voice.f_low,
        f_high=voice.f_high,
    )
