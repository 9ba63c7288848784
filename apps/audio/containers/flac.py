"""FLAC (RFC 9639): metadata blocks, then frames that carry checksums but no lengths."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.audio.containers.base import Container, Layout, Role, Source
from apps.audio.containers.id3 import lay_tail_tags, skip_id3

STREAMINFO, PADDING, APPLICATION, SEEKTABLE, VORBIS_COMMENT, CUESHEET, PICTURE = range(7)
BLOCK_NAMES = {
    STREAMINFO: "STREAMINFO",
    PADDING: "PADDING",
    APPLICATION: "APPLICATION",
    SEEKTABLE: "SEEKTABLE",
    VORBIS_COMMENT: "VORBIS_COMMENT",
    CUESHEET: "CUESHEET",
    PICTURE: "PICTURE",
}
BLOCK_SIZES = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {8 + n: 256 << n for n in range(8)}
POLYNOMIAL = 0x8005
LARGEST_HEADER = 16
LONGEST_FRAME = 1 << 20
# Frame data can look like a header, about once in 2,000 files; so look a little further back.
MOST_CANDIDATES = 32


def walk_flac(source: Source, container: Container) -> Layout:
    layout = Layout(container, source.size)
    position = skip_id3(source, layout, 0)
    layout.add(Role.STRUCTURE, "fLaC", position, 4)
    position += 4
    last = False
    while not last and position + 4 <= source.size:
        head = source.at(position, 4)
        last, kind = bool(head[0] & 0x80), head[0] & 0x7F
        size = int.from_bytes(head[1:], "big")
        _lay_block(layout, source, kind, position + 4, min(size, source.size - position - 4))
        layout.missing = max(0, position + 4 + size - source.size)
        position += 4 + size
    position = min(position, source.size)
    end, tags = lay_tail_tags(source, position)
    sound_end = find_end_of_frames(source, layout, position, end)
    layout.add(Role.SOUND, "frames", position, sound_end - position)
    if sound_end < end:
        role = Role.PADDING if source.is_zero(sound_end, end - sound_end) else Role.FOREIGN
        layout.add(role, "trailing bytes", sound_end, end - sound_end)
    layout.regions.extend(tags)
    return layout


def _lay_block(layout: Layout, source: Source, kind: int, offset: int, size: int) -> None:
    name = BLOCK_NAMES.get(kind, f"block type {kind}")
    if kind == PADDING:
        layout.lay_padding(source, name, offset, size)
    elif (kind == STREAMINFO and size == 34) or (kind == SEEKTABLE and size % 18 == 0):
        layout.add(Role.STRUCTURE, name, offset, size)
    else:
        layout.add(Role.METADATA, name, offset, size)


class FrameHead(NamedTuple):
    """A frame's header: its number (of the frame when `fixed`, else of its first sample)."""

    fixed: bool
    number: int
    length: int


class _Info(NamedTuple):
    """The part of STREAMINFO that tells where frames belong; `total` is 0 when not known."""

    smallest: int
    largest: int
    total: int

    def samples_after(self, head: FrameHead) -> int | None:
        """How many samples there are up to the end of a frame."""
        if not head.fixed:
            return head.number + head.length
        return head.number * self.largest + head.length if self.smallest == self.largest else None


def find_end_of_frames(source: Source, layout: Layout, start: int, end: int) -> int:
    """Where the last frame ends; counts the samples up to there into `layout.frames`.

    A frame says its number but not its length, and closes with a checksum that makes the checksum
    over all of it zero. So the last frame is the last header from which that holds up to the end
    of the file. Where there is none, something follows the frame that completes the announced
    length; and where that is missing too the file was cut, which decoding tells.
    """
    found = next((region for region in layout.regions if region.name == "STREAMINFO"), None)
    if found is None or found.size < 34:
        return end
    smallest, largest = (source.number(found.offset + at, 2) for at in (0, 2))
    info = _Info(smallest, largest, source.number(found.offset + 13, 5) & ((1 << 36) - 1))
    for position, head in islice(_find_headers_backwards(source, start, end), MOST_CANDIDATES):
        counted = info.samples_after(head)
        frame = source.at(position, min(end - position, LONGEST_FRAME))
        if len(frame) == end - position and not compute_crc16(frame):
            layout.frames = counted
            return position + _measure_without_zeros(frame)
        if counted is not None and counted == info.total and (ends := _find_zero_points(frame)):
            layout.frames = counted
            return position + ends[0]
    return end


