"""Drafts in which the detectors find something."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from apps.accounts.models import User
from apps.datasets.bar_lowerings import confirm_lowering, propose_lowering
from apps.datasets.models import Clip, Dataset
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from apps.review.playback_records import note_playback
from tests.cast import Cast
from tests.factories.drafts import make_dataset, write_table

RATE = 16_000


def babble(seconds: float = 6.0, *, seed: int = 1) -> NDArray[np.float32]:
    """Noise with two stretches that rise and fall like syllables, which detectors take for speech.

    Nobody speaks.
    """
    time = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(seed)
    wave = 0.01 * random.standard_normal(len(time))
    pitch = 130 + 20 * np.sin(2 * np.pi * 0.7 * time) + 5 * seed
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    voice = sum(np.sin(number * phase) / number for number in range(1, 18))
    beat = np.clip(np.sin(2 * np.pi * 3.1 * time), 0, 1) ** 2
    for onset in (1.0, 3.6):
        wave += 0.12 * voice * beat * ((time >= onset) & (time < onset + 1.2))
    return np.asarray(wave, np.float32)[:, None]


def play(listener: User, *clips: Clip) -> None:
    """Play whole clips to somebody, as the workbench does."""
    for clip in clips:
        note_playback(
            actor=listener,
            dataset=clip.dataset,
            content=clip.blob.sha256,
            onset=0.0,
            offset=clip.duration,
        )


def hold_to_less(cast: Cast, dataset: Dataset, **bars: Any) -> None:
    """Lower bars of a dataset: the steward asks, the privacy reviewer agrees."""
    row = propose_lowering(actor=cast.ada, dataset=dataset, changes=bars, reason="It does.")
    confirm_lowering(actor=cast.cleo, lowering=row, reason="It does indeed.")


def make_case_draft(
    cast: Cast, base: Path, *, clips: int = 3, name: str = "street", seconds: float = 6.0
) -> Dataset:
    """A scanned draft, two clips to a recording, in each of which speech is found twice.

    The last clip is silent, but a tag in it names somebody.
    """
    sounds = base / f"sounds-{name}"
    sounds.mkdir(parents=True)
    rows = []
    for number in range(clips):
        path = f"{number:03d}.wav"
        silent = number == clips - 1
        wave = babble(seconds, seed=number + 1)
        with soundfile.SoundFile(sounds / path, "w", RATE, 1) as file:
            if silent:
                file.artist = "Ben Example"
            file.write(wave * 0 if silent else wave)
        rows.append({"path": path, "licence": "CC0-1.0", "recording": f"walk-{number // 2}"})
    dataset = make_dataset(cast, name)
    table = write_table(base / f"{name}.csv", rows)
    report = import_clips(actor=cast.ada, dataset=dataset, source=sounds, metadata=table)
    assert report.is_clean, report.sentences()
    scan_dataset(actor=cast.ada, dataset=dataset)
    dataset.refresh_from_db()
    return dataset
