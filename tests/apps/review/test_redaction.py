"""Taking sound, or everything but sound, out of a file without touching the rest."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from apps.audio.containers import Role, Source, walk_container
from apps.audio.decoding import UndecodableError, open_sound
from apps.audio.probe import probe_file
from apps.detection.detectors.base import AudioSubject
from apps.detection.detectors.metadata import MetadataDetector
from apps.review.redaction import IntervalError, Method, redact_file, strip_metadata
from tests.marked import MARKED, MARKS, write_marked
from tests.sounds import RATE, WRITERS, encode, tone, write_any, write_sound, write_wave

ONSET, OFFSET = 0.2, 0.35


def samples_of(path: Path) -> np.ndarray:
    with open_sound(path) as reader:
        return np.concatenate(list(reader.blocks()))


LOSSLESS = ["wav", "float.wav", "24.wav", "rf64.wav", "w64", "aiff", "caf", "flac", "24.flac"]


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_sound_outside_the_interval_stays_bit_for_bit(
    tmp_path: Path, kind: str, method: Method
) -> None:
    path = write_any(tmp_path, kind)
    target = tmp_path / "out"
    done = redact_file(path, target, [(ONSET, OFFSET)], method=method)
    before, after = samples_of(path), samples_of(target)
    assert after.shape == before.shape
    inside = slice(round(ONSET * RATE), round(OFFSET * RATE))
    outside = np.ones(len(before), bool)
    outside[inside] = False
    assert np.array_equal(before[outside], after[outside])
    assert not np.array_equal(before[inside], after[inside])
    found = probe_file(target, name=f"out{done.suffix}")
    assert (found.sample_rate, found.frames, found.bit_depth) == (
        RATE,
        done.frames,
        probe_file(path).bit_depth,
    )
    assert done.changes == () if path.suffix in {".wav", ".flac"} else done.changes != ()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_wave_file_keeps_its_sample_format_and_the_bytes_outside(
    tmp_path: Path, subtype: str
) -> None:
    path = write_wave(tmp_path / "tone.wav", subtype, channels=2)
    done = redact_file(path, tmp_path / "out.wav", [(ONSET, OFFSET)])
    assert (done.suffix, done.changes) == (".wav", ())
    assert soundfile.info(tmp_path / "out.wav").subtype == subtype
    with Source(path) as before, Source(tmp_path / "out.wav") as after:
        first, second = _sound(before), _sound(after)
    width = len(first) // probe_file(path).frames
    start, stop = round(ONSET * RATE) * width, round(OFFSET * RATE) * width
    assert first[:start] == second[:start]
    assert first[stop:] == second[stop:]
    assert first[start:stop] != second[start:stop]


def _sound(source: Source) -> bytes:
    layout = walk_container(source)
    assert layout is not None
    return b"".join(source.content(region) for region in layout.list_regions(Role.SOUND))


def test_muting_leaves_nothing_but_ten_milliseconds_of_fade_at_each_end(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.wav")
    redact_file(path, tmp_path / "out.wav", [(ONSET, OFFSET)])
    after = samples_of(tmp_path / "out.wav")[:, 0]
    fade = RATE // 100
    start, stop = round(ONSET * RATE), round(OFFSET * RATE)
    assert not after[start + fade : stop - fade].any()
    assert after[start : start + fade // 2].any()
    # No step larger than the sound itself made: a click would be one.
    assert np.abs(np.diff(after)).max() <= np.abs(np.diff(samples_of(path)[:, 0])).max() + 1e-4


@pytest.mark.parametrize(("method", "lowest"), [(Method.BLEEP, 0.06), (Method.NOISE, 0.04)])
def test_bleep_and_noise_are_heard_where_the_sound_was(
    tmp_path: Path, method: Method, lowest: float
) -> None:
    path = write_sound(tmp_path / "quiet.wav", tone() * 0.01)
    redact_file(path, tmp_path / "out.wav", [(ONSET, OFFSET)], method=method)
    inside = samples_of(tmp_path / "out.wav")[round(0.22 * RATE) : round(0.33 * RATE), 0]
    assert lowest < np.sqrt(np.mean(inside**2)) < 0.1
    strongest = np.argmax(np.abs(np.fft.rfft(inside))) * RATE / len(inside)
    assert (abs(strongest - 1000) < 20) == (method is Method.BLEEP)


@pytest.mark.parametrize("kind", ["ogg", "opus", "mp3", "aac", "m4a", "mp4", "webm", "ulaw.wav"])
def test_lossy_sound_is_delivered_as_flac_and_says_so(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    target = tmp_path / "out.flac"
    done = redact_file(path, target, [(ONSET, OFFSET)])
    before, after = samples_of(path), samples_of(target)
    assert done.suffix == ".flac"
    assert any("became FLAC" in change for change in done.changes)
    assert ("the video stream is left out" in done.changes) == (kind == "mp4")
    assert len(after) == len(before) == done.frames
    rate = probe_file(path).sample_rate
    outside = np.ones(len(before), bool)
    outside[int(ONSET * rate) : int(np.ceil(OFFSET * rate))] = False
    assert np.abs(before[outside] - after[outside]).max() <= 2**-23
    assert not after[round(0.22 * rate) : round(0.33 * rate)].any()


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_redaction_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    for target in ("a", "b"):
        redact_file(path, tmp_path / target, [(0.1, 0.2), (0.4, 0.5)], method=Method.NOISE)
        strip_metadata(path, tmp_path / f"{target}.stripped")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "a.stripped").read_bytes() == (tmp_path / "b.stripped").read_bytes()


def test_bytes_without_a_name_of_their_own_go_by_the_name_in_the_dataset(tmp_path: Path) -> None:
    blob = write_marked(tmp_path, "info").rename(tmp_path / "d41d8cd98f")
    named = "clips/Tone.WAV"
    assert redact_file(blob, tmp_path / "a", [(0, 0.1)], name=named).suffix == ".WAV"
    assert redact_file(blob, tmp_path / "b", [(0, 0.1)], name=named).changes == ()
    assert strip_metadata(blob, tmp_path / "c", name=named).suffix == ".WAV"


def test_intervals_are_merged_clipped_and_rounded_outwards(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.wav")
    done = redact_file(
        path, tmp_path / "out.wav", [(0.30001, 0.4), (0.1, 0.2), (0.15, 0.25), (0.5, 9)]
    )
    assert done.intervals == ((0.1, 0.25), (0.3, 0.4), (0.5, 0.6))


@pytest.mark.parametrize(
    "interval", [(0.3, 0.3), (0.3, 0.2), (-0.1, 0.2), (0.1, float("nan")), (0.6, 0.7)]
)
def test_an_interval_that_is_none_is_refused(tmp_path: Path, interval: tuple[float, float]) -> None:
    path = write_sound(tmp_path / "tone.wav")
    with pytest.raises(IntervalError):
        redact_file(path, tmp_path / "out.wav", [interval])
    with pytest.raises(IntervalError, match="at least one"):
        redact_file(path, tmp_path / "out.wav", [])


def test_what_is_no_sound_cannot_be_redacted_or_stripped(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("no sound")
    with pytest.raises(UndecodableError):
        redact_file(path, tmp_path / "out", [(0, 1)])
    with pytest.raises(UndecodableError):
        strip_metadata(path, tmp_path / "out")


def test_redaction_leaves_all_metadata_behind(tmp_path: Path) -> None:
    for kind in MARKED:
        path = write_marked(tmp_path, kind)
        done = redact_file(path, tmp_path / "out", [(0.1, 0.2)])
        assert not any(mark in (tmp_path / "out").read_bytes() for mark in MARKS)
        subject = AudioSubject(tmp_path / "out", f"out{done.suffix}")
        assert MetadataDetector().detect(subject).findings == ()


@pytest.mark.parametrize("kind", MARKED)
def test_stripping_leaves_every_sample_and_no_mark(tmp_path: Path, kind: str) -> None:
    path = write_marked(tmp_path, kind)
    target = tmp_path / f"stripped{path.suffix}"
    assert MetadataDetector().detect(AudioSubject(path, path.name)).findings
    done = strip_metadata(path, target)
    assert done.removed
    assert done.suffix == path.suffix
    assert np.array_equal(samples_of(path), samples_of(target))
    raw = target.read_bytes()
    assert not any(mark in raw for mark in MARKS)
    found = probe_file(target)
    assert (found.frames, found.codec) == (probe_file(path).frames, probe_file(path).codec)
    detection = MetadataDetector().detect(AudioSubject(target, target.name))
    assert detection.findings == ()
    again = tmp_path / f"again{path.suffix}"
    strip_metadata(target, again)
    assert again.read_bytes() == raw


@pytest.mark.parametrize("kind", WRITERS)
def test_stripping_a_file_without_metadata_changes_nothing_heard(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    target = tmp_path / f"stripped{path.suffix}"
    strip_metadata(path, target)
    assert np.array_equal(samples_of(path), samples_of(target))
    assert probe_file(target).media_type == probe_file(path).media_type


def test_video_stays_when_only_metadata_is_stripped(tmp_path: Path) -> None:
    path = encode(tmp_path / "film.mp4", "aac", video=True, tags={"artist": "Ada Lovelace"})
    strip_metadata(path, tmp_path / "out.mp4")
    assert probe_file(tmp_path / "out.mp4").has_video
    assert b"Ada" not in (tmp_path / "out.mp4").read_bytes()