def _find_headers_backwards(
    source: Source, start: int, end: int
) -> Iterator[tuple[int, FrameHead]]:
    sync, position = source.at(start, 2), end
    if sync not in {b"\xff\xf8", b"\xff\xf9"}:
        return
    while (position := source.view.rfind(sync, start, position)) >= 0:
        head = parse_frame_head(source.at(position, LARGEST_HEADER))
        if head is not None:
            yield position, head


def _measure_without_zeros(frame: bytes) -> int:
    """Zeros leave a zero checksum zero, so a frame can seem to end after those that follow it."""
    zeros = len(frame) - len(frame.rstrip(b"\0"))
    if zeros <= 2:
        return len(frame)
    return next(length for length in _find_zero_points(frame) if length >= len(frame) - zeros)


def parse_frame_head(head: bytes) -> FrameHead | None:
    """The header of a frame, when its own checksum holds."""
    if len(head) < 6 or head[2] >> 4 == 0 or head[3] & 1:
        return None
    lead = head[4]
    extra = 0 if lead < 0x80 else next((n for n in range(1, 7) if not lead >> (6 - n) & 1), 7)
    if extra > 6 or (0x80 <= lead < 0xC0):
        return None
    number = lead & (0x7F if extra == 0 else (0x3F >> extra))
    for byte in head[5 : 5 + extra]:
        number = number << 6 | byte & 0x3F
    position = 5 + extra
    code, rate = head[2] >> 4, head[2] & 15
    length = BLOCK_SIZES.get(code, 0)
    if code in {6, 7}:
        size = code - 5
        length = int.from_bytes(head[position : position + size], "big") + 1
        position += size
    position += {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if position >= len(head) or _compute_crc8(head[:position]) != head[position]:
        return None
    return FrameHead(fixed=not head[1] & 1, number=number, length=length)


def _compute_crc8(raw: bytes) -> int:
    crc = 0
    for byte in raw:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def compute_crc16(raw: bytes) -> int:
    """CRC-16 with polynomial 0x8005, zero start, as FLAC frames close with.

    The checksum is linear, so it is the exclusive-or of one power for every bit that is set.
    """
    bits = np.unpackbits(np.frombuffer(raw, np.uint8))
    powers = _compute_powers(1 << max(12, (len(bits) - 1).bit_length()))[: len(bits)][::-1]
    return int(np.bitwise_xor.reduce(powers[bits.view(bool)], initial=np.uint16(0)))


@lru_cache(maxsize=4)
def _compute_powers(count: int) -> NDArray[np.uint16]:
    """x^16 · x^n modulo the polynomial, for n from 0 up to a power of two."""
    powers = np.array([POLYNOMIAL], np.uint16)
    step = 2
    while len(powers) < count:
        following = np.zeros_like(powers)
        shifted = step
        for bit in range(16):
            following ^= np.where(powers >> bit & 1, np.uint16(shifted), np.uint16(0))
            shifted = _double_power(shifted)
        powers = np.concatenate([powers, following])
        step = _multiply_powers(step, step)
    return powers


def _multiply_powers(left: int, right: int) -> int:
    product = 0
    for bit in range(16):
        product ^= left if right >> bit & 1 else 0
        left = _double_power(left)
    return product


def _double_power(value: int) -> int:
    return (value << 1 ^ POLYNOMIAL) & 0xFFFF if value & 0x8000 else value << 1


@lru_cache(maxsize=1)
def _build_crc_table() -> list[int]:
    return [compute_crc16(bytes([byte])) for byte in range(256)]


def _find_zero_points(frame: bytes) -> list[int]:
    """The lengths at which the running checksum is zero."""
    table, crc, points = _build_crc_table(), 0, []
    for index, byte in enumerate(frame[: 1 << 20]):
        crc = (crc << 8 & 0xFF00) ^ table[crc >> 8 ^ byte]
        if not crc and index >= LARGEST_HEADER - 6:
            points.append(index + 1)
    return points
