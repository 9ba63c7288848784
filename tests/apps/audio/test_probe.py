"""What is a sound file and what is not, and whether the message says so."""

import struct
import tracemalloc
from pathlib import Path
from time import perf_counter

import mutagen.mp4
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.audio.probe import Limits, Probe, probe_file
from apps.audio.probe_errors import (
    BadSamplesError,
    CorruptError,
    DecompressionBombError,
    EmptyError,
    HeaderLiesError,
    HiddenSoundError,
    NotAudioError,
    ProbeError,
    TooLongError,
    TrailingBytesError,
    TruncatedError,
    UnsupportedError,
    WrongExtensionError,
)
from tests.sounds import RATE, SECONDS, WRITERS, encode, tone, write_any, write_sound

EXPECTED = {
    "wav": ("audio/wav", "pcm_s16", 16),
    "float.wav": ("audio/wav", "pcm_f32", 32),
    "24.wav": ("audio/wav", "pcm_s24", 24),
    "ulaw.wav": ("audio/wav", "pcm_mulaw", None),
    "rf64.wav": ("audio/wav", "pcm_s16", 16),
    "w64": ("audio/x-w64", "pcm_s16", 16),
    "aiff": ("audio/aiff", "pcm_s16", 16),
    "caf": ("audio/x-caf", "pcm_s16", 16),
    "flac": ("audio/flac", "flac", 16),
    "24.flac": ("audio/flac", "flac", 24),
    "ogg": ("audio/ogg", "vorbis", None),
    "opus": ("audio/ogg", "opus", None),
    "mp3": ("audio/mpeg", "mp3", None),
    "aac": ("audio/aac", "aac", None),
    "m4a": ("audio/mp4", "aac", None),
    "alac.m4a": ("audio/mp4", "alac", None),
    "mp4": ("video/mp4", "aac", None),
    "webm": ("audio/webm", "opus", None),
    "mka": ("audio/x-matroska", "flac", None),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_container_is_told_by_its_content(tmp_path: Path, kind: str) -> None:
    found = probe_file(write_any(tmp_path, kind))
    media_type, codec, bit_depth = EXPECTED[kind]
    assert (found.media_type, found.codec) == (media_type, codec)
    assert found.bit_depth in {bit_depth, 16 if kind in {"mka", "alac.m4a"} else bit_depth}
    # Raw AAC has no way to say how much of its first and last packet is filler.
    assert found.duration == pytest.approx(SECONDS, abs=0.2 if kind == "aac" else 1e-6)
    assert found.frames == round(found.duration * found.sample_rate)
    assert found.has_video == (kind == "mp4")
    assert found.warnings == ()


@pytest.mark.parametrize("kind", WRITERS)
def test_another_extension_is_named_with_the_right_one(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    other = ".flac" if path.suffix == ".wav" else ".wav"
    with pytest.raises(WrongExtensionError) as caught:
        probe_file(path, name=f"clips/tone{other}")
    assert "clips/tone" in caught.value.message
    assert path.suffix in caught.value.detail["expected"]


def test_a_name_without_extension_is_refused_and_an_upper_case_one_is_not(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "tone.wav")
    assert probe_file(path, name="TONE.WAV").codec == "pcm_s16"
    with pytest.raises(WrongExtensionError):
        probe_file(path, name="tone")


@pytest.mark.parametrize("kind", WRITERS)
def test_a_file_cut_off_anywhere_is_never_taken_for_whole(tmp_path: Path, kind: str) -> None:
    whole = write_any(tmp_path, kind).read_bytes()
    torn = tmp_path / f"torn.{kind}"
    for length in [4, 12, 40, *(len(whole) * part // 20 for part in range(1, 20)), len(whole) - 1]:
        torn.write_bytes(whole[:length])
        # Frames of raw AAC and plain Ogg pages count nothing: only a cut inside one can be seen.
        with pytest.raises((TruncatedError, NotAudioError, CorruptError, EmptyError)):
            probe_file(torn)


def test_zero_bytes_and_headers_without_sound_are_empty(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.wav"
    nothing.write_bytes(b"")
    with pytest.raises(EmptyError, match="0 bytes"):
        probe_file(nothing)
    for kind in ("wav", "flac", "aiff", "caf", "ogg"):
        silent = tmp_path / f"silent.{kind}"
        soundfile.write(silent, np.empty((0, 1), np.float32), RATE)
        with pytest.raises(EmptyError, match="silent"):
            probe_file(silent)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.wav", b"Dear diary, today I recorded nothing.", "text"),
        ("page.mp3", b"<!DOCTYPE html><html><body>hello</body></html>", "an HTML page"),
        ("paper.flac", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
        ("pack.ogg", b"PK\x03\x04" + bytes(100), "a ZIP archive"),
        ("photo.m4a", b"\xff\xd8\xff\xe0" + bytes(100), "a JPEG picture"),
        ("list.m4a", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "text"),
        ("noise.aac", bytes(range(256)) * 40, "unknown data"),
    ],
)
def test_what_is_no_sound_is_called_by_its_name(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(NotAudioError) as caught:
        probe_file(path)
    assert said in caught.value.message
    assert name in caught.value.message


TAILS = {
    "a ZIP archive": b"PK\x03\x04\x14\x00" + bytes(40),
    "a PDF document": b"%PDF-1.7\n1 0 obj\n",
    "an HTML page": b"<html><script>alert(1)</script></html>",
    "unknown data": bytes(range(1, 200)),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("what", TAILS)
def test_anything_appended_to_sound_is_refused(tmp_path: Path, kind: str, what: str) -> None:
    path = write_any(tmp_path, kind)
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(TAILS[what])
    with pytest.raises(TrailingBytesError) as caught:
        probe_file(path)
    assert caught.value.detail == {"offset": size, "size": len(TAILS[what])}
    assert what in caught.value.message


@pytest.mark.parametrize("kind", ["wav", "flac", "ogg", "mp3", "m4a", "aiff"])
def test_zeros_after_the_sound_are_counted_and_said(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    with path.open("ab") as file:
        file.write(bytes(512))
    found = probe_file(path)
    assert found.trailing_bytes == 512
    assert "512 zero bytes" in found.warnings[0]


def _trimmed(path: Path) -> Path:
    """Play a sixth of it alone, as telephones shorten memos: the rest stays in the file."""
    at = path.read_bytes().index(b"elst") + 12
    (length,) = struct.unpack(">I", path.read_bytes()[at : at + 4])
    return _patched(path, at, struct.pack(">I", length // 6))


def test_what_an_editor_cut_away_is_still_in_the_file(tmp_path: Path) -> None:
    path = encode(tmp_path / "memo.m4a", "aac", seconds=6.0)
    assert probe_file(path).duration == pytest.approx(6.0)
    with pytest.raises(HiddenSoundError, match=r"plays 1\.000 s, and holds at least 4\.\d+ s more"):
        probe_file(_trimmed(path))


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac", "24.flac"])
def test_a_second_file_joined_to_the_first_is_not_taken_unheard(tmp_path: Path, kind: str) -> None:
    path = write_any(tmp_path, kind)
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(HiddenSoundError, match="another file joined to it"):
        probe_file(path)


def test_bytes_that_no_track_plays_are_no_sound(tmp_path: Path) -> None:
    path = encode(tmp_path / "tone.m4a", "aac")
    with path.open("ab") as file:
        file.write(struct.pack(">I", 8 + 50_000) + b"mdat" + bytes(50_000))
    assert probe_file(path).codec == "aac"
    loose = np.random.default_rng(1).bytes(20_000)
    with path.open("ab") as file:
        file.write(struct.pack(">I", 8 + len(loose)) + b"mdat" + loose)
    with pytest.raises(HiddenSoundError, match="that no track of it plays"):
        probe_file(path)


def _patched(path: Path, offset: int, raw: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[offset : offset + len(raw)] = raw
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("offset", "raw", "error"),
    [
        (40, struct.pack("<I", 10**6), TruncatedError),
        (40, struct.pack("<I", 0xFFFFFFFF), TruncatedError),
        (40, struct.pack("<I", 100), TrailingBytesError),
        (4, struct.pack("<I", 10**6), TruncatedError),
        (4, struct.pack("<I", 0), EmptyError),
        (22, struct.pack("<H", 7), CorruptError),
        (24, struct.pack("<I", 0), HeaderLiesError),
        (24, struct.pack("<I", 0xFFFFFFF0), HeaderLiesError),
        (32, struct.pack("<H", 0), CorruptError),
    ],
)
def test_a_wave_header_that_lies_is_found_out(
    tmp_path: Path, offset: int, raw: bytes, error: type[ProbeError]
) -> None:
    path = _patched(write_sound(tmp_path / "tone.wav"), offset, raw)
    with pytest.raises(error, match=r"tone\.wav"):
        probe_file(path)


@pytest.mark.parametrize("total", [1, RATE // 4, RATE * 10])
def test_a_flac_header_that_lies_about_its_length_is_found_out(tmp_path: Path, total: int) -> None:
    path = write_sound(tmp_path / "tone.flac")
    packed = int.from_bytes(path.read_bytes()[18:26], "big")
    lying = (packed >> 36 << 36) | total
    with pytest.raises((TruncatedError, HeaderLiesError, TrailingBytesError, CorruptError)):
        probe_file(_patched(path, 18, lying.to_bytes(8, "big")))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_located(tmp_path: Path, bad: float) -> None:
    samples = tone(channels=2)
    samples[RATE // 2, 1] = bad
    path = tmp_path / "broken.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with pytest.raises(BadSamplesError, match=r"0\.500 s") as caught:
        probe_file(path)
    assert caught.value.detail["frame"] == RATE // 2


def test_a_clip_longer_than_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for kind in ("wav", "flac", "mp3", "m4a"):
        with pytest.raises(TooLongError, match="up to 0 s"):
            probe_file(write_any(tmp_path, kind), limits=Limits(seconds=0.4))


def test_a_bomb_of_silence_is_stopped_in_little_time_and_memory(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    block = np.zeros((1 << 20, 2), np.int16)
    with soundfile.SoundFile(path, "w", 96_000, 2, "PCM_16", format="FLAC") as file:
        for _ in range(80):
            file.write(block)
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    started = perf_counter()
    with pytest.raises(DecompressionBombError, match="times its size"):
        probe_file(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert perf_counter() - started < 20
    assert peak < 48 << 20


def test_short_digital_silence_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    soundfile.write(path, np.zeros((RATE * 60, 1), np.float32), RATE)
    assert probe_file(path).duration == 60


def test_a_cover_picture_is_not_video(tmp_path: Path) -> None:
    path = encode(tmp_path / "covered.m4a", "aac")
    tags = mutagen.mp4.MP4(path)
    tags["covr"] = [mutagen.mp4.MP4Cover(_png(), mutagen.mp4.MP4Cover.FORMAT_PNG)]
    tags.save()
    assert not probe_file(path).has_video
    assert probe_file(encode(tmp_path / "film.mp4", "aac", video=True)).has_video
    assert (
        probe_file(encode(tmp_path / "film.mkv", "flac", video=True)).media_type
        == "video/x-matroska"
    )


def _png() -> bytes:
    """The smallest picture a decoder accepts: one grey pixel."""
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
        "0000000a49444154789c63680000008200815bb3d1e40000000049454e44ae426082"
    )


def test_two_audio_streams_are_refused_because_only_one_would_be_heard(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="2 audio streams"):
        probe_file(encode(tmp_path / "two.mka", "flac", streams=2))
    chained = tmp_path / "chained.ogg"
    first = write_sound(tmp_path / "a.ogg").read_bytes()
    chained.write_bytes(first + write_sound(tmp_path / "b.ogg", tone(hertz=880)).read_bytes())
    with pytest.raises(UnsupportedError, match="2 audio streams"):
        probe_file(chained)


def test_parts_after_the_sound_of_w64_are_refused_because_decoders_play_them(
    tmp_path: Path,
) -> None:
    path = write_sound(tmp_path / "tone.w64")
    raw = path.read_bytes()
    chunk = b"LIST" + raw[44:56] + struct.pack("<Q", 24 + 400) + b"Ada Lovelace".ljust(400)
    path.write_bytes(raw[:16] + struct.pack("<Q", len(raw) + len(chunk)) + raw[24:] + chunk)
    with pytest.raises(UnsupportedError, match="after its sound"):
        probe_file(path)


def test_tags_that_are_not_utf8_do_not_stop_a_file(tmp_path: Path) -> None:
    for kind in ("ogg", "flac"):
        path = tmp_path / f"tagged.{kind}"
        with soundfile.SoundFile(path, "w", RATE, 1, format=kind.upper()) as file:
            file.title = "Gerausch"
            file.write(tone())
        path.write_bytes(_reclosed(path.read_bytes().replace(b"Gerausch", b"Ger\xe4usch"), kind))
        assert probe_file(path).duration == SECONDS
    mka = encode(tmp_path / "tagged.mka", "flac", tags={"artist": "Bjarke"})
    mka.write_bytes(mka.read_bytes().replace(b"Bjarke", b"Bj\xf8\xe5ke"))
    assert probe_file(mka).duration == SECONDS


def _reclosed(content: bytes, kind: str) -> bytes:
    """Correct the checksum of the second Ogg page (RFC 3533 appendix: CRC-32, 0x04c11db7)."""
    if kind != "ogg":
        return content
    start = content.index(b"OggS", 4)
    end = content.index(b"OggS", start + 4)
    page = bytearray(content[start:end])
    page[22:26] = bytes(4)
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 1 << 31 else crc << 1
    page[22:26] = crc.to_bytes(4, "little")
    return content[:start] + bytes(page) + content[end:]


MUTATED = ["wav", "float.wav", "flac", "ogg", "mp3", "aac", "m4a", "webm", "aiff", "caf", "w64"]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    return {kind: write_any(folder, kind).read_bytes() for kind in MUTATED}


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_damage_ever_causes_anything_but_a_clear_error(
    data: st.DataObject, originals: dict[str, bytes], tmp_path: Path
) -> None:
    kind = data.draw(st.sampled_from(MUTATED))
    content = bytearray(originals[kind])
    for _ in range(data.draw(st.integers(1, 6))):
        # Headers are where it hurts.
        position = data.draw(
            st.one_of(st.integers(0, min(300, len(content) - 1)), st.integers(0, len(content) - 1))
        )
        content[position : position + 1] = data.draw(st.binary(min_size=0, max_size=4))
    path = tmp_path / f"damaged.{kind}"
    path.write_bytes(content)
    outcome = _outcome(path)
    if isinstance(outcome, ProbeError):
        assert path.name in outcome.message
        assert outcome.code.startswith("ingest.")
    else:
        assert outcome.frames > 0


def _outcome(path: Path) -> Probe | ProbeError:
    try:
        return probe_file(path)
    except ProbeError as error:
        return error


def test_structures_made_to_exhaust_a_reader_are_refused_quickly(tmp_path: Path) -> None:
    nested = b""
    for _ in range(5000):
        nested = struct.pack(">I", len(nested) + 8) + b"moov" + nested
    chunks = b"abcd" + bytes(4)
    crowd = b"RIFF" + struct.pack("<I", 4 + 8 * 400_000) + b"WAVE" + chunks * 400_000
    started = perf_counter()
    for name, content in {"deep.mp4": nested, "crowd.wav": crowd}.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ProbeError, match=name):
            probe_file(path)
    assert perf_counter() - started < 5


def test_a_small_clip_is_probed_in_a_few_milliseconds(tmp_path: Path) -> None:
    for kind in ("wav", "flac"):
        path = write_sound(tmp_path / f"tone.{kind}")
        assert min(_seconds_to_probe(path) for _ in range(20)) < 0.01


def _seconds_to_probe(path: Path) -> float:
    started = perf_counter()
    probe_file(path)
    return perf_counter() - started
