"""Ogg (RFC 3533): pages of packets, of which the second of each stream carries the comments."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from apps.audio.containers.base import Container, Layout, Role, Source

CODECS = {
    b"\x01vorbis": "vorbis",
    b"OpusHead": "opus",
    b"\x7fFLAC": "flac",
    b"Speex   ": "speex",
    b"\x80theora": "theora",
    b"fishead\0": "skeleton",
}
AUDIO_CODECS = frozenset({"vorbis", "opus", "flac", "speex"})
# How many packets open a stream before the sound; the first is the identification.
HEADER_PACKETS = {"vorbis": 3, "opus": 2, "speex": 2, "theora": 3}
END_OF_STREAM = 4


@dataclass(slots=True)
class _Stream:
    codec: str
    packets: list[bytearray] = field(default_factory=list)
    open: bool = False
    headers: int = 2
    ended: bool = False

    @property
    def in_headers(self) -> bool:
        return len(self.packets) < self.headers or (self.open and len(self.packets) == self.headers)


def walk_ogg(source: Source, container: Container) -> Layout:
    layout = Layout(container, source.size)
    streams: dict[int, _Stream] = {}
    position = 0
    while source.at(position, 4) == b"OggS":
        size = _measure_page(source, position)
        if size is None or position + size > source.size:
            layout.missing = max(1, position + (size or 28) - source.size)
            size = source.size - position
        serial = source.number(position + 14, 4, big=False) if size >= 27 else 0
        segments = source.at(position + 27, source.at(position + 26, 1)[0]) if size >= 27 else b""
        stream = streams.get(serial)
        if stream is None:
            stream = streams[serial] = _open_stream(source, position + 27 + len(segments))
        in_headers = stream.in_headers
        if in_headers:
            _read_packets(stream, source, position + 27 + len(segments), segments)
        role = Role.STRUCTURE if in_headers else Role.SOUND
        layout.add(role, f"{stream.codec} page", position, size)
        stream.ended = stream.ended or bool(source.at(position + 5, 1)[:1] == b"\x04")
        position += size
        if layout.missing:
            break
    _lay_comments(layout, streams)
    layout.streams = sum(stream.codec in AUDIO_CODECS for stream in streams.values())
    layout.lay_rest(source, position)
    return layout


def _measure_page(source: Source, position: int) -> int | None:
    count = source.at(position + 26, 1)
    segments = source.at(position + 27, count[0]) if count else b""
    return 27 + len(segments) + sum(segments) if count and len(segments) == count[0] else None


def _open_stream(source: Source, offset: int) -> _Stream:
    head = source.at(offset, 13)
    codec = next((name for magic, name in CODECS.items() if head.startswith(magic)), "unknown")
    headers = HEADER_PACKETS.get(codec, 1)
    if codec == "flac":
        headers = 1 + int.from_bytes(head[7:9], "big")
    return _Stream(codec, headers=headers)


def _read_packets(stream: _Stream, source: Source, offset: int, segments: bytes) -> None:
    for lacing in segments:
        if not stream.open:
            if len(stream.packets) >= stream.headers:
                return
            stream.packets.append(bytearray())
        stream.packets[-1] += source.at(offset, lacing)
        stream.open = lacing == 255
        offset += lacing


def _lay_comments(layout: Layout, streams: dict[int, _Stream]) -> None:
    """Header packets that carry comments, as Vorbis comment bytes without their wrapping."""
    for stream in streams.values():
        for index, packet in enumerate(stream.packets[1:], start=1):
            content = bytes(packet)
            if stream.codec == "flac":
                _lay_flac_block(layout, content)
            elif stream.codec == "opus" and content.startswith(b"OpusTags"):
                layout.add(Role.METADATA, "VORBIS_COMMENT", 0, len(content) - 8, content[8:])
            elif content[1:7] in {b"vorbis", b"theora"} and content[0] in {3, 0x81}:
                layout.add(Role.METADATA, "VORBIS_COMMENT", 0, len(content) - 7, content[7:])
            elif stream.codec == "speex" and index == 1:
                layout.add(Role.METADATA, "VORBIS_COMMENT", 0, len(content), content)
        if stream.codec in {"unknown", "skeleton"}:
            layout.add(Role.METADATA, f"{stream.codec} stream", 0, 0, b"".join(stream.packets))


def _lay_flac_block(layout: Layout, content: bytes) -> None:
    kind, payload = content[:1], content[4:]
    if not kind or kind[0] & 0x7F in {0, 3}:
        return
    if kind[0] & 0x7F == 1:
        role = Role.METADATA if payload.strip(b"\0") else Role.PADDING
        layout.add(role, "PADDING", 0, len(payload), payload)
        return
    name = {4: "VORBIS_COMMENT", 6: "PICTURE"}.get(kind[0] & 0x7F, "block")
    layout.add(Role.METADATA, name, 0, len(payload), payload)


def strip_ogg_comments(source: Source) -> Iterator[bytes]:
    """The file's pages with empty comments; the pages of sound change only their number.

    Streams that are neither sound nor picture are left out.
    """
    streams: dict[int, _RewrittenStream] = {}
    sound: list[tuple[int, int]] = []
    position = 0
    while source.at(position, 4) == b"OggS" and (size := _measure_page(source, position)):
        serial = source.number(position + 14, 4, big=False)
        segments = source.at(position + 27, source.at(position + 26, 1)[0])
        stream = streams.get(serial)
        if stream is None:
            stream = streams[serial] = _RewrittenStream(
                _open_stream(source, position + 27 + len(segments))
            )
        if stream.source.in_headers:
            _read_packets(stream.source, source, position + 27 + len(segments), segments)
            stream.pages_before += 1
        else:
            sound.append((position, size))
        position += size
    kept = {serial: each for serial, each in streams.items() if each.source.codec in HEADER_PACKETS}
    kept |= {serial: each for serial, each in streams.items() if each.source.codec == "flac"}
    for serial, stream in kept.items():
        yield _build_page(_build_identification(stream.source), serial, 0, first=True)
    for serial, stream in kept.items():
        for page in _build_header_pages(_build_plain_headers(stream.source), serial):
            stream.pages_after += 1
            yield page
    for position, size in sound:
        page = source.at(position, size)
        serial = int.from_bytes(page[14:18], "little")
        if serial in kept:
            number = int.from_bytes(page[18:22], "little") + kept[serial].shift
            yield _seal_page(page[:18] + number.to_bytes(4, "little") + bytes(4) + page[26:])


@dataclass(slots=True)
class _RewrittenStream:
    """A stream, and how many pages its headers took and take."""

    source: _Stream
    pages_before: int = 0
    pages_after: int = 1

    @property
    def shift(self) -> int:
        return self.pages_after - self.pages_before


def _build_identification(stream: _Stream) -> bytes:
    head = bytes(stream.packets[0])
    # The first packet of FLAC counts the header packets that follow: one is left.
    return head[:7] + b"\0\1" + head[9:] if stream.codec == "flac" else head


def _build_plain_headers(stream: _Stream) -> list[bytes]:
    """The header packets after the first, with no vendor and no comments."""
    empty = bytes(8)
    if stream.codec == "flac":
        return [b"\x84" + len(empty).to_bytes(3, "big") + empty]
    if stream.codec == "opus":
        return [b"OpusTags" + empty]
    if stream.codec == "speex":
        return [empty]
    mark = b"\x03vorbis" if stream.codec == "vorbis" else b"\x81theora"
    framing = b"\x01" if stream.codec == "vorbis" else b""
    return [mark + empty + framing, *(bytes(packet) for packet in stream.packets[2:])]


def _build_header_pages(packets: list[bytes], serial: int) -> Iterator[bytes]:
    """Header packets as pages of up to 255 segments."""
    lacing = b"".join(
        b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets
    )
    body = b"".join(packets)
    number = 1
    for start in range(0, len(lacing), 255):
        part = lacing[start : start + 255]
        continued = start > 0 and lacing[start - 1] == 255
        yield _build_page(body[: sum(part)], serial, number, lacing=part, continued=continued)
        body = body[sum(part) :]
        number += 1


def _build_page(
    body: bytes,
    serial: int,
    number: int,
    *,
    lacing: bytes | None = None,
    first: bool = False,
    continued: bool = False,
) -> bytes:
    if lacing is None:
        lacing = b"\xff" * (len(body) // 255) + bytes([len(body) % 255])
    flags = (1 if continued else 0) | (2 if first else 0)
    head = b"OggS\0" + bytes([flags]) + bytes(8) + serial.to_bytes(4, "little")
    head += number.to_bytes(4, "little") + bytes(4) + bytes([len(lacing)]) + lacing
    return _seal_page(head + body)


# Ogg's CRC-32 is zlib's with the bits of every byte and of the result the other way round.
MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _seal_page(page: bytes) -> bytes:
    """The page with its checksum, for which the field has to be zero."""
    start = 0xFFFFFFFF
    crc = zlib.crc32(page.translate(MIRRORED), start) ^ 0xFFFFFFFF
    checksum = int(f"{crc:032b}"[::-1], 2)
    return page[:22] + checksum.to_bytes(4, "little") + page[26:]
