"""Ogg (RFC 3533): pages of packets, of which the second of each stream carries the comments."""

from dataclasses import dataclass, field

from apps.privacy.containers.base import Container, Layout, Role, Source

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
        size = _page_size(source, position)
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


def _page_size(source: Source, position: int) -> int | None:
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
