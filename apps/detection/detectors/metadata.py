"""Finds what is written inside a sound file besides its sound: names, places, times, anything.

Every byte of the file is accounted for by the container walkers. What is neither sound nor plain
structure nor zero padding is reported, whether or not it is understood; mutagen and FFmpeg read
MP4 besides, and all bytes that are not sound are searched for personal data by form.

Not reported, kept as evidence: names of encoding software, and technical chunks of a fixed size
that hold no text (`PEAK`, `cue `, `smpl`, `inst`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import av
import mutagen

from apps.audio.containers import Container, Layout, Region, Role, Source, walk_container
from apps.audio.containers.patching import CLOCKS, HANDLER_NAME
from apps.audio.decoding import FFMPEG_FORMATS
from apps.detection.detectors.base import AudioSubject, Detection, Kinds, Looks, Observation
from apps.detection.detectors.patterns import find_personal, shorten_text
from apps.detection.detectors.tags import Tag, clean_text, extract_readable, read_region
from datasets_catalog.errors import EarmarkError
from datasets_catalog.finding_kinds import FindingKind

MOST_FINDINGS = 60
# Tags in which encoders write their own name.
SOFTWARE_TAGS = frozenset(
    {"vendor", "encoder", "encoder_options", "encoding_tool", "encoding", "encoded_by", "tenc"}
    | {"isft", "tsse", "©too", "muxingapp", "writingapp", "software", "creation_tool", "comment"}
    | {"handler_name", "handler"}
)
SOFTWARE = re.compile(
    r"(lav[fc]|reference libflac|xiph|libsndfile|libopus|libvorbis|lame|sox|audacity|oggenc|opusenc"
    r"|fre:ac|ffmpeg|gstreamer|aotuv|speex|itunes|nero|fdk|core media|qaac|twolame|mpg123|sonic"
    r"|(sound|video|data|metadata|subtitle) ?(media )?handler|l-smash|bento4|google|mp3enc"
    r"|processed by sox|ao; aotuv)[\w .:;,+/()\[\]'-]{0,80}",
    re.IGNORECASE,
)
# Tags whose values are numbers and words of the format, not of people.
TECHNICAL_TAGS = re.compile(
    r"(duration|bps|number_of_(frames|bytes)|_statistics_.*|replaygain_.*|r128_.*|tlen|txxx:replay.*"
    r"|major_brand|minor_version|compatible_brands|language|channelmask|waveformatextensible_.*"
    r"|tbpm|bpm|cpil|pgap|tmpo|disk|trkn|trck|track(number|total)?|totaltracks|vendor_id|timecode)(-\w{3})?",
    re.IGNORECASE,
)
TECHNICAL_VALUE = re.compile(r"[\w .:,+/()\[\]-]{0,60}")
CLOCK_SIZE = 12
# Seconds in MP4 count from 1904 (ISO/IEC 14496-12), in Matroska nanoseconds from 2001 (RFC 9559).
MP4_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
MATROSKA_EPOCH = datetime(2001, 1, 1, tzinfo=UTC)


class UnreadableStructureError(EarmarkError):
    """The file is in no container whose structure is known, so nobody can say what is in it."""

    code: ClassVar[str] = "privacy.structure_unreadable"


class MetadataDetector:
    """Every tag, every unknown block and every foreign byte of a file is a finding."""

    name = "metadata"
    version = "2"
    model_sha256 = ""
    looks_at = Looks.AUDIO
    kinds: Kinds = frozenset({FindingKind.METADATA})

    def __init__(self) -> None:
        self.parameters: Mapping[str, Any] = {"longest_findings": MOST_FINDINGS}

    def detect(self, subject: AudioSubject) -> Detection:
        with Source(subject.path) as source:
            layout = walk_container(source)
            if layout is None:
                raise UnreadableStructureError(
                    f"{subject.name} is in no known container, so its metadata cannot be read."
                )
            tags = list(_collect_tags(source, layout, subject))
            loose = list(_find_loose_personal(source, layout, tags))
        silent = [tag for tag in tags if is_technical(tag)]
        findings = [_build_observation(tag) for tag in tags if not is_technical(tag)] + loose
        if len(findings) > MOST_FINDINGS:
            rest = len(findings) - MOST_FINDINGS
            more = Observation(
                kind=FindingKind.METADATA, detail=f"{rest} more tags", evidence={"more": rest}
            )
            findings = [*findings[:MOST_FINDINGS], more]
        return Detection(
            findings=tuple(findings),
            evidence={
                "container": layout.container.value,
                "technical": [[tag.part, tag.name, tag.value[:100]] for tag in silent[:50]],
                "bytes": {
                    role.value: sum(region.size for region in layout.list_regions(role))
                    for role in Role
                },
            },
        )


def _collect_tags(source: Source, layout: Layout, subject: AudioSubject) -> Iterator[Tag]:
    seen: set[Tag] = set()
    for tag in _collect_reader_tags(source, layout, subject):
        if tag.value and tag not in seen:
            seen.add(tag)
            yield tag


def _collect_reader_tags(source: Source, layout: Layout, subject: AudioSubject) -> Iterator[Tag]:
    for region in layout.regions:
        if region.role is Role.FOREIGN:
            what = extract_readable(source.content(region)) or f"{region.size} bytes"
            yield Tag("foreign bytes", region.name, what)
        elif region.role is Role.METADATA and region.name == "DateUTC":
            yield Tag("Info", "DateUTC", _read_matroska_date(source.content(region)))
        elif region.role is Role.METADATA:
            yield from read_region(source, region)
        elif layout.container is Container.MP4 and region.role is Role.STRUCTURE:
            yield from _read_mp4_structure(source, region)
    if layout.container is Container.MP4:
        yield from _read_mutagen_tags(subject)
        yield from _read_ffmpeg_tags(subject, layout.container)


def _read_mp4_structure(source: Source, region: Region) -> Iterator[Tag]:
    """Boxes of a fixed form that still carry a time or a name."""
    if region.name in CLOCKS and region.size >= CLOCK_SIZE:
        wide = source.at(region.offset, 1) == b"\1"
        seconds = source.number(region.offset + 4, 8 if wide else 4)
        if seconds:
            yield Tag(region.name, "creation_time", _format_moment(MP4_EPOCH, seconds))
    elif region.name == "hdlr" and region.size > HANDLER_NAME:
        name = extract_readable(source.at(region.offset + HANDLER_NAME, region.size - HANDLER_NAME))
        yield Tag("hdlr", "handler_name", name)


def _format_moment(epoch: datetime, seconds: float) -> str:
    try:
        return (epoch + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return f"{seconds:.0f} s after {epoch.isoformat()}"


def _read_matroska_date(raw: bytes) -> str:
    return _format_moment(MATROSKA_EPOCH, int.from_bytes(raw, "big", signed=True) / 1e9)


def _read_mutagen_tags(subject: AudioSubject) -> Iterator[Tag]:
    try:
        read = mutagen.File(subject.path)
    except mutagen.MutagenError:
        # mutagen knows fewer kinds of MP4 than the walker, which has reported their boxes anyhow.
        return
    for name, value in ((read and read.tags) or {}).items():
        values = value if isinstance(value, list) else [value]
        shown = ["(a picture)" if name == "covr" else _convert_to_text(each) for each in values]
        yield Tag("ilst", name, clean_text(" / ".join(shown)))


def _convert_to_text(value: Any) -> str:
    return extract_readable(bytes(value)) if isinstance(value, bytes) else str(value)


def _read_ffmpeg_tags(subject: AudioSubject, container: Container) -> Iterator[Tag]:
    with (
        subject.path.open("rb") as file,
        av.open(file, format=FFMPEG_FORMATS[container], metadata_errors="replace") as opened,
    ):
        for name, value in opened.metadata.items():
            yield Tag("file", name, clean_text(value))
        for stream in opened.streams:
            for name, value in stream.metadata.items():
                yield Tag(f"stream {stream.index}", name, clean_text(value))


def is_technical(tag: Tag) -> bool:
    """Written by a program about itself or the format, and nothing personal by form in it."""
    if find_personal(tag.value):
        return False
    if TECHNICAL_TAGS.fullmatch(tag.name):
        return TECHNICAL_VALUE.fullmatch(tag.value) is not None
    return tag.name.lower() in SOFTWARE_TAGS and SOFTWARE.fullmatch(tag.value) is not None


def _build_observation(tag: Tag) -> Observation:
    looks_like = sorted({match.kind for match in find_personal(tag.value)})
    return Observation(
        kind=FindingKind.METADATA,
        detail=f"{tag.part} holds {tag.name}: {shorten_text(tag.value)}",
        score=1.0 if looks_like else 0.8,
        evidence={
            "part": tag.part,
            "tag": tag.name,
            "characters": len(tag.value),
            "looks_like": looks_like,
        },
    )


def _find_loose_personal(
    source: Source, layout: Layout, tags: Iterable[Tag]
) -> Iterator[Observation]:
    """Personal data by form in bytes that are not sound and that no reader has shown."""
    shown = " ".join(tag.value for tag in tags)
    for region in layout.regions:
        if region.role in {Role.SOUND, Role.PADDING}:
            continue
        text = extract_readable(source.content(region, 1 << 20))
        for match in find_personal(text[:20_000]):
            value = text[match.start : match.end]
            if value not in shown:
                shown += " " + value
                yield Observation(
                    kind=FindingKind.METADATA,
                    detail=f"{region.name} holds {match.kind.replace('_', ' ')}: {value[:2]}…",
                    evidence={"part": region.name, "looks_like": [match.kind]},
                )
