"""ISO base media files: MP4, M4A, MOV, 3GP (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from typing import NamedTuple

from apps.audio.containers.base import Container, Layout, Role, Source

TOP_LEVEL = frozenset(
    {"ftyp", "styp", "moov", "moof", "mfra", "mdat", "meta", "uuid", "free", "skip", "wide"}
    | {"sidx", "ssix", "pdin", "emsg", "prft", "pnot"}
)
BRANCHES = frozenset(
    [
        "moov",
        "trak",
        "mdia",
        "minf",
        "stbl",
        "edts",
        "dinf",
        "mvex",
        "moof",
        "traf",
        "mfra",
        "tref",
        "gmhd",
        "tapt",
    ]
)
# Leaves of a fixed form, or of tables and codes alone, as ISO/IEC 14496-12, -14, -15 and QuickTime
# name them. Whatever else is a leaf may hold anything.
PLAIN_LEAVES = frozenset(
    {"ftyp", "styp", "sidx", "ssix", "pdin", "prft", "mvhd", "tkhd", "mdhd", "hdlr", "elng"}
    | {"vmhd", "smhd", "hmhd", "nmhd", "sthd", "gmin", "dref", "elst", "stsd", "stts", "ctts"}
    | {"cslg", "stsc", "stsz", "stz2", "stco", "co64", "stss", "stsh", "padb", "stdp", "sdtp"}
    | {"sbgp", "sgpd", "subs", "saiz", "saio", "mehd", "trex", "leva", "mfhd", "tfhd", "trun"}
    | {"tfdt", "tfra", "mfro", "iods", "trgr", "kind", "clef", "prof", "enof", "load", "hint"}
    | {"dpnd", "ipir", "mpod", "sync", "scpt", "ssrc", "cdsc", "font", "vdep", "vplx", "auxl"}
    | {"tmcd", "cdep"}
)
# No file that is meant to be played nests its boxes deeper.
DEEPEST = 12
PADDING_BOXES = frozenset({"free", "skip", "wide"})
WRITTEN_BY_PEOPLE = frozenset({"udta", "meta", "uuid", "emsg", "pnot", "name", "chap"})


class Box(NamedTuple):
    """A box: its payload's offset and size, and how many bytes the file lacks of it."""

    name: str
    offset: int
    size: int
    missing: int


def iterate_boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    """The boxes of one level; stops at the first thing that is not a box."""
    while start + 8 <= end:
        size, header = source.number(start, 4), 8
        raw = source.at(start + 4, 4)
        if size == 1 and start + 16 <= end:
            size, header = source.number(start + 8, 8), 16
        elif size == 0:
            size = end - start
        if size < header or not all(byte >= 0x20 for byte in raw):
            return
        missing = max(0, start + size - end)
        yield Box(raw.decode("latin-1"), start + header, size - header - missing, missing)
        start += size


def walk_mp4(source: Source, container: Container) -> Layout:
    layout = Layout(container, source.size)
    position = 0
    for box in iterate_boxes(source, 0, source.size):
        if box.name not in TOP_LEVEL:
            break
        _lay_box(layout, source, box)
        layout.missing = max(layout.missing, box.missing)
        position = box.offset + box.size
    layout.lay_rest(source, position)
    return layout


def _lay_box(layout: Layout, source: Source, box: Box, depth: int = 0) -> None:
    if box.name == "mdat":
        layout.add(Role.SOUND, box.name, box.offset, box.size)
    elif box.name in PADDING_BOXES:
        layout.lay_padding(source, box.name, box.offset, box.size)
    elif box.name in WRITTEN_BY_PEOPLE:
        layout.add(Role.METADATA, box.name, box.offset, box.size)
    elif box.name in BRANCHES and depth < DEEPEST:
        position = box.offset
        for child in iterate_boxes(source, box.offset, box.offset + box.size):
            _lay_box(layout, source, child, depth + 1)
            position = child.offset + child.size
        # QuickTime closes some lists with four zero bytes.
        if (left := box.offset + box.size - position) > 0:
            layout.lay_padding(source, f"rest of {box.name}", position, left)
    elif box.name in BRANCHES:
        layout.add(Role.METADATA, box.name, box.offset, box.size)
    else:
        role = Role.STRUCTURE if box.name in PLAIN_LEAVES else Role.METADATA
        layout.add(role, box.name, box.offset, box.size)
