"""What sounds alike is known however it was coded; what does not is kept apart."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.audio.decoding import Samples, read_mono
from apps.audio.fingerprint import SAMPLE_RATE, Fingerprint, compute_fingerprint, find_copies
from tests.recordings import DESKTOP, INSTRUMENTS, VOICES, sounds_of

RATE = 16_000


def written(path: Path, samples: Samples) -> Fingerprint:
    soundfile.write(path, samples, RATE)
    return compute_fingerprint(path)


@pytest.fixture
def loop() -> Samples:
    return read_mono(next(p for p in sounds_of(INSTRUMENTS) if p.stem == "loop_amen_full"), RATE)


@pytest.mark.parametrize("name", ["copy.flac", "copy.ogg", "copy.mp3", "copy.wav"])
def test_a_copy_in_another_coding_is_alike(tmp_path: Path, loop: Samples, name: str) -> None:
    one, other = written(tmp_path / "one.wav", loop), written(tmp_path / name, loop)
    (found,) = find_copies([one.sound, other.sound])
    assert found.distance < 0.1


def test_a_quieter_noisy_copy_is_alike(tmp_path: Path, loop: Samples) -> None:
    noise = np.random.default_rng(0).normal(0, 0.1 * loop.std() * 0.4, len(loop))
    noisy = (loop * 0.4 + noise).astype(np.float32)
    sounds = [written(tmp_path / "one.wav", loop), written(tmp_path / "two.wav", noisy)]
    assert len(find_copies([each.sound for each in sounds])) == 1


def test_a_part_is_alike_with_the_whole_it_was_cut_from(tmp_path: Path, loop: Samples) -> None:
    part = loop[int(2.345 * RATE) :]
    sounds = [written(tmp_path / "one.wav", loop), written(tmp_path / "two.wav", part)]
    assert len(find_copies([each.sound for each in sounds])) == 1


def test_different_recordings_are_not_alike() -> None:
    files = [*sounds_of(DESKTOP)[:25], *sounds_of(VOICES)[:60]]
    sounds = [compute_fingerprint(path).sound for path in files]
    pairs = [(files[each.left].stem, files[each.right].stem) for each in find_copies(sounds)]
    assert pairs == []


def test_the_same_sound_in_two_lossless_files_has_one_pcm_hash(
    tmp_path: Path, loop: Samples
) -> None:
    numbers = np.round(loop * 30_000).astype(np.int16)
    for name in ("one.wav", "two.flac"):
        soundfile.write(tmp_path / name, numbers, RATE, subtype="PCM_16")
    one, other = (
        compute_fingerprint(tmp_path / "one.wav"),
        compute_fingerprint(tmp_path / "two.flac"),
    )
    assert one.pcm_sha256 == other.pcm_sha256


def test_silence_and_a_sound_too_short_have_nothing_to_compare(tmp_path: Path) -> None:
    silence = written(tmp_path / "silence.wav", np.zeros(5 * RATE, np.float32))
    blip = written(tmp_path / "blip.wav", np.ones(RATE // 100, np.float32) * 0.1)
    assert not silence.sound.words.any()
    assert len(blip.sound.words) == 0
    assert find_copies([silence.sound, silence.sound, blip.sound]) == []


def test_there_is_a_word_for_every_32_ms_and_reading_again_gives_the_same(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).normal(0, 0.1, 30 * SAMPLE_RATE).astype(np.float32)
    path = tmp_path / "noise.wav"
    soundfile.write(path, samples, SAMPLE_RATE, subtype="FLOAT")
    whole = compute_fingerprint(path)
    assert np.array_equal(whole.sound.words, compute_fingerprint(path).sound.words)
    assert 0 <= len(whole.sound.words) - (30 * SAMPLE_RATE - 2048) // 256 <= 1
