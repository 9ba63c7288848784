"""FLAC (RFC 9639): metadata blocks, then frames that carry checksums but no lengths."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from apps.privacy.containers.base import Container, Layout, Role, Source
from apps.privacy.containers.id3 import lay_tail_tags, skip_id3

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
LARGEST_HEADER = 16


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
    sound_end = end_of_frames(source, layout, position, end)
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


def end_of_frames(source: Source, layout: Layout, start: int, end: int) -> int:
    """Where the last frame ends.

    A frame says its number but not its length, and closes with a checksum that makes the checksum
    over all of it zero. So the last frame is found by its header, and ends where that holds: at
    the end of the file in an untouched file. When no end fits (the file was cut inside the last
    frame) the end of the file is returned, and decoding tells.
    """
    head = _last_header(source, layout, start, end)
    if head is None:
        return end
    frame = source.at(head, end - head)
    if not crc16(frame):
        return end
    ends = _zero_points(frame)
    return head + ends[0] if ends else end


def _last_header(source: Source, layout: Layout, start: int, end: int) -> int | None:
    info = next((region for region in layout.regions if region.name == "STREAMINFO"), None)
    if info is None or info.size < 34:
        return None
    smallest, largest = (source.number(info.offset + at, 2) for at in (0, 2))
    total = source.number(info.offset + 13, 5) & ((1 << 36) - 1)
    position = end
    while True:
        position = source.view.rfind(b"\xff", start, position)
        if position < 0:
            return None
        number = _frame_number(source.at(position, LARGEST_HEADER))
        if number is None:
            continue
        fixed, at, length = number
        first = at * largest if fixed and smallest == largest else at
        if not total or (fixed and smallest != largest) or first + length >= total > first:
            return position


def _frame_number(head: bytes) -> tuple[bool, int, int] | None:
    """(fixed block size, frame or sample number, block length) of a header whose CRC-8 holds."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[2] >> 4 == 0 or head[3] & 1:
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
    if position >= len(head) or _crc8(head[:position]) != head[position]:
        return None
    return not head[1] & 1, number, length


def _crc8(raw: bytes) -> int:
    crc = 0
    for byte in raw:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def crc16(raw: bytes) -> int:
    """CRC-16 with polynomial 0x8005, zero start, as FLAC frames close with.

    The checksum is linear, so it is the exclusive-or of one power for every bit that is set.
    """
    bits = np.unpackbits(np.frombuffer(raw, np.uint8))
    powers = _powers(1 << max(12, (len(bits) - 1).bit_length()))[: len(bits)][::-1]
    return int(np.bitwise_xor.reduce(powers[bits.view(bool)], initial=np.uint16(0)))


@lru_cache(maxsize=4)
def _powers(count: int) -> NDArray[np.uint16]:
    """x^16 · x^n modulo the polynomial, for n from 0."""
    powers = np.empty(count, np.uint16)
    value = 0x8005
    for n in range(count):
        powers[n] = value
        value = (value << 1 ^ 0x8005) & 0xFFFF if value & 0x8000 else value << 1
    return powers


@lru_cache(maxsize=1)
def _table() -> list[int]:
    return [crc16(bytes([byte])) for byte in range(256)]


def _zero_points(frame: bytes) -> list[int]:
    """The lengths at which the running checksum is zero."""
    table, crc, points = _table(), 0, []
    for index, byte in enumerate(frame[: 1 << 20]):
        crc = (crc << 8 & 0xFF00) ^ table[crc >> 8 ^ byte]
        if not crc and index >= LARGEST_HEADER - 6:
            points.append(index + 1)
    return points
