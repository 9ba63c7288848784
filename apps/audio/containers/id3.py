"""Where ID3v2, ID3v1, APEv2 and Lyrics3 tags lie, whatever they are wrapped around."""

from apps.audio.containers.base import Layout, Region, Role, Source

ID3V1_SIZE = 128
APE_FOOTER = 32


def measure_id3(source: Source, position: int) -> int:
    """Bytes of the ID3v2 tag that starts here; 0 when none does."""
    head = source.at(position, 10)
    if len(head) < 10 or head[:3] != b"ID3":
        return 0
    size = 0
    for byte in head[6:]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if head[5] & 0x10 else 0)


def skip_id3(source: Source, layout: Layout, position: int) -> int:
    """Lay the ID3v2 tags that start at `position`; return where they end."""
    while size := measure_id3(source, position):
        size = min(size, source.size - position)
        layout.add(Role.METADATA, "ID3v2", position, size)
        position += size
    return position


def lay_tail_tags(source: Source, start: int) -> tuple[int, list[Region]]:
    """The tags at the very end of the file, and where what comes before them ends."""
    end, found = source.size, list[Region]()
    while (tag := _find_tail_tag(source, end)) and end - tag.size >= start:
        found.insert(0, tag)
        end -= tag.size
    return end, found


def _find_tail_tag(source: Source, end: int) -> Region | None:
    if end >= ID3V1_SIZE and source.at(end - ID3V1_SIZE, 3) == b"TAG":
        return Region(Role.METADATA, "ID3v1", end - ID3V1_SIZE, ID3V1_SIZE)
    if end >= APE_FOOTER and source.at(end - APE_FOOTER, 8) == b"APETAGEX":
        size = source.number(end - APE_FOOTER + 12, 4, big=False)
        flags = source.number(end - APE_FOOTER + 20, 4, big=False)
        size += APE_FOOTER if flags & 1 << 31 else 0
        if APE_FOOTER <= size <= end:
            return Region(Role.METADATA, "APEv2", end - size, size)
    if end >= 15 and source.at(end - 9, 9) == b"LYRICS200" and source.at(end - 15, 6).isdigit():
        size = int(source.at(end - 15, 6)) + 15
        if size <= end:
            return Region(Role.METADATA, "Lyrics3", end - size, size)
    return None
