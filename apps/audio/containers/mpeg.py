"""MPEG audio frames (ISO/IEC 11172-3, 13818-3) and AAC in ADTS (ISO/IEC 14496-3)."""

from collections.abc import Callable

from apps.audio.containers.base import Container, Layout, Role, Source
from apps.audio.containers.id3 import lay_tail_tags, skip_id3

KBITS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
LARGEST_FRAME = 8192


def measure_mpeg_frame(head: bytes) -> int:
    """Bytes of the MPEG frame that starts with these four bytes; 0 when none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_at, index = head[2] >> 2 & 3, head[2] >> 4
    if version == 1 or layer == 4 or rate_at == 3 or index in {0, 15}:
        return 0
    rate = RATES[version][rate_at]
    table = KBITS[1 if version == 3 else 2, layer if version == 3 or layer == 1 else 2]
    bits, padding = table[index - 1] * 1000, head[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    samples = 576 if layer == 3 and version != 3 else 1152
    return samples // 8 * bits // rate + padding


def measure_adts_frame(head: bytes) -> int:
    """Bytes of the ADTS frame that starts with these six bytes; 0 when none does."""
    if len(head) < 6 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size >= 7 else 0


def walk_mpeg(source: Source, container: Container) -> Layout:
    return _walk_frames(source, Layout(container, source.size), measure_mpeg_frame)


def walk_adts(source: Source, container: Container) -> Layout:
    return _walk_frames(source, Layout(container, source.size), measure_adts_frame)


def has_frames_at(source: Source, position: int, frame_size: Callable[[bytes], int]) -> bool:
    """Whether three frames follow one another here, or fewer fill the rest of the file."""
    for _ in range(3):
        size = frame_size(source.at(position, 6))
        if not size:
            return False
        position += size
        if position >= source.size:
            break
    return True


def _walk_frames(source: Source, layout: Layout, frame_size: Callable[[bytes], int]) -> Layout:
    position = skip_id3(source, layout, 0)
    end, tags = lay_tail_tags(source, position)
    start = position
    while position < end:
        size = frame_size(source.at(position, 6))
        if size and position + size <= end:
            position += size
            continue
        if start < position:
            layout.add(Role.SOUND, "frames", start, position - start)
        if size and position + size > source.size:
            layout.missing = position + size - end
            layout.add(Role.SOUND, "torn frame", position, end - position)
            position = start = end
            break
        start = _find_next_frames(source, position, end, frame_size)
        role = Role.PADDING if source.is_zero(position, start - position) else Role.FOREIGN
        layout.add(role, "bytes that are not sound", position, start - position)
        position = start
    if start < position:
        layout.add(Role.SOUND, "frames", start, position - start)
    layout.regions.extend(tags)
    if layout.container is Container.MP3:
        _count_announced(source, layout)
    return layout


def _find_next_frames(
    source: Source, position: int, end: int, frame_size: Callable[[bytes], int]
) -> int:
    while True:
        position = source.view.find(b"\xff", position + 1, end)
        if position < 0:
            return end
        if has_frames_at(source, position, frame_size):
            return position


def _count_announced(source: Source, layout: Layout) -> None:
    """Compare the bytes that a Xing/Info header announces with those that are there."""
    sound = layout.list_regions(Role.SOUND)
    if not sound:
        return
    first = source.at(sound[0].offset, 200)
    at = max(first.find(b"Xing"), first.find(b"Info"))
    if at < 0 or len(first) < at + 16:
        return
    flags = int.from_bytes(first[at + 4 : at + 8], "big")
    if not flags & 2:
        return
    announced = int.from_bytes(first[at + 8 + 4 * (flags & 1) :][:4], "big")
    present = sum(region.size for region in sound)
    if announced > present:
        layout.missing = max(layout.missing, announced - present)
