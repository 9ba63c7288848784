"""Synthesises small sound files in every container, so that no test needs a recording."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 16_000
SECONDS = 0.6


def tone(
    *, seconds: float = SECONDS, rate: int = RATE, channels: int = 1, hertz: float = 440.0
) -> NDArray[np.float32]:
    """A tone under noise, of shape (frames, channels); the same every time, its own by pitch."""
    frames = round(seconds * rate)
    time = np.arange(frames) / rate
    noise = np.random.default_rng(round(hertz)).standard_normal((frames, channels))
    wave = 0.2 * np.sin(2 * np.pi * hertz * time)[:, None] + 0.02 * noise
    return np.asarray(wave, np.float32)


def write_sound(path: Path, samples: NDArray[np.float32] | None = None, rate: int = RATE) -> Path:
    """Write with libsndfile, in the format that the extension says."""
    samples = tone(rate=rate) if samples is None else samples
    kind = {".opus": ("OGG", "OPUS"), ".w64": ("W64", "PCM_16"), ".oga": ("OGG", "VORBIS")}
    form, subtype = kind.get(path.suffix, (None, None))
    soundfile.write(path, samples, rate, format=form, subtype=subtype)
    return path


def write_wave(
    path: Path, subtype: str = "PCM_16", *, form: str = "WAV", channels: int = 1
) -> Path:
    soundfile.write(path, tone(channels=channels), RATE, format=form, subtype=subtype)
    return path


def encode(
    path: Path,
    codec: str,
    *,
    rate: int = RATE,
    seconds: float = SECONDS,
    streams: int = 1,
    tags: dict[str, str] | None = None,
    video: bool = False,
) -> Path:
    """Write with FFmpeg, in the container that the extension says."""
    samples = tone(rate=rate, seconds=seconds)
    with av.open(path, "w", format="adts" if path.suffix == ".aac" else None) as output:
        output.metadata.update(tags or {})
        picture = output.add_stream("mpeg4", rate=10) if video else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        sounds = [
            cast("av.AudioStream", output.add_stream(codec, rate=rate, layout="mono"))
            for _ in range(streams)
        ]
        if picture is not None:
            for index in range(6):
                still = av.VideoFrame(32, 32, "yuv420p")
                still.pts = index
                output.mux(picture.encode(still))
            output.mux(picture.encode(None))
        for stream in sounds:
            for frame in _resampled(samples, stream, rate):
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path


def _resampled(
    samples: NDArray[np.float32], stream: av.AudioStream, rate: int
) -> list[av.AudioFrame]:
    frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout="mono")
    frame.sample_rate = rate
    frame.pts = 0
    context = stream.codec_context
    resampler = av.AudioResampler(
        format=context.format, layout="mono", rate=rate, frame_size=context.frame_size or 0
    )
    return [*resampler.resample(frame), *resampler.resample(None)]


def _mp4_with_video(path: Path) -> Path:
    return encode(path, "aac", video=True)


# One way to write each container: extension -> writer.
WRITERS: dict[str, Callable[[Path], Path]] = {
    "wav": write_sound,
    "float.wav": lambda path: write_wave(path, "FLOAT"),
    "24.wav": lambda path: write_wave(path, "PCM_24", channels=2),
    "ulaw.wav": lambda path: write_wave(path, "ULAW"),
    "rf64.wav": lambda path: write_wave(path, form="RF64"),
    "w64": write_sound,
    "aiff": write_sound,
    "caf": write_sound,
    "flac": write_sound,
    "24.flac": lambda path: write_wave(path, "PCM_24", form="FLAC", channels=2),
    "ogg": write_sound,
    "opus": lambda path: encode(path, "libopus", rate=48_000),
    "mp3": write_sound,
    "aac": lambda path: encode(path, "aac"),
    "m4a": lambda path: encode(path, "aac"),
    "alac.m4a": lambda path: encode(path, "alac"),
    "mp4": _mp4_with_video,
    "webm": lambda path: encode(path, "libopus", rate=48_000),
    "mka": lambda path: encode(path, "flac"),
}


def write_any(folder: Path, kind: str) -> Path:
    """Write one of `WRITERS` into `folder`."""
    return WRITERS[kind](folder / f"tone.{kind}")
