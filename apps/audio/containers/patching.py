"""Blanks metadata of MP4 and Matroska files where it lies, so that no offset in them changes."""

from collections.abc import Iterator

from apps.audio.containers.base import Layout, Region, Role, Source
from apps.audio.containers.matroska import (
    CHECKSUM,
    INFO,
    MUXING_APP,
    SEGMENT,
    TRACK_ENTRY,
    TRACKS,
    VOID,
    WRITING_APP,
    iterate_elements,
)

Patch = tuple[int, bytes]

CLOCKS = frozenset({"mvhd", "tkhd", "mdhd"})
HANDLER_NAME = 24
REQUIRED = frozenset({MUXING_APP, WRITING_APP})
LONGEST_VINT = 8


def find_mp4_patches(source: Source, layout: Layout) -> Iterator[Patch]:
    """Boxes of metadata become `free` boxes of zeros; times and names become zero."""
    for region in layout.regions:
        if region.role is Role.METADATA:
            yield region.offset, bytes(region.size)
            name = _find_name_offset(source, region)
            if name is not None:
                yield name, b"free"
        elif region.role is Role.STRUCTURE and region.name in CLOCKS:
            wide = source.at(region.offset, 1) == b"\1"
            yield region.offset + 4, bytes(16 if wide else 8)
        elif region.role is Role.STRUCTURE and region.name == "hdlr":
            yield region.offset + HANDLER_NAME, bytes(max(0, region.size - HANDLER_NAME))


def _find_name_offset(source: Source, region: Region) -> int | None:
    """Where the name of the box is written, if the region is a whole box."""
    for offset in (region.offset - 4, region.offset - 12):
        if offset >= 0 and source.at(offset, 4) == region.name.encode("latin-1"):
            return offset
    return None


def find_matroska_patches(source: Source, layout: Layout) -> Iterator[Patch]:
    """Elements of metadata become `Void` elements of zeros; required ones become empty text."""
    whole = {region.offset for region in layout.list_regions(Role.METADATA)}
    for element in iterate_elements(source, 0, source.size):
        if element.identifier == SEGMENT:
            end = min(element.offset + element.size, source.size)
            yield from _blank_level(source, element.offset, end, whole)


def _blank_level(source: Source, start: int, end: int, whole: set[int]) -> Iterator[Patch]:
    position = start
    for element in iterate_elements(source, start, end):
        size = min(element.size, end - element.offset)
        if element.offset in whole and element.identifier in REQUIRED | {VOID}:
            yield element.offset, bytes(size)
        elif element.offset in whole:
            yield position, build_void_element(element.offset + size - position)
        elif element.identifier in {INFO, TRACKS, TRACK_ENTRY}:
            yield from _blank_level(source, element.offset, element.offset + size, whole)
        elif element.identifier == CHECKSUM:
            # It no longer holds once its neighbours are blank.
            yield position, build_void_element(element.offset + size - position)
        position = element.offset if element.open else element.offset + size


def build_void_element(size: int) -> bytes:
    """A `Void` element of `size` bytes altogether (at least 2)."""
    width = LONGEST_VINT if size > LONGEST_VINT + 1 else 1
    payload = size - 1 - width
    marker = 1 << 7 * width
    return bytes([VOID]) + (marker | payload).to_bytes(width, "big") + bytes(payload)
