"""Matroska and WebM (RFC 9559): a tree of EBML elements."""

from collections.abc import Iterator
from typing import NamedTuple

from apps.audio.containers.base import Container, Layout, Role, Source

EBML, SEGMENT, CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
INFO, TRACKS, TRACK_ENTRY = 0x1549A966, 0x1654AE6B, 0xAE
SEEK_HEAD, CUES, TAGS, ATTACHMENTS, CHAPTERS = (
    0x114D9B74,
    0x1C53BB6B,
    0x1254C367,
    0x1941A469,
    0x1043A770,
)
VOID, CHECKSUM = 0xEC, 0xBF
DATE, TITLE, MUXING_APP, WRITING_APP = 0x4461, 0x7BA9, 0x4D80, 0x5741
SEGMENT_FILENAME, PREVIOUS_FILENAME, NEXT_FILENAME = 0x7384, 0x3C83AB, 0x3E83BB
TRACK_NAME, TRACK_TYPE, DOC_TYPE = 0x536E, 0x83, 0x4282
TAG, SIMPLE_TAG, TAG_NAME, TAG_STRING, TAG_BINARY = 0x7373, 0x67C8, 0x45A3, 0x4487, 0x4485
NAMES = {
    TAGS: "Tags",
    ATTACHMENTS: "Attachments",
    CHAPTERS: "Chapters",
    DATE: "DateUTC",
    TITLE: "Title",
    MUXING_APP: "MuxingApp",
    WRITING_APP: "WritingApp",
    SEGMENT_FILENAME: "SegmentFilename",
    PREVIOUS_FILENAME: "PrevFilename",
    NEXT_FILENAME: "NextFilename",
    TRACK_NAME: "TrackName",
}
# Children of Info and of a track that hold numbers, codes or what the codec needs, and no text of
# a person (RFC 9559, sections 5.1.2 and 5.1.4).
PLAIN_HEADERS = frozenset(
    {0x73A4, 0x3CB923, 0x3EB923, 0x4444, 0x6924, 0x2AD7B1, 0x4489, CHECKSUM}
    | {0xD7, 0x73C5, TRACK_TYPE, 0xB9, 0x88, 0x55AA, 0x55AB, 0x55AC, 0x55AD, 0x55AE, 0x55AF}
    | {0x9C, 0x6DE7, 0x6DF8, 0x23E383, 0x234E7A, 0x23314F, 0x55EE, 0x41E4, 0x22B59C, 0x22B59D}
    | {0x86, 0x63A2, 0x7446, 0xAA, 0x6FAB, 0x56AA, 0x56BB, 0xE0, 0xE1, 0x6D80, 0x6624, 0xE2}
)
TOP_LEVEL = frozenset({SEEK_HEAD, INFO, TRACKS, CUES, CLUSTER, TAGS, ATTACHMENTS, CHAPTERS})
AUDIO_TRACK = 2
LONGEST_NUMBER = 8


class Element(NamedTuple):
    """An element: payload offset and size; `open` when its size was left unknown."""

    identifier: int
    offset: int
    size: int
    open: bool


def iterate_elements(source: Source, start: int, end: int) -> Iterator[Element]:
    """The elements of one level; stops at the first thing that is not an element."""
    while start < end:
        width = _measure_number_width(source, start)
        size_width = _measure_number_width(source, start + width) if 0 < width <= 4 else 0
        if not size_width:
            return
        identifier = source.number(start, width)
        size = source.number(start + width, size_width) & ((1 << 7 * size_width) - 1)
        unknown = size == (1 << 7 * size_width) - 1
        offset = start + width + size_width
        yield Element(identifier, offset, end - offset if unknown else size, unknown)
        # An element of unknown size goes on as its children, on the same level.
        start = offset if unknown else offset + size


def _measure_number_width(source: Source, position: int) -> int:
    lead = source.at(position, 1)
    return 9 - lead[0].bit_length() if lead and lead[0] else 0


def walk_matroska(source: Source, container: Container) -> Layout:
    layout = Layout(container, source.size, streams=0)
    position = 0
    for element in iterate_elements(source, 0, source.size):
        if element.identifier not in {EBML, SEGMENT, VOID}:
            break
        layout.missing = max(0, element.offset + element.size - source.size)
        end = min(element.offset + element.size, source.size)
        if element.identifier == SEGMENT:
            position = _lay_segment(layout, source, element.offset, end)
            if element.open:
                break
            if position < end:
                layout.lay_padding(source, "rest of Segment", position, end - position)
        elif element.identifier == VOID:
            layout.lay_padding(source, "Void", element.offset, end - element.offset)
        else:
            layout.add(Role.STRUCTURE, "EBML", element.offset, end - element.offset)
        position = end
    layout.lay_rest(source, position)
    return layout


def _lay_segment(layout: Layout, source: Source, start: int, end: int) -> int:
    """Lay the children of a segment; return where they end."""
    position, in_cluster = start, False
    for child in iterate_elements(source, start, end):
        known = child.identifier in TOP_LEVEL or child.identifier in {VOID, CHECKSUM}
        if not known and not in_cluster:
            return position
        size = min(child.size, end - child.offset)
        layout.missing = max(layout.missing, child.offset + child.size - source.size)
        in_cluster = (in_cluster and not known) or (child.identifier == CLUSTER and child.open)
        if not child.open:
            _lay_child(layout, source, child._replace(size=size))
        position = child.offset if child.open else child.offset + size
    return position


def _lay_child(layout: Layout, source: Source, child: Element) -> None:
    identifier, offset, size, _ = child
    if identifier in {TAGS, ATTACHMENTS, CHAPTERS}:
        layout.add(Role.METADATA, NAMES[identifier], offset, size)
    elif identifier == VOID:
        layout.lay_padding(source, "Void", offset, size)
    elif identifier == INFO:
        _lay_named(layout, source, offset, size)
    elif identifier == TRACKS:
        for track in iterate_elements(source, offset, offset + size):
            if track.identifier == TRACK_ENTRY:
                _lay_named(layout, source, track.offset, track.size)
            elif track.identifier == VOID:
                layout.lay_padding(source, "Void", track.offset, track.size)
            elif track.identifier == CHECKSUM:
                layout.add(Role.STRUCTURE, "header", track.offset, track.size)
            else:
                _lay_unknown(layout, source, track)
    elif identifier in {SEEK_HEAD, CUES, CHECKSUM}:
        layout.add(Role.STRUCTURE, "index", offset, size)
    else:
        layout.add(Role.SOUND, "Cluster", offset, size)


def _lay_named(layout: Layout, source: Source, offset: int, size: int) -> None:
    layout.add(Role.STRUCTURE, "header", offset, size)
    end = min(offset + size, source.size)
    position = offset
    for element in iterate_elements(source, offset, end):
        position = element.offset + element.size
        if element.identifier in NAMES:
            content = source.at(element.offset, element.size)
            layout.add(
                Role.METADATA, NAMES[element.identifier], element.offset, element.size, content
            )
        elif element.identifier == TRACK_TYPE and element.size <= LONGEST_NUMBER:
            layout.streams += source.number(element.offset, element.size) == AUDIO_TRACK
        elif element.identifier == VOID:
            layout.lay_padding(source, "Void", element.offset, element.size)
        elif element.identifier not in PLAIN_HEADERS:
            _lay_unknown(layout, source, element)
    if position < end:
        layout.lay_padding(source, "rest of header", position, end - position)


def _lay_unknown(layout: Layout, source: Source, element: Element) -> None:
    name, content = f"element {element.identifier:X}", source.at(element.offset, element.size)
    layout.add(Role.METADATA, name, element.offset, element.size, content)
