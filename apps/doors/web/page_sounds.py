"""Sound for the pages: whole clips in ranges, short windows of them, and their outline."""

import io
from collections.abc import Iterator
from http import HTTPStatus

import numpy as np
import soundfile
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse

from apps.audio.decoding import Samples, read_mono_blocks
from apps.audio.spectrogram import draw_spectrogram
from apps.audio.windows import read_mono_window
from apps.doors.ranges import RangeUnsatisfiableError, choose_span
from apps.storage.blobs import open_local_copy
from apps.storage.models import Blob

PEAKS = 2000
OUTLINE_RATE = 4000
WINDOW_RATE = 24_000
WAV_HEADER = 44
WAV_BYTES_A_SECOND = 2 * WINDOW_RATE
HOUR_SECONDS = 3600
WEEK_SECONDS = 7 * 24 * HOUR_SECONDS
# Counts up when spectrograms are drawn otherwise: those of before are not shown any more.
SPECTROGRAM = 1


def serve_short_sound(request: HttpRequest, content: bytes, tag: str) -> HttpResponse:
    """A WAV made for this answer. In ranges, without which a player cannot seek."""
    etag = f'"{tag}"'
    try:
        span = choose_span(request, len(content), etag)
    except RangeUnsatisfiableError:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    body = content if span is None else content[span.start : span.start + span.length]
    response = HttpResponse(body, content_type="audio/wav", status=206 if span else 200)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-store"
    if span:
        response["Content-Range"] = span.header(len(content))
    return response


def measure_seconds_sent(response: HttpResponse, onset: float, end: float) -> tuple[float, float]:
    """Which seconds of the window from `onset` to `end` an answer of `serve_short_sound` holds."""
    asked = response.headers.get("Content-Range", "")
    if response.status_code == HTTPStatus.OK:
        return onset, end
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        return onset, onset
    first, last = (int(number) for number in asked.removeprefix("bytes ").split("/")[0].split("-"))
    start = onset + max(0, first - WAV_HEADER) / WAV_BYTES_A_SECOND
    return start, min(end, onset + max(0, last + 1 - WAV_HEADER) / WAV_BYTES_A_SECOND)


def cut_window(blob: Blob, onset: float, end: float) -> bytes:
    """The seconds from `onset` to `end` as a small mono WAV: no more leaves than is to be heard."""
    samples = _read_samples(blob, onset, end)
    packed = io.BytesIO()
    soundfile.write(packed, samples, WINDOW_RATE, format="WAV", subtype="PCM_16")
    return packed.getvalue()


def draw_window(blob: Blob, onset: float, end: float) -> bytes:
    """The spectrogram of the same seconds, as WEBP; remembered for an hour."""
    key = f"spectrogram:{SPECTROGRAM}:{blob.sha256}:{onset:.3f}:{end:.3f}"
    found: bytes | None = cache.get(key)
    if found is None:
        found = draw_spectrogram(_read_samples(blob, onset, end), WINDOW_RATE)
        cache.set(key, found, HOUR_SECONDS)
    return found


def _read_samples(blob: Blob, onset: float, end: float) -> Samples:
    with open_local_copy(blob) as path:
        return read_mono_window(path, WINDOW_RATE, onset, end)


def load_peaks(blob: Blob) -> list[float]:
    """The outline of the sound as at most 2,000 values from 0 to 1, remembered for a week."""
    key = f"peaks:{blob.sha256}"
    found: list[float] | None = cache.get(key)
    if found is None:
        with open_local_copy(blob) as path:
            found = _compute_outline(read_mono_blocks(path, OUTLINE_RATE))
        cache.set(key, found, WEEK_SECONDS)
    return found


def _compute_outline(blocks: Iterator[Samples]) -> list[float]:
    """Loudest sample of each of at most `PEAKS` equal parts, scaled so that the loudest is 1.

    Parts are kept at a fixed length and merged in pairs when they become too many, so that memory
    does not grow with the sound.
    """
    parts: list[float] = []
    width = 8
    rest = np.empty(0, np.float32)
    for block in blocks:
        samples = np.abs(np.concatenate([rest, block]))
        count = len(samples) // width
        parts.extend(samples[: count * width].reshape(count, width).max(axis=1).tolist())
        rest = samples[count * width :]
        while len(parts) > 2 * PEAKS:
            parts = [max(parts[at : at + 2]) for at in range(0, len(parts), 2)]
            width *= 2
    loudest = max(parts, default=0.0) or 1.0
    return [round(part / loudest, 3) for part in parts]
