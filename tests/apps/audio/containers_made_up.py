"""Small files made of bytes, part by part: what a walker of their container has to name."""

import struct
from pathlib import Path

from apps.audio.containers import Layout, Role, Source, walk_container

Named = list[tuple[Role, str, bytes]]


def walk(path: Path, raw: bytes) -> Layout:
    path.write_bytes(raw)
    with Source(path) as source:
        layout = walk_container(source)
    assert layout is not None
    return layout


def name_parts(path: Path, raw: bytes) -> Named:
    """Every part with its bytes, in the walker's order."""
    path.write_bytes(raw)
    with Source(path) as source:
        layout = walk_container(source)
        assert layout is not None
        return [(each.role, each.name, source.content(each)) for each in layout.regions]


def name_with_role(path: Path, raw: bytes, role: Role) -> dict[str, bytes]:
    return {name: content for each, name, content in name_parts(path, raw) if each is role}


def riff(*chunks: tuple[bytes, bytes], magic: bytes = b"RIFF", form: bytes = b"WAVE") -> bytes:
    order = ">" if magic in {b"RIFX", b"FORM"} else "<"
    body = b"".join(
        name + struct.pack(f"{order}I", len(payload)) + payload + bytes(len(payload) & 1)
        for name, payload in chunks
    )
    return magic + struct.pack(f"{order}I", 4 + len(body)) + form + body


def box(name: bytes, payload: bytes = b"") -> bytes:
    return struct.pack(">I", 8 + len(payload)) + name + payload


def element(identifier: int, payload: bytes = b"") -> bytes:
    """An EBML element whose size takes eight bytes."""
    head = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return head + (1 << 56 | len(payload)).to_bytes(8, "big") + payload


def ogg_page(serial: int, number: int, *packets: bytes, flags: int = 0) -> bytes:
    """A page of whole packets of fewer than 255 bytes each, without its checksum."""
    lacing = bytes(len(packet) for packet in packets)
    head = b"OggS\0" + bytes([flags]) + bytes(8) + struct.pack("<III", serial, number, 0)
    return head + bytes([len(lacing)]) + lacing + b"".join(packets)


def flac_block(kind: int, payload: bytes, *, last: bool = False) -> bytes:
    return bytes([kind | (0x80 if last else 0)]) + len(payload).to_bytes(3, "big") + payload
