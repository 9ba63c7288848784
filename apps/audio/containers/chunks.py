"""Files made of named chunks: RIFF and RF64 (EBU Tech 3306), Wave64, AIFF/AIFC, CAF."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from apps.audio.containers.base import Container, Layout, MalformedContainerError, Role, Source

W64_SUFFIX = bytes.fromhex("f3acd3118cd100c04f8edb8a")
W64_RIFF = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
UNKNOWN_32 = 0xFFFFFFFF
PADDING_CHUNKS = frozenset({"JUNK", "PAD", "FLLR", "free", "junk", "fill"})


class Chunk(NamedTuple):
    """Where a chunk's payload lies, how long it says it is, and where the next one starts."""

    name: str
    offset: int
    size: int
    following: int


def _read_chunk_name(raw: bytes) -> str | None:
    """Four printable letters; nothing when this cannot be the start of a chunk."""
    text = raw.decode("latin-1")
    return text if len(text) == 4 and text.isascii() and text.isprintable() else None


def _iterate_chunks(
    source: Source, start: int, end: int, *, big: bool, long_data: int | None = None
) -> Iterator[Chunk]:
    """RIFF and IFF chunks: four letters, four bytes of size, padded to an even length.

    `long_data` is the size of a data chunk that is too long to say its own.
    """
    while start + 8 <= end and (name := _read_chunk_name(source.at(start, 4))):
        size = source.number(start + 4, 4, big=big)
        if name == "data" and size == UNKNOWN_32 and long_data is not None:
            size = long_data
        following = start + 8 + size + (size & 1)
        yield Chunk(name, start + 8, size, following)
        start = following


def _is_fmt_plain(source: Source, chunk: Chunk) -> bool:
    """A `fmt ` chunk holds 16 bytes, or 18 and as many as it announces: more hides something."""
    if chunk.size in {14, 16}:
        return True
    return chunk.size >= 18 and chunk.size == 18 + source.number(chunk.offset + 16, 2, big=False)


def _expect_counted_size(base: int, each: int, count_at: int) -> Callable[[Source, Chunk], bool]:
    """The chunk has exactly `base` bytes and `each` for every entry it counts."""

    def exact(source: Source, chunk: Chunk) -> bool:
        if chunk.size < base:
            return False
        return chunk.size == base + each * source.number(chunk.offset + count_at, 4, big=False)

    return exact


def _is_sampler_plain(source: Source, chunk: Chunk) -> bool:
    if chunk.size < 36 or source.number(chunk.offset + 32, 4, big=False):
        return False
    return _expect_counted_size(36, 24, 28)(source, chunk)


# Technical chunks that can hold nothing a person wrote, as long as they have their own size.
WAVE_STRUCTURE: dict[str, Callable[[Source, Chunk], bool]] = {
    "fmt ": _is_fmt_plain,
    "ds64": _expect_counted_size(28, 12, 24),
    "fact": lambda _, chunk: chunk.size in {4, 8, 12},
    "PEAK": lambda _, chunk: chunk.size >= 16 and chunk.size % 8 == 0 and chunk.size <= 8 + 8 * 256,
    "cue ": _expect_counted_size(4, 24, 0),
    "smpl": _is_sampler_plain,
    "inst": lambda _, chunk: chunk.size == 7,
}


def walk_wave(source: Source, container: Container) -> Layout:
    """RIFF/WAVE (also big-endian RIFX) and RF64/BW64 with its 64-bit sizes."""
    layout = Layout(container, source.size)
    big = source.at(0, 4) == b"RIFX"
    declared = source.number(4, 4, big=big) + 8
    long_data = None
    if container is Container.RF64 and source.at(12, 4) == b"ds64":
        declared = source.number(20, 8, big=False) + 8
        long_data = source.number(28, 8, big=False)
    position = 12
    layout.add(Role.STRUCTURE, "RIFF", 0, 12)
    end = min(declared, source.size)
    for chunk in _iterate_chunks(source, 12, end, big=big, long_data=long_data):
        overrun = max(0, chunk.offset + chunk.size - source.size)
        layout.missing = max(layout.missing, overrun)
        _lay_wave_chunk(layout, source, chunk._replace(size=chunk.size - overrun))
        position = chunk.following
    # Writers disagree about the pad byte of the last chunk: one byte either way is no lie.
    if declared > source.size + 1:
        layout.missing = max(layout.missing, declared - source.size)
    layout.lay_rest(source, min(position, source.size))
    return layout


def _lay_wave_chunk(layout: Layout, source: Source, chunk: Chunk) -> None:
    name, offset, size, _ = chunk
    # A second data chunk is played by nobody: it would be a place to hide something.
    if name == "data" and not layout.list_regions(Role.SOUND):
        layout.add(Role.SOUND, "data", offset, size)
    elif name in WAVE_STRUCTURE and WAVE_STRUCTURE[name](source, chunk):
        layout.add(Role.STRUCTURE, name, offset, size)
    elif name in PADDING_CHUNKS:
        layout.lay_padding(source, name, offset, size)
    elif name == "LIST":
        kind = _read_chunk_name(source.at(offset, 4)) or "unknown"
        layout.add(Role.METADATA, f"LIST/{kind}", offset, size)
    else:
        layout.add(Role.METADATA, name, offset, size)


W64_ROLES = {"data": Role.SOUND, "fmt ": Role.STRUCTURE, "fact": Role.STRUCTURE}
AIFF_ROLES = {
    "SSND": Role.SOUND,
    "COMM": Role.STRUCTURE,
    "FVER": Role.STRUCTURE,
    "PEAK": Role.STRUCTURE,
    "INST": Role.STRUCTURE,
}
CAF_ROLES = {
    "data": Role.SOUND,
    "desc": Role.STRUCTURE,
    "pakt": Role.STRUCTURE,
    "kuki": Role.STRUCTURE,
    "chan": Role.STRUCTURE,
    "peak": Role.STRUCTURE,
}


