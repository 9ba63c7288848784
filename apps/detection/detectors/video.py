"""Asks for a look at every moving picture: no detector here recognises faces, a person does."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import av
from PIL import Image

from apps.audio.containers import Container, Source, detect_container
from apps.audio.decoding import FFMPEG_FORMATS
from apps.detection.detectors.base import AudioSubject, Detection, Kinds, Looks, Observation
from datasets_catalog.errors import EarmarkError
from datasets_catalog.finding_kinds import FindingKind

# The only containers taken in that can carry video.
WITH_VIDEO = frozenset({Container.MP4, Container.WEBM, Container.MATROSKA})
FRAMES = 8
HEIGHT = 120
WIDEST = 240
# A strip is kept beside the scores of a scan, in the database.
MOST_BYTES = 60 * 1024 * 3 // 4
QUALITIES = (60, 40, 20, 5)
# Video without times of its own is looked through to its end, up to here.
MOST_DECODED = 20_000


class PictureUnreadableError(EarmarkError):
    """A video stream cannot be decoded, so nobody can say what it shows."""

    code: ClassVar[str] = "privacy.picture_unreadable"


class Strip(NamedTuple):
    """Frames side by side, as WEBP, and the times (seconds) at which they stand."""

    image: bytes
    times: tuple[float, ...]


class VideoDetector:
    """One finding for each video stream of a clip, with a strip of its frames as evidence.

    A cover picture is no video; the detector of metadata reports it.
    """

    name = "video"
    version = "1"
    model_sha256 = ""
    looks_at = Looks.AUDIO
    kinds: Kinds = frozenset({FindingKind.VIDEO})

    def __init__(self) -> None:
        self.parameters: Mapping[str, Any] = {"frames": FRAMES, "height": HEIGHT}

    def detect(self, subject: AudioSubject) -> Detection:
        streams = count_moving_streams(subject.path)
        strips = [make_frame_strip(subject.path, stream) for stream in range(streams)]
        return Detection(
            findings=tuple(
                _build_observation(number, streams, strip) for number, strip in enumerate(strips)
            ),
            evidence={
                "streams": streams,
                "strips": [
                    {"times": list(strip.times), "webp": base64.b64encode(strip.image).decode()}
                    for strip in strips
                ],
            },
        )


def _build_observation(number: int, streams: int, strip: Strip) -> Observation:
    which = f" {number + 1} of {streams}" if streams > 1 else ""
    return Observation(
        kind=FindingKind.VIDEO,
        detail=f"Video stream{which}: look at it, faces and plates are not searched for",
        evidence={
            "stream": number,
            "times": list(strip.times),
            "strip_sha256": hashlib.sha256(strip.image).hexdigest(),
        },
    )


def find_kept_strip(
    finding: Mapping[str, Any], scan: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The strip that belongs to a finding, from the evidence of both: `times` and `webp` (base64).

    None for findings that are not of a picture.
    """
    strips = scan.get("strips", ())
    number = finding.get("stream")
    return strips[number] if isinstance(number, int) and number < len(strips) else None


def count_moving_streams(path: Path) -> int:
    """How many video streams a file has, cover pictures not counted."""
    with Source(path) as source:
        container = detect_container(source)
    if container not in WITH_VIDEO:
        return 0
    with path.open("rb") as file, _open_container(file, container) as opened:
        return len(_list_moving_streams(opened))


def make_frame_strip(path: Path, stream: int = 0) -> Strip:
    """Eight frames of a video stream, evenly over its length, on one picture of at most 45 KiB.

    Raises `PictureUnreadableError` where there is no such stream or it cannot be decoded.
    """
    with Source(path) as source:
        container = detect_container(source)
    frames: list[tuple[float, Image.Image]] = []
    try:
        if container in WITH_VIDEO:
            with path.open("rb") as file, _open_container(file, container) as opened:
                frames = list(_pick_spread_frames(opened, _list_moving_streams(opened)[stream]))
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise PictureUnreadableError(
            f"{path.name}: its video cannot be decoded: {error}"
        ) from error
    if not frames:
        raise PictureUnreadableError(f"{path.name}: its video has no picture that can be decoded.")
    return Strip(_encode_strip(_join_frames(frames)), tuple(round(time, 3) for time, _ in frames))


def _open_container(file: Any, container: Container) -> Any:
    return av.open(file, format=FFMPEG_FORMATS[container], metadata_errors="replace")


def _list_moving_streams(opened: Any) -> list[Any]:
    still = av.stream.Disposition.attached_pic
    return [stream for stream in opened.streams.video if not stream.disposition & still]


def _pick_spread_frames(opened: Any, stream: Any) -> Iterator[tuple[float, Image.Image]]:
    """Frames at even distances: by jumping where the length is known, else by looking at all."""
    stream.codec_context.thread_count = 1
    seconds = _measure_seconds(opened, stream)
    if seconds <= 0:
        yield from _pick_from_all_frames(opened, stream)
        return
    last = -1.0
    for number in range(FRAMES):
        wanted = seconds * (number + 0.5) / FRAMES
        opened.seek(int(wanted / stream.time_base), stream=stream)
        frame = _find_first_frame(opened, stream, wanted)
        if frame is not None and (frame.time or 0.0) > last:
            last = frame.time or 0.0
            yield last, _shrink_frame(frame)


def _measure_seconds(opened: Any, stream: Any) -> float:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return opened.duration / av.time_base if opened.duration else 0.0


def _find_first_frame(opened: Any, stream: Any, wanted: float) -> Any:
    """The first frame at or after a moment, or else the last there is."""
    found = None
    for number, frame in enumerate(opened.decode(stream)):
        found = frame
        if (frame.time or 0.0) >= wanted or number == MOST_DECODED:
            break
    return found


def _pick_from_all_frames(opened: Any, stream: Any) -> Iterator[tuple[float, Image.Image]]:
    kept: list[tuple[float, Image.Image]] = []
    step = 1
    for number, frame in enumerate(opened.decode(stream)):
        if number == MOST_DECODED:
            break
        if number % step == 0:
            kept.append((frame.time or float(number), _shrink_frame(frame)))
        if len(kept) == 2 * FRAMES:
            kept, step = kept[::2], step * 2
    yield from kept[:FRAMES]


def _shrink_frame(frame: Any) -> Image.Image:
    image: Image.Image = frame.to_image()
    width = max(1, min(WIDEST, round(image.width * HEIGHT / image.height)))
    return image.convert("RGB").resize((width, HEIGHT))


def _join_frames(frames: list[tuple[float, Image.Image]]) -> Image.Image:
    strip = Image.new("RGB", (sum(image.width for _, image in frames), HEIGHT))
    left = 0
    for _, image in frames:
        strip.paste(image, (left, 0))
        left += image.width
    return strip


def _encode_strip(strip: Image.Image) -> bytes:
    coded = b""
    for quality in QUALITIES:
        target = BytesIO()
        strip.save(target, "WEBP", quality=quality, method=4)
        coded = target.getvalue()
        if len(coded) <= MOST_BYTES:
            break
    return coded
