"""All the sound that is in a file, also what players are told to leave out.

A recording that was shortened in place keeps what was cut away: an MP4's edit list says from where
to where it is played. Files that were joined byte by byte hold more than their first header says.
Whoever gets the bytes has it all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
from av.codec.context import Flags2

from apps.audio.containers import Container, Role, Source, walk_container
from apps.audio.decoding import FFMPEG_FORMATS

# What these hold is counted from their structure, or played to the last byte anyway.
_COUNTED = frozenset(
    {
        Container.WAV,
        Container.RF64,
        Container.W64,
        Container.AIFF,
        Container.CAF,
        Container.AAC,
    }
)
_LOSSLESS = ("flac", "alac", "pcm_")
# Encoders begin before the sound and fill up behind it: by so many of their frames, or seconds.
_FILLER_FRAMES = 4
_FILLER_SECONDS = 0.1
# Bytes of an MP4's sound data that no track needs to play.
_LOOSE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Untrimmed:
    """`frames` are all that decode, of which `filler` may go unplayed; `loose_bytes` nobody plays.

    None of it is known of a file that FFmpeg does not decode to its end: what it read counts.
    """

    frames: int = 0
    filler: int = 0
    sample_rate: int = 1
    loose_bytes: int = 0

    def hidden_frames(self, heard: int) -> int:
        """How many frames are in the file beyond those heard and what encoders add."""
        return max(0, self.frames - heard - self.filler)

    @property
    def has_loose_bytes(self) -> bool:
        return self.loose_bytes > _LOOSE_BYTES


def read_untrimmed(path: Path, container: Container) -> Untrimmed:
    """Decode the file once more without regard to what it says of its beginning and end."""
    if container in _COUNTED:
        return Untrimmed()
    frames = largest = 0
    rate, codec = 1, ""
    try:
        with _open_sound(path, container) as opened:
            stream = opened.streams.audio[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.flags2 |= Flags2.skip_manual
            rate, codec = stream.codec_context.sample_rate, stream.codec_context.name
            for frame in opened.decode(stream):
                frames += frame.samples
                largest = max(largest, frame.samples)
    except (av.FFmpegError, ValueError, IndexError):
        # Whether it is damaged the decoder says that the clip is heard by.
        pass
    filler = max(_FILLER_FRAMES * largest, round(_FILLER_SECONDS * rate))
    exact = codec.startswith(_LOSSLESS)
    loose = _count_loose_bytes(path, container) if container is Container.MP4 else 0
    return Untrimmed(frames, 0 if exact else filler, rate, loose)


@contextmanager
def _open_sound(path: Path, container: Container) -> Iterator[av.container.InputContainer]:
    options = {"ignore_editlist": "1"} if container is Container.MP4 else {}
    form = FFMPEG_FORMATS[container]
    with (
        path.open("rb") as file,
        av.open(file, format=form, options=options, metadata_errors="replace") as opened,
    ):
        assert isinstance(opened, av.container.InputContainer)
        yield opened


def _count_loose_bytes(path: Path, container: Container) -> int:
    """How many bytes of an MP4's sound data, zeros aside, belong to no sample of any track."""
    try:
        with _open_sound(path, container) as opened:
            spans = sorted(
                (packet.pos, packet.pos + packet.size)
                for packet in opened.demux()
                if packet.size and packet.pos is not None
            )
    except (av.FFmpegError, ValueError):
        return 0
    with Source(path) as source:
        layout = walk_container(source)
        regions = layout.list_regions(Role.SOUND) if layout else ()
        return sum(
            len(source.at(start, end - start).strip(b"\0"))
            for region in regions
            for start, end in _measure_gaps(region.offset, region.offset + region.size, spans)
        )


def _measure_gaps(start: int, end: int, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found = []
    for first, last in spans:
        if last <= start or first >= end:
            continue
        if first > start:
            found.append((start, first))
        start = max(start, last)
    return [*found, (start, end)] if start < end else found
