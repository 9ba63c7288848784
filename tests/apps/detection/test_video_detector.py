"""Every moving picture waits for somebody's eyes, with a strip of its frames as evidence."""

import base64
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from apps.detection.detectors.base import AudioSubject, Detection, DetectorFailedError, run_detector
from apps.detection.detectors.video import (
    FRAMES,
    HEIGHT,
    MOST_BYTES,
    PictureUnreadableError,
    VideoDetector,
    make_frame_strip,
)
from tests.marked import m4a
from tests.sounds import WRITERS, write_any


def look(path: Path) -> Detection:
    return run_detector(VideoDetector(), AudioSubject(path, path.name))


def noisy_video(path: Path, *, frames: int = 40, size: int = 320) -> Path:
    """Pictures that hardly compress, of two seconds and more."""
    draw = np.random.default_rng(3)
    with av.open(path, "w") as output:
        stream = output.add_stream("mpeg4", rate=20)
        stream.width, stream.height, stream.pix_fmt = size, size * 3 // 4, "yuv420p"
        for _ in range(frames):
            pixels = draw.integers(0, 256, (size * 3 // 4, size, 3), dtype=np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_a_video_stream_is_a_finding_and_nothing_else_is(tmp_path: Path, kind: str) -> None:
    findings = look(write_any(tmp_path, kind)).findings
    assert [seen.kind for seen in findings] == (["video"] if kind == "mp4" else [])


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    assert look(m4a(tmp_path)).findings == ()


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_the_strip_shows_frames_evenly_spread(tmp_path: Path, suffix: str) -> None:
    detection = look(noisy_video(tmp_path / f"noise.{suffix}"))
    strip = detection.evidence["strips"][0]
    assert len(strip["times"]) == FRAMES
    assert strip["times"] == pytest.approx([0.125 + 0.25 * n for n in range(FRAMES)], abs=0.06)
    raw = base64.b64decode(strip["webp"])
    assert len(raw) <= MOST_BYTES
    assert len(strip["webp"]) <= 60 * 1024
    with Image.open(BytesIO(raw)) as image:
        assert image.size == (FRAMES * 160, HEIGHT)
    assert raw == make_frame_strip(tmp_path / f"noise.{suffix}").image


def test_a_video_that_cannot_be_decoded_blocks(tmp_path: Path) -> None:
    path = noisy_video(tmp_path / "torn.mp4")
    raw = path.read_bytes()
    start = raw.index(b"mdat") + 4
    path.write_bytes(raw[:start] + bytes(len(raw) // 2) + raw[start + len(raw) // 2 :])
    with pytest.raises(DetectorFailedError, match=r"torn\.mp4"):
        look(path)
    with pytest.raises(PictureUnreadableError):
        make_frame_strip(write_any(tmp_path, "wav"))
