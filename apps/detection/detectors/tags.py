"""Reads what people and programs wrote into audio files, tag by tag, in every container."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, NamedTuple

import mutagen
from defusedxml import ElementTree
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3

from apps.audio.containers import Region, Source
from apps.audio.containers.base import MemorySource
from apps.audio.containers.matroska import iterate_elements
from apps.audio.containers.mp4 import iterate_boxes

LONGEST_VALUE = 4000
BEXT_FIELDS = (
    ("Description", 0, 256),
    ("Originator", 256, 32),
    ("OriginatorReference", 288, 32),
    ("OriginationDate", 320, 10),
    ("OriginationTime", 330, 8),
    ("UMID", 348, 64),
    ("CodingHistory", 602, 1 << 16),
)
ID3V1_FIELDS = (("title", 3, 30), ("artist", 33, 30), ("album", 63, 30), ("comment", 97, 30))
PRINTABLE = re.compile(rb"[\x20-\x7e\xc0-\xff]{4,}")
MATROSKA_NAMES = {0x45A3: "name", 0x4487: "value", 0x466E: "attachment", 0x85: "chapter"}
MATROSKA_BRANCHES = frozenset({0x7373, 0x67C8, 0x61A7, 0x45B9, 0xB6, 0x80})


class Tag(NamedTuple):
    """A value somebody put into a file: in which part, under which name."""

    part: str
    name: str
    value: str


def decode_text(raw: bytes) -> str:
    """Text in the encoding it seems to be in, without what no database would store."""
    trimmed = raw.rstrip(b"\0")
    if trimmed[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        decoded = trimmed.decode("utf-16", "replace")
    else:
        try:
            decoded = trimmed.decode()
        except UnicodeDecodeError:
            decoded = trimmed.decode("latin-1")
    return clean_text(decoded)


def clean_text(text: str) -> str:
    kept = "".join(each if each.isprintable() or each in "\n\t" else " " for each in text)
    return kept.strip()[:LONGEST_VALUE]


def extract_readable(raw: bytes) -> str:
    """The stretches of an unknown block that can be read."""
    return clean_text(
        " ".join(found.decode("latin-1") for found in PRINTABLE.findall(raw[: 1 << 20]))
    )


def read_region(source: Source, region: Region) -> list[Tag]:
    """The tags of one region; a block that is not understood is one tag of what can be read in it.

    Empty only when the region is.
    """
    raw = source.content(region)
    if not raw.strip(b"\0"):
        return []
    part = region.name.strip()
    read = READERS.get(part) or READERS.get(part.upper())
    tags: list[Tag] = []
    if read is not None:
        try:
            tags = [Tag(part, name or part, clean_text(value)) for name, value in read(raw)]
        except (mutagen.MutagenError, ValueError, IndexError, LookupError, ElementTree.ParseError):
            tags = []
    return tags or [Tag(part, part, extract_readable(raw) or f"{len(raw)} unreadable bytes")]


Pairs = Iterator[tuple[str, str]]


def _read_riff_list(raw: bytes) -> Pairs:
    position = 4
    while position + 8 <= len(raw):
        name = raw[position : position + 4].decode("latin-1")
        size = int.from_bytes(raw[position + 4 : position + 8], "little")
        payload = raw[position + 8 : position + 8 + size]
        # Labels and notes start with the number of the cue they belong to.
        yield name, decode_text(payload[4:] if raw[:4] == b"adtl" else payload)
        position += 8 + size + (size & 1)


def _read_bext(raw: bytes) -> Pairs:
    for name, offset, size in BEXT_FIELDS:
        field = raw[offset : offset + size]
        if field.strip(b"\0 "):
            yield name, field.strip(b"\0").hex() if name == "UMID" else decode_text(field)


def _read_xml(raw: bytes) -> Pairs:
    root = ElementTree.fromstring(raw.strip(b"\0 \r\n\t"))
    for element in root.iter():
        for name, value in [(element.tag, element.text or ""), *element.attrib.items()]:
            if value.strip():
                yield name.rpartition("}")[2], value


def _read_text(raw: bytes) -> Pairs:
    yield "", decode_text(raw)


def _read_application(raw: bytes) -> Pairs:
    yield extract_readable(raw[:4]) or "APPL", extract_readable(raw[4:])


def _read_caf_info(raw: bytes) -> Pairs:
    parts = [decode_text(part) for part in raw[4:].split(b"\0")]
    yield from zip(parts[::2], parts[1::2], strict=False)


def _read_vorbis_comment(raw: bytes) -> Pairs:
    """Vendor, then counted `NAME=value` texts; whatever follows them is shown too."""
    size = int.from_bytes(raw[:4], "little")
    yield "vendor", decode_text(raw[4 : 4 + size])
    position = 4 + size
    count = int.from_bytes(raw[position : position + 4], "little")
    position += 4
    for _ in range(count):
        size = int.from_bytes(raw[position : position + 4], "little")
        comment = raw[position + 4 : position + 4 + size]
        if not comment and position + 4 > len(raw):
            break
        name, _, value = comment.partition(b"=")
        yield decode_text(name), "(a picture)" if b"PICTURE" in name.upper() else decode_text(value)
        position += 4 + size
    # The single framing bit of Vorbis, and zeros, say nothing.
    if raw[position:].strip(b"\0") not in {b"", b"\x01"}:
        yield "after the comments", extract_readable(raw[position:])


def _read_id3v2(raw: bytes) -> Pairs:
    for frame in ID3(BytesIO(raw), translate=False).values():
        name = ":".join(part for part in (frame.FrameID, getattr(frame, "desc", "")) if part)
        yield name, _format_frame(frame)


def _format_frame(frame: Any) -> str:
    if frame.FrameID in {"APIC", "PIC"}:
        return "(a picture)"
    for attribute in ("text", "url", "email", "owner", "people"):
        value = getattr(frame, attribute, None)
        if value:
            return str(value) if isinstance(value, str) else " / ".join(map(str, value))
    data = getattr(frame, "data", b"")
    return extract_readable(data) if isinstance(data, bytes) and data else frame.FrameID


def _read_id3v1(raw: bytes) -> Pairs:
    for name, offset, size in ID3V1_FIELDS:
        field = raw[offset : offset + size].strip(b"\0 ")
        if field:
            yield name, decode_text(field)


def _read_ape(raw: bytes) -> Pairs:
    for name, value in APEv2(BytesIO(raw)).items():
        yield name, "(binary)" if value.kind else str(value)


def _describe_picture(raw: bytes) -> Pairs:
    yield "picture", f"(a picture of {len(raw)} bytes)"


def _read_matroska_tags(raw: bytes) -> Pairs:
    with MemorySource(raw) as source:
        yield from _read_matroska_level(source, 0, len(raw))


def _read_matroska_level(source: Source, start: int, end: int) -> Pairs:
    name = "tag"
    for element in iterate_elements(source, start, end):
        content = source.at(element.offset, element.size)
        kind = MATROSKA_NAMES.get(element.identifier)
        if kind == "name":
            name = decode_text(content)
        elif kind is not None:
            yield name if kind == "value" else kind, decode_text(content)
        elif element.identifier in MATROSKA_BRANCHES:
            yield from _read_matroska_level(source, element.offset, element.offset + element.size)


def _read_user_data(raw: bytes) -> Pairs:
    with MemorySource(raw) as source:
        yield from _read_mp4_level(source, 0, len(raw))


def _read_item_list(raw: bytes) -> Pairs:
    """A `meta` box: in MP4 it starts with a version, in QuickTime with its first box."""
    with MemorySource(raw) as source:
        yield from _read_mp4_level(source, 4 if raw[4:8] != b"hdlr" else 0, len(raw))


def _read_mp4_level(source: Source, start: int, end: int, item: str = "") -> Pairs:
    position = start
    for box in iterate_boxes(source, start, end):
        position, stop = box.offset + box.size, box.offset + box.size
        content = source.at(box.offset, box.size)
        if box.name == "meta":
            yield from _read_item_list(content)
        elif box.name == "ilst" or item == "ilst":
            yield from _read_mp4_level(source, box.offset, stop, box.name)
        elif box.name == "hdlr":
            # Twelve bytes of codes before and twelve reserved ones after the handler's kind.
            yield "handler_name", extract_readable(content[24:])
        elif content.strip(b"\0"):
            text = content[8:] if box.name == "data" and item else content
            yield (
                item or box.name,
                decode_text(text) if text[:1].isalnum() else extract_readable(text),
            )
    if source.at(position, end - position).strip(b"\0"):
        yield "rest", extract_readable(source.at(position, end - position))


READERS: dict[str, Callable[[bytes], Pairs]] = {
    "LIST/INFO": _read_riff_list,
    "LIST/adtl": _read_riff_list,
    "bext": _read_bext,
    "iXML": _read_xml,
    "axml": _read_xml,
    "_PMX": _read_xml,
    "NAME": _read_text,
    "AUTH": _read_text,
    "(C)": _read_text,
    "ANNO": _read_text,
    "APPL": _read_application,
    "APPLICATION": _read_application,
    "info": _read_caf_info,
    "VORBIS_COMMENT": _read_vorbis_comment,
    "PICTURE": _describe_picture,
    "ID3V2": _read_id3v2,
    "ID3": _read_id3v2,
    "ID3V1": _read_id3v1,
    "APEV2": _read_ape,
    "Tags": _read_matroska_tags,
    "Attachments": _read_matroska_tags,
    "Chapters": _read_matroska_tags,
    "udta": _read_user_data,
    "meta": _read_item_list,
    "Title": _read_text,
    "MuxingApp": _read_text,
    "WritingApp": _read_text,
    "TrackName": _read_text,
    "SegmentFilename": _read_text,
    "PrevFilename": _read_text,
    "NextFilename": _read_text,
}
