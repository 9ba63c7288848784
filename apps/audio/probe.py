"""Decides what a file is by decoding all of it, and says clearly what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from apps.audio.containers import (
    Container,
    EndsEarlyError,
    Layout,
    MalformedContainerError,
    Region,
    Role,
    Source,
    read_wave_format,
    walk_container,
)
from apps.audio.decoding import Reader, Sound, UndecodableError, open_sound
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
from apps.audio.untrimmed import read_untrimmed

EXTENSIONS = {
    Container.WAV: (".wav", ".wave", ".bwf"),
    Container.RF64: (".wav", ".rf64", ".bwf"),
    Container.W64: (".w64",),
    Container.AIFF: (".aiff", ".aif", ".aifc"),
    Container.CAF: (".caf",),
    Container.FLAC: (".flac",),
    Container.OGG: (".ogg", ".oga", ".ogv", ".opus", ".spx"),
    Container.MP3: (".mp3", ".mp2", ".mp1"),
    Container.AAC: (".aac",),
    Container.MP4: (".m4a", ".mp4", ".m4b", ".m4v", ".mov", ".3gp"),
    Container.WEBM: (".webm", ".weba"),
    Container.MATROSKA: (".mka", ".mkv"),
}
MEDIA_TYPES = {
    Container.WAV: "wav",
    Container.RF64: "wav",
    Container.W64: "x-w64",
    Container.AIFF: "aiff",
    Container.CAF: "x-caf",
    Container.FLAC: "flac",
    Container.OGG: "ogg",
    Container.MP3: "mpeg",
    Container.AAC: "aac",
    Container.MP4: "mp4",
    Container.WEBM: "webm",
    Container.MATROSKA: "x-matroska",
}
# What people append to sound files, to name it in the message.
SIGNATURES = {
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "a ZIP archive",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE": "an HTML page",
    b"<!doctype": "an HTML page",
    b"<html": "an HTML page",
    b"<script": "a script",
    b"<?php": "a PHP script",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x1f\x8b": "gzip data",
    b"RIFF": "another RIFF file",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Zero padding, bytes and ratio count decoded 16-bit samples.

    A file is a decompression bomb when it decodes to more than `bomb_bytes` and to more than
    `bomb_ratio` times its own size; short digital silence may be as small as it likes.
    """

    seconds: float = 6 * 3600.0
    bomb_bytes: int = 256 << 20
    bomb_ratio: float = 500.0
    channels: int = 64
    lowest_rate: int = 100
    highest_rate: int = 10_000_000


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is. Rates in hertz, duration in seconds, `bit_depth` none for lossy codecs."""

    media_type: str
    container: str
    codec: str
    sample_rate: int
    channels: int
    frames: int
    duration: float
    bit_depth: int | None
    has_video: bool
    trailing_bytes: int
    warnings: tuple[str, ...]


STANDARD_LIMITS = Limits()


def probe_file(path: Path, *, limits: Limits = STANDARD_LIMITS, name: str | None = None) -> Probe:
    """Decode the whole file and say what it is, or raise the `ProbeError` that says what is wrong.

    `name` is what the file is called in the dataset, when the bytes lie under another name. Memory
    is bounded whatever the file claims; decoding stops at the first limit that is passed.
    """
    name = name or path.name
    with Source(path) as source:
        return _Examination(path, name, source, limits).probe()


class _Examination:
    """One file under examination: its bytes, its layout, and how to complain about it."""

    def __init__(self, path: Path, name: str, source: Source, limits: Limits) -> None:
        self.path = path
        self.name = name
        self.source = source
        self.limits = limits
        self.warnings: list[str] = []

    def probe(self) -> Probe:
        layout = self._walk_layout()
        self._check_structure(layout)
        self._check_extension(layout.container)
        trailing = self._check_foreign(layout)
        sound, frames = self._plain_wave(layout) or self._decode(layout)
        if not frames:
            raise EmptyError(
                f"{self.name} holds no sound: its header is fine but there is not one sample. "
                "Record or export it again, or leave it out."
            )
        kind = "video" if sound.has_video else "audio"
        return Probe(
            media_type=f"{kind}/{MEDIA_TYPES[layout.container]}",
            container=layout.container.value,
            codec=sound.codec,
            sample_rate=sound.sample_rate,
            channels=sound.channels,
            frames=frames,
            duration=frames / sound.sample_rate,
            bit_depth=sound.bit_depth,
            has_video=sound.has_video,
            trailing_bytes=trailing,
            warnings=tuple(self.warnings),
        )

    def _walk_layout(self) -> Layout:
        if not self.source.size:
            raise EmptyError(
                f"{self.name} is 0 bytes long. The upload or export was interrupted: send it again."
            )
        try:
            layout = walk_container(self.source)
        except EndsEarlyError as error:
            raise TruncatedError(f"{self.name}: {error.message}") from error
        except MalformedContainerError as error:
            raise CorruptError(f"{self.name}: {error.message}") from error
        if layout is None:
            raise NotAudioError(
                f"{self.name} is {_describe_bytes(self.source.at(0, 512))}, not a sound file."
                " Expected "
                "WAV, FLAC, Ogg, MP3, AIFF, CAF, W64, AAC, MP4/M4A, WebM or Matroska."
            )
        return layout

    def _check_extension(self, container: Container) -> None:
        expected = EXTENSIONS[container]
        suffix = Path(self.name).suffix.lower()
        if suffix not in expected:
            raise WrongExtensionError(
                f"{self.name} holds {container.value.upper()} data, so its name should end in "
                f"{' or '.join(expected)}, not in {suffix or 'nothing'}. Rename it (or convert it "
                "to what its name says).",
                found=container.value,
                expected=list(expected),
            )

    def _check_structure(self, layout: Layout) -> None:
        if layout.missing:
            raise TruncatedError(
                f"{self.name} is cut off: its headers announce {layout.missing} bytes more than "
                f"the {layout.size} that are there. Send the whole file, or export it again.",
                missing_bytes=layout.missing,
            )
        if not layout.list_regions(Role.SOUND):
            raise EmptyError(
                f"{self.name} is a {layout.container.value.upper()} file without any sound in it. "
                "Export it again, or leave it out."
            )

    def _check_foreign(self, layout: Layout) -> int:
        foreign = layout.list_regions(Role.FOREIGN)
        if foreign:
            raise self._foreign(foreign[0], sum(region.size for region in foreign))
        padding = [
            region
            for region in layout.list_regions(Role.PADDING)
            if region.name in {"trailing bytes", "bytes that are not sound"}
        ]
        trailing = sum(region.size for region in padding)
        if trailing:
            self.warnings.append(f"{trailing} zero bytes that belong to no part of the file")
        return trailing

    def _foreign(self, region: Region, size: int) -> ProbeError:
        what = _describe_bytes(self.source.at(region.offset, 512))
        return TrailingBytesError(
            f"{self.name} carries {size} bytes that are no part of the sound, from byte "
            f"{region.offset} on: {what}. Cut them off or export the file again.",
            offset=region.offset,
            size=size,
        )

    def _plain_wave(self, layout: Layout) -> tuple[Sound, int] | None:
        """Integer PCM in WAV: every bit pattern is a sample, so its structure is all there is."""
        if layout.container not in {Container.WAV, Container.RF64}:
            return None
        try:
            form = read_wave_format(self.source, layout)
        except MalformedContainerError as error:
            raise CorruptError(f"{self.name}: {error.message}") from error
        if form.tag in {1, 3}:
            self._check_whole_blocks(layout, form.block)
        # The 64-bit sizes of RF64 have more ways to be wrong: those are decoded like the rest.
        if not form.is_integer or layout.container is not Container.WAV:
            return None
        # Samples of one byte are unsigned in WAV, wider ones signed.
        sign = "u" if form.block == form.channels else "s"
        codec, depth = f"pcm_{sign}{form.bits}", form.bits
        frames = layout.list_regions(Role.SOUND)[0].size // form.block
        sound = Sound(codec, form.sample_rate, form.channels, frames, depth, has_video=False)
        self._check_sound(sound)
        return sound, frames

    def _check_whole_blocks(self, layout: Layout, block: int) -> None:
        size = layout.list_regions(Role.SOUND)[0].size
        if size % block:
            raise TruncatedError(
                f"{self.name} ends in the middle of a sample: its {size} bytes of sound are not a "
                f"multiple of {block}. Export it again."
            )

    def _check_sound(self, sound: Sound) -> None:
        limits = self.limits
        if sound.streams > 1:
            raise UnsupportedError(
                f"{self.name} holds {sound.streams} audio streams. A clip is one: "
                "export each stream as its own file."
            )
        if not limits.lowest_rate <= sound.sample_rate <= limits.highest_rate:
            raise HeaderLiesError(
                f"{self.name} claims a sample rate of {sound.sample_rate} Hz; expected "
                f"{limits.lowest_rate} to {limits.highest_rate} Hz. Correct it and export again."
            )
        if not 0 < sound.channels <= limits.channels:
            raise UnsupportedError(
                f"{self.name} has {sound.channels} channels; up to {limits.channels} are taken. "
                "Export fewer channels to a file."
            )
        self._check_length(sound.frames, sound)

    def _check_length(self, frames: int, sound: Sound) -> None:
        limits = self.limits
        if frames > limits.seconds * sound.sample_rate:
            raise TooLongError(
                f"{self.name} is {frames / sound.sample_rate:.0f} s long or longer; up to "
                f"{limits.seconds:.0f} s are taken. Cut it into shorter clips.",
                seconds=frames / sound.sample_rate,
                limit=limits.seconds,
            )

    def _check_ratio(self, frames: int, sound: Sound) -> None:
        decoded = frames * sound.channels * 2
        allowed = max(self.limits.bomb_bytes, self.limits.bomb_ratio * self.source.size)
        if decoded > allowed:
            raise DecompressionBombError(
                f"{self.name} has {self.source.size} bytes and decodes to more than {decoded}: "
                f"over {self.limits.bomb_ratio:.0f} times its size. Cut the silence out of it.",
                decoded_bytes=decoded,
            )

    def _decode(self, layout: Layout) -> tuple[Sound, int]:
        if layout.streams > 1:
            self._check_sound(Sound("", 1, 1, 0, None, has_video=False, streams=layout.streams))
        try:
            with open_sound(self.path, layout.container) as reader:
                self._check_sound(reader.sound)
                self._check_counted(layout, reader.sound)
                frames = self._read_all(reader)
        except UndecodableError as error:
            raise self._build_undecodable_error(error, layout) from error
        self._compare(reader.sound, frames, layout.container)
        self._refuse_hidden(layout.container, frames)
        return reader.sound, frames

    def _refuse_hidden(self, container: Container, heard: int) -> None:
        """Sound that players leave out goes along with the file, where nobody has heard it."""
        found = read_untrimmed(self.path, container)
        if hidden := found.hidden_frames(heard):
            raise HiddenSoundError(
                f"{self.name} plays {heard / found.sample_rate:.3f} s, and holds at least"
                f" {hidden / found.sample_rate:.3f} s more: what an editor cut away, or another"
                " file joined to it, is still there. Export it again as a new file.",
                frames=heard,
                hidden_frames=hidden,
            )
        if found.has_loose_bytes:
            raise HiddenSoundError(
                f"{self.name} holds {found.loose_bytes} bytes among its sound that no track of it"
                " plays. Export it again as a new file.",
                size=found.loose_bytes,
            )

    def _check_counted(self, layout: Layout, sound: Sound) -> None:
        """Compare what the decoder announces with what can be counted without it."""
        if layout.container is Container.W64 and sound.bit_depth:
            block = sound.channels * sound.bit_depth // 8
            counted = layout.list_regions(Role.SOUND)[0].size // block
            if sound.frames > counted:
                raise UnsupportedError(
                    f"{self.name} has parts after its sound, which decoders of W64 play as if they "
                    "were sound. Export it as WAV or FLAC."
                )
        if layout.frames is not None:
            self._compare(sound, layout.frames, layout.container)

    def _read_all(self, reader: Reader) -> int:
        sound, frames = reader.sound, 0
        floating = sound.codec in {"pcm_f32", "pcm_f64"} or sound.bit_depth is None
        for block in reader.blocks():
            if floating and not np.isfinite(block).all():
                bad = int(np.argmin(np.isfinite(block).all(axis=1))) + frames
                raise BadSamplesError(
                    f"{self.name} holds samples that are no numbers (NaN or infinity), the first "
                    f"at {bad / sound.sample_rate:.3f} s. Export it again from the original.",
                    frame=bad,
                )
            frames += len(block)
            self._check_length(frames, sound)
            self._check_ratio(frames, sound)
        return frames

    def _build_undecodable_error(self, error: UndecodableError, layout: Layout) -> ProbeError:
        frames = error.detail.get("frames", 0)
        if not frames:
            return NotAudioError(
                f"{self.name} looks like {layout.container.value.upper()} but cannot be decoded "
                f"({error.message}) Export it again in a common codec."
            )
        return CorruptError(
            f"{self.name} is damaged: {error.message} Send an undamaged copy.", frames=frames
        )

    def _compare(self, sound: Sound, frames: int, container: Container) -> None:
        """Less sound than announced is a torn file; more is a header that lies."""
        short = sound.frames - frames
        tolerance = TOLERANCES.get(container, tolerate_nothing)(sound)
        if sound.frames and short > tolerance:
            raise TruncatedError(
                f"{self.name} is cut off: its header announces "
                f"{sound.frames / sound.sample_rate:.3f} s, only {frames / sound.sample_rate:.3f} "
                "s are there. Send the whole file, or export it again.",
                announced_frames=sound.frames,
                frames=frames,
            )
        if sound.frames and -short > tolerance:
            raise HeaderLiesError(
                f"{self.name} announces {sound.frames / sound.sample_rate:.3f} s and holds "
                f"{frames / sound.sample_rate:.3f} s. Export it again.",
                announced_frames=sound.frames,
                frames=frames,
            )


def tolerate_nothing(sound: Sound) -> float:
    """The header counts samples."""
    return 0


def tolerate_estimate(sound: Sound) -> float:
    """The header rounds to packets, or the length is guessed from the bit rate."""
    return max(0.25 * sound.sample_rate, 0.02 * sound.frames)


def tolerate_anything(sound: Sound) -> float:
    """Raw AAC frames carry no length at all."""
    return float("inf")


TOLERANCES: dict[Container, Callable[[Sound], float]] = {
    Container.MP3: tolerate_estimate,
    Container.MP4: tolerate_estimate,
    Container.WEBM: tolerate_estimate,
    Container.MATROSKA: tolerate_estimate,
    Container.AAC: tolerate_anything,
}


def _describe_bytes(raw: bytes) -> str:
    """What some bytes look like, for a message."""
    for signature, what in SIGNATURES.items():
        if raw.lstrip().startswith(signature):
            return what
    return "text" if raw and raw.isascii() and b"\0" not in raw else "unknown data"
