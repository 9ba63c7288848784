"""Turns audio files into samples, block by block: libsndfile first, FFmpeg for what it lacks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from apps.audio.containers import Container, Source, detect_container
from datasets_catalog.errors import EarmarkError

Samples = NDArray[np.float32]

BLOCK_FRAMES = 1 << 16
CD_BITS = 16
BIT_DEPTHS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "FLOAT": 32,
    "DOUBLE": 64,
}
CODECS = {
    "PCM_S8": "pcm_s8",
    "PCM_U8": "pcm_u8",
    "PCM_16": "pcm_s16",
    "PCM_24": "pcm_s24",
    "PCM_32": "pcm_s32",
    "FLOAT": "pcm_f32",
    "DOUBLE": "pcm_f64",
    "ULAW": "pcm_mulaw",
    "ALAW": "pcm_alaw",
    "VORBIS": "vorbis",
    "OPUS": "opus",
    "MPEG_LAYER_I": "mp1",
    "MPEG_LAYER_II": "mp2",
    "MPEG_LAYER_III": "mp3",
}
# FFmpeg is told the format and never guesses: some of those it knows (playlists) open other files.
FFMPEG_FORMATS = {
    Container.WAV: "wav",
    Container.RF64: "wav",
    Container.W64: "w64",
    Container.AIFF: "aiff",
    Container.CAF: "caf",
    Container.FLAC: "flac",
    Container.OGG: "ogg",
    Container.MP3: "mp3",
    Container.AAC: "aac",
    Container.MP4: "mov",
    Container.WEBM: "matroska",
    Container.MATROSKA: "matroska",
}
ONLY_FFMPEG = frozenset({Container.AAC, Container.MP4, Container.WEBM, Container.MATROSKA})


class UndecodableError(EarmarkError):
    """No decoder makes sound of the file, or it broke on the way (`detail["frames"]` were read)."""

    code: ClassVar[str] = "audio.undecodable"


@dataclass(frozen=True, slots=True)
class Sound:
    """What the decoder says before decoding. `frames` is 0 when the header does not tell."""

    codec: str
    sample_rate: int
    channels: int
    frames: int
    bit_depth: int | None
    has_video: bool
    streams: int = 1


class Reader(Protocol):
    """An open file: what it is, and its samples as blocks of (frames, channels)."""

    sound: Sound

    def blocks(self) -> Iterator[Samples]: ...


@contextmanager
def open_sound(path: Path, container: Container | None = None) -> Iterator[Reader]:
    """Open an audio file for decoding from start to end.

    Raises `UndecodableError` when no decoder knows it; reading its blocks may raise it too.
    """
    if container is None:
        with Source(path) as source:
            container = detect_container(source)
    if container is None:
        raise UndecodableError(f"{path.name} is not in an audio format that is known here.")
    with _open_any(path, container) as reader:
        yield reader


def _open_any(path: Path, container: Container) -> AbstractContextManager[Reader]:
    if container in ONLY_FFMPEG:
        return _open_with_ffmpeg(path, container)
    try:
        handle = soundfile.SoundFile(path)
    except soundfile.LibsndfileError:
        return _open_with_ffmpeg(path, container)
    return _open_with_libsndfile(path, handle, container)


@contextmanager
def _open_with_libsndfile(
    path: Path, handle: soundfile.SoundFile, container: Container
) -> Iterator[Reader]:
    with handle:
        yield LibsndfileReader(path, handle, container)


class LibsndfileReader:
    """WAV, RF64, W64, AIFF, CAF, FLAC, Ogg and MP3."""

    def __init__(self, path: Path, handle: soundfile.SoundFile, container: Container) -> None:
        self._path = path
        self._handle = handle
        subtype = handle.subtype
        codec = "flac" if container is Container.FLAC else CODECS.get(subtype, subtype.lower())
        self.sound = Sound(
            codec=codec,
            sample_rate=handle.samplerate,
            channels=handle.channels,
            # Ogg files without a readable last page announce the largest number there is.
            frames=handle.frames if handle.frames < 1 << 62 else 0,
            bit_depth=BIT_DEPTHS.get(subtype),
            has_video=False,
        )

    def blocks(self) -> Iterator[Samples]:
        frames = max(1, min(BLOCK_FRAMES, (1 << 20) // self.sound.channels))
        if self.sound.frames:
            frames = min(frames, self.sound.frames)
        read = 0
        while True:
            try:
                block = self._handle.read(frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise UndecodableError(
                    f"{self._path.name} stops decoding after {read} frames: {error}", frames=read
                ) from error
            if not len(block):
                return
            read += len(block)
            yield block


@contextmanager
def _open_with_ffmpeg(path: Path, container: Container) -> Iterator[Reader]:
    try:
        with (
            path.open("rb") as file,
            av.open(file, format=FFMPEG_FORMATS[container], metadata_errors="replace") as opened,
        ):
            if not opened.streams.audio:
                raise UndecodableError(f"{path.name} has no audio stream.")
            assert isinstance(opened, av.container.InputContainer)
            yield FfmpegReader(path, opened, trim=container is Container.MP4)
    except (av.FFmpegError, ValueError) as error:
        raise UndecodableError(f"{path.name} cannot be opened as audio: {error}") from error


class FfmpegReader:
    """AAC, MP4, WebM and Matroska, and codecs that libsndfile lacks."""

    def __init__(self, path: Path, opened: av.container.InputContainer, *, trim: bool) -> None:
        self._path = path
        self._opened = opened
        self._trim = trim
        self._stream = opened.streams.audio[0]
        # Frames of many threads are not faster for short clips, and memory is then bounded.
        context = self._stream.codec_context
        if context is None:
            raise UndecodableError(f"{path.name}: no decoder knows its audio codec.")
        context.thread_count = 1
        if not context.sample_rate or not context.layout.nb_channels:
            raise UndecodableError(f"{path.name}: its audio stream does not say its sample rate.")
        self.sound = Sound(
            codec=context.name.removesuffix("float"),
            sample_rate=context.sample_rate,
            channels=context.layout.nb_channels,
            frames=self._announced_frames(context.sample_rate),
            bit_depth=self._bit_depth(),
            has_video=any(_is_moving(stream) for stream in opened.streams.video),
            streams=len(opened.streams.audio),
        )

    def _announced_frames(self, sample_rate: int) -> int:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return round(self._stream.duration * self._stream.time_base * sample_rate)
        if self._opened.duration is not None:
            return round(self._opened.duration * sample_rate / av.time_base)
        return 0

    def _bit_depth(self) -> int | None:
        context = self._stream.codec_context
        # 24-bit FLAC and ALAC decode to 32-bit words: only the 16-bit word says what it is.
        if context.name.startswith("pcm_") or context.name in {"flac", "alac"}:
            bits = context.format.bits
            return bits if context.name.startswith("pcm_") or bits == CD_BITS else None
        return None

    def blocks(self) -> Iterator[Samples]:
        read = 0
        # An MP4 edit list says how long the sound is; what the last packet holds beyond is filler.
        left = self.sound.frames if self._trim and self.sound.frames else None
        try:
            for frame in self._opened.decode(self._stream):
                block = _convert_to_float(frame)
                if block.shape[1] != self.sound.channels:
                    raise UndecodableError(
                        f"{self._path.name} changes from {self.sound.channels} to "
                        f"{block.shape[1]} channels after {read} frames.",
                        frames=read,
                    )
                if left is not None and read + len(block) > left:
                    block = block[: max(0, left - read)]
                read += len(block)
                if len(block):
                    yield block
        except (av.FFmpegError, ValueError) as error:
            raise UndecodableError(
                f"{self._path.name} stops decoding after {read} frames: {error}", frames=read
            ) from error


def _is_moving(stream: Any) -> bool:
    """A cover picture is a video stream to FFmpeg, but no video."""
    return not stream.disposition & av.stream.Disposition.attached_pic


def _convert_to_float(frame: av.AudioFrame) -> Samples:
    raw = frame.to_ndarray()
    samples = raw.T if frame.format.is_planar else raw.reshape(-1, frame.layout.nb_channels)
    if samples.dtype.kind == "u":
        return (samples.astype(np.float32) - 128.0) / np.float32(128.0)
    if samples.dtype.kind == "i":
        return samples.astype(np.float32) / np.float32(2.0 ** (samples.dtype.itemsize * 8 - 1))
    return np.ascontiguousarray(samples, dtype=np.float32)


def read_mono_blocks(
    path: Path,
    sample_rate: int,
    *,
    channel: int | None = None,
    listen: Callable[[Samples, Samples], None] | None = None,
) -> Iterator[Samples]:
    """The mean of all channels, or one of them, at `sample_rate` hertz, in blocks of any length.

    `listen` is called with every block as decoded and its mean. Memory does not grow with the
    file. Raises `UndecodableError`.
    """
    with open_sound(path) as reader:
        rate = reader.sound.sample_rate
        resampler = None
        if rate != sample_rate:
            resampler = soxr.ResampleStream(rate, sample_rate, 1, dtype="float32")
        for block in reader.blocks():
            mono = (
                _mix_to_mono(block) if channel is None else np.ascontiguousarray(block[:, channel])
            )
            if listen is not None:
                listen(block, mono)
            if resampler is not None:
                mono = resampler.resample_chunk(mono)
            if len(mono):
                yield mono
        if resampler is not None:
            rest = resampler.resample_chunk(np.empty(0, np.float32), last=True)
            if len(rest):
                yield rest


def _mix_to_mono(block: Samples) -> Samples:
    channels = block.shape[1]
    return block[:, 0].copy() if channels == 1 else block @ np.full(channels, 1 / channels, "f4")


def read_mono(path: Path, sample_rate: int) -> Samples:
    """All of the file as one channel at `sample_rate` hertz; memory grows with its length."""
    blocks = list(read_mono_blocks(path, sample_rate))
    return np.concatenate(blocks) if blocks else np.empty(0, np.float32)