# How long (bytes) structure of a fixed form is; longer, it holds something else.
PLAIN_SIZES: dict[str, Callable[[int], bool]] = {
    "fact": lambda size: size in {4, 8, 12},
    "FVER": lambda size: size == 4,
    "INST": lambda size: size == 20,
    "PEAK": lambda size: 16 <= size <= 8 + 8 * 256 and size % 8 == 0,
    "desc": lambda size: size == 32,
    "peak": lambda size: size >= 4 and size % 4 == 0 and size <= 4 + 12 * 256,
    "chan": lambda size: size >= 12 and (size - 12) % 20 == 0,
}


def _lay_chunks(
    layout: Layout, source: Source, chunks: Iterator[Chunk], roles: dict[str, Role], start: int
) -> Layout:
    """Lay chunks whose names say what they are; unknown names are metadata, unless they overrun."""
    position = start
    for chunk in chunks:
        name, offset, size, following = chunk
        overrun = max(0, offset + size - source.size)
        if overrun and name not in roles:
            break
        layout.missing = max(layout.missing, overrun)
        if name in PADDING_CHUNKS:
            layout.lay_padding(source, name, offset, size)
        else:
            plain = name not in PLAIN_SIZES or PLAIN_SIZES[name](size)
            role = roles.get(name, Role.METADATA) if plain else Role.METADATA
            layout.add(role, name, offset, size - overrun)
        position = following
    layout.lay_rest(source, min(position, source.size))
    return layout


def walk_w64(source: Source, container: Container) -> Layout:
    """Sony Wave64: GUID names, 64-bit sizes that count their own header, padded to 8 bytes."""
    layout = Layout(container, source.size)
    layout.add(Role.STRUCTURE, "riff", 0, 40)
    declared = source.number(16, 8, big=False)
    layout.missing = max(0, declared - source.size - 7)
    return _lay_chunks(layout, source, _iterate_w64_chunks(source), W64_ROLES, 40)


def _iterate_w64_chunks(source: Source) -> Iterator[Chunk]:
    position = 40
    while position + 24 <= source.size:
        guid = source.at(position, 16)
        size = source.number(position + 16, 8, big=False)
        if size < 24:
            return
        name = _read_chunk_name(guid[:4]) if guid[4:] == W64_SUFFIX else None
        following = position + size + (-size % 8)
        yield Chunk(name or guid.hex(), position + 24, size - 24, following)
        position = following


def walk_aiff(source: Source, container: Container) -> Layout:
    """AIFF and AIFF-C: big-endian IFF chunks inside one FORM."""
    layout = Layout(container, source.size)
    declared = source.number(4, 4) + 8
    layout.add(Role.STRUCTURE, "FORM", 0, 12)
    if declared > source.size + 1:
        layout.missing = declared - source.size
    chunks = _iterate_chunks(source, 12, min(declared, source.size), big=True)
    return _lay_chunks(layout, source, chunks, AIFF_ROLES, 12)


def walk_caf(source: Source, container: Container) -> Layout:
    """Apple Core Audio Format: four letters and a signed 64-bit size; -1 means to the end."""
    layout = Layout(container, source.size)
    layout.add(Role.STRUCTURE, "caff", 0, 8)
    return _lay_chunks(layout, source, _iterate_caf_chunks(source), CAF_ROLES, 8)


def _iterate_caf_chunks(source: Source) -> Iterator[Chunk]:
    position = 8
    while position + 12 <= source.size and (name := _read_chunk_name(source.at(position, 4))):
        size = source.number(position + 4, 8)
        if size == (1 << 64) - 1 and name == "data":
            size = source.size - position - 12
        yield Chunk(name, position + 12, size, position + 12 + size)
        position += 12 + size


class WaveFormat(NamedTuple):
    """The `fmt ` chunk: `tag` 1 is integer PCM, 3 IEEE float, 0xFFFE resolved to its subformat."""

    tag: int
    channels: int
    sample_rate: int
    block: int
    bits: int

    @property
    def is_integer(self) -> bool:
        return self.tag == 1 and self.bits in {8, 16, 24, 32}

    @property
    def is_float(self) -> bool:
        return self.tag == 3 and self.bits in {32, 64}


def read_wave_format(source: Source, layout: Layout) -> WaveFormat:
    """What the `fmt ` chunk of a WAV, RF64 or W64 file says; raises when it contradicts itself."""
    found = next((region for region in layout.regions if region.name == "fmt "), None)
    if found is None or found.size < 16:
        raise MalformedContainerError(
            "The file has no readable format chunk (`fmt `), so its sample rate and channels are "
            "unknown. Export it again as WAV or FLAC."
        )
    big = source.at(0, 4) == b"RIFX"
    tag, channels = (source.number(found.offset + at, 2, big=big) for at in (0, 2))
    rate = source.number(found.offset + 4, 4, big=big)
    block, bits = (source.number(found.offset + at, 2, big=big) for at in (12, 14))
    if tag == 0xFFFE and found.size >= 26:
        tag = source.number(found.offset + 24, 2, big=big)
    if tag in {1, 3} and (channels == 0 or block != channels * ((bits + 7) // 8)):
        raise MalformedContainerError(
            f"The format chunk says {channels} channels of {bits} bits in blocks of {block} bytes, "
            "which does not add up. Export the file again as WAV or FLAC."
        )
    return WaveFormat(tag, channels, rate, block, bits)
