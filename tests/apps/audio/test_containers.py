"""Every byte of a file belongs to a part, and what may hold words is never plain structure."""

import struct
from pathlib import Path

import pytest

from apps.audio.containers import (
    Container,
    EndsEarlyError,
    MalformedContainerError,
    Role,
    Source,
    detect_container,
    read_wave_format,
    walk_container,
)
from apps.audio.containers.base import MOST_REGIONS
from apps.audio.containers.matroska import (
    CLUSTER,
    EBML,
    INFO,
    SEGMENT,
    TAGS,
    TITLE,
    TRACK_ENTRY,
    TRACK_TYPE,
    TRACKS,
    VOID,
)
from apps.audio.containers.writing import NotStrippableError, strip_container
from tests.apps.audio.containers_made_up import (
    box,
    element,
    flac_block,
    name_parts,
    name_with_role,
    ogg_page,
    riff,
    walk,
)

FMT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
SOUND = bytes(range(1, 41))
SECRET = b"Jane Doe, Mill Lane 3"


def strip(path: Path) -> bytes:
    target = path.with_name("stripped")
    with Source(path) as source:
        layout = walk_container(source)
        assert layout is not None
        strip_container(source, layout, target)
    return target.read_bytes()


def test_a_wave_file_is_sound_structure_and_what_people_wrote(tmp_path: Path) -> None:
    raw = riff((b"fmt ", FMT), (b"LIST", b"INFO" + SECRET), (b"JUNK", bytes(9)), (b"data", SOUND))
    assert name_parts(tmp_path / "a.wav", raw) == [
        (Role.STRUCTURE, "RIFF", raw[:12]),
        (Role.STRUCTURE, "fmt ", FMT),
        (Role.METADATA, "LIST/INFO", b"INFO" + SECRET),
        (Role.PADDING, "JUNK", bytes(9)),
        (Role.SOUND, "data", SOUND),
    ]
    assert strip(tmp_path / "a.wav") == riff((b"fmt ", FMT), (b"data", SOUND))


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        (b"JUNK", SECRET),
        (b"fmt ", FMT + SECRET),
        (b"fact", SECRET),
        (b"cue ", struct.pack("<I", 1) + SECRET),
        (b"smpl", bytes(32) + struct.pack("<I", len(SECRET)) + SECRET),
        (b"inst", SECRET),
        (b"ds64", bytes(28) + SECRET),
        (b"data", SECRET),
        (b"what", SECRET),
    ],
)
def test_a_chunk_of_another_size_than_its_own_is_metadata(
    tmp_path: Path, name: bytes, payload: bytes
) -> None:
    raw = riff((b"fmt ", FMT), (b"data", SOUND), (name, payload))
    found = name_with_role(tmp_path / "a.wav", raw, Role.METADATA)
    assert found == {name.decode(): payload}
    assert SECRET not in strip(tmp_path / "a.wav")


def test_a_big_endian_wave_file_is_read_and_stripped(tmp_path: Path) -> None:
    fmt = struct.pack(">HHIIHH", 1, 1, 8000, 16000, 2, 16)
    path = tmp_path / "a.wav"
    layout = walk(path, riff((b"fmt ", fmt), (b"note", SECRET), (b"data", SOUND), magic=b"RIFX"))
    with Source(path) as source:
        assert read_wave_format(source, layout)[:3] == (1, 1, 8000)
    assert strip(path) == riff((b"fmt ", fmt), (b"data", SOUND), magic=b"RIFX")


@pytest.mark.parametrize(("cut", "missing"), [(10, 10), (len(SOUND), len(SOUND))])
def test_what_a_wave_header_promises_and_the_file_lacks_is_counted(
    tmp_path: Path, cut: int, missing: int
) -> None:
    raw = riff((b"fmt ", FMT), (b"data", SOUND))
    assert walk(tmp_path / "a.wav", raw[:-cut]).missing == missing
    assert walk(tmp_path / "b.wav", raw).missing == 0


def test_bytes_behind_the_declared_end_are_foreign_unless_they_are_zero(tmp_path: Path) -> None:
    raw = riff((b"fmt ", FMT), (b"data", SOUND))
    assert name_parts(tmp_path / "a.wav", raw + SECRET)[-1] == (
        Role.FOREIGN,
        "trailing bytes",
        SECRET,
    )
    assert name_parts(tmp_path / "b.wav", raw + bytes(64))[-1][0] is Role.PADDING


def test_a_format_that_does_not_add_up_is_refused(tmp_path: Path) -> None:
    for number, fmt in enumerate(
        (
            struct.pack("<HHIIHH", 1, 2, 8000, 16000, 2, 16),
            struct.pack("<HHIIHH", 1, 0, 1, 1, 0, 16),
        )
    ):
        path = tmp_path / f"{number}.wav"
        layout = walk(path, riff((b"fmt ", fmt), (b"data", SOUND)))
        with Source(path) as source, pytest.raises(MalformedContainerError, match="add up"):
            read_wave_format(source, layout)
    layout = walk(tmp_path / "none.wav", riff((b"data", SOUND)))
    with (
        Source(tmp_path / "none.wav") as source,
        pytest.raises(MalformedContainerError, match="no readable format chunk"),
    ):
        read_wave_format(source, layout)


def test_an_aiff_file_with_a_name_and_an_annotation(tmp_path: Path) -> None:
    common = struct.pack(">HIH", 1, 20, 16) + bytes(10)
    chunks = [(b"COMM", common), (b"AUTH", SECRET), (b"SSND", bytes(8) + SOUND)]
    raw = riff(*chunks, magic=b"FORM", form=b"AIFF")
    assert name_with_role(tmp_path / "a.aiff", raw, Role.METADATA) == {"AUTH": SECRET}
    assert strip(tmp_path / "a.aiff") == riff(chunks[0], chunks[2], magic=b"FORM", form=b"AIFF")


def test_a_caf_file_whose_sound_goes_on_to_the_end(tmp_path: Path) -> None:
    def chunk(name: bytes, payload: bytes, size: int | None = None) -> bytes:
        return name + struct.pack(">q", len(payload) if size is None else size) + payload

    head = b"caff" + struct.pack(">HH", 1, 0)
    described, sound = chunk(b"desc", bytes(32)), chunk(b"data", SOUND, size=-1)
    raw = head + described + chunk(b"info", SECRET) + sound
    assert name_with_role(tmp_path / "a.caf", raw, Role.METADATA) == {"info": SECRET}
    assert strip(tmp_path / "a.caf") == head + described + chunk(b"data", SOUND)


@pytest.mark.parametrize("name", [b"FVER", b"INST", b"PEAK"])
def test_structure_of_aiff_that_is_too_long_is_metadata(tmp_path: Path, name: bytes) -> None:
    common = struct.pack(">HIH", 1, 20, 16) + bytes(10)
    chunks = [(b"COMM", common), (name, SECRET), (b"SSND", bytes(8) + SOUND)]
    raw = riff(*chunks, magic=b"FORM", form=b"AIFC")
    found = name_with_role(tmp_path / "a.aiff", raw, Role.METADATA)
    assert found == {name.decode(): SECRET}
    assert SECRET not in strip(tmp_path / "a.aiff")


def test_a_flac_file_block_by_block(tmp_path: Path) -> None:
    info = bytes(34)
    raw = (
        b"fLaC"
        + flac_block(0, info)
        + flac_block(4, SECRET)
        + flac_block(1, bytes(7))
        + flac_block(1, SECRET)
        + flac_block(9, SECRET)
        + flac_block(3, SECRET, last=True)
        + SOUND
    )
    found = [(role, name) for role, name, _ in name_parts(tmp_path / "a.flac", raw)]
    assert found == [
        (Role.STRUCTURE, "fLaC"),
        (Role.STRUCTURE, "STREAMINFO"),
        (Role.METADATA, "VORBIS_COMMENT"),
        (Role.PADDING, "PADDING"),
        (Role.METADATA, "PADDING"),
        (Role.METADATA, "block type 9"),
        # A seek table has 18 bytes for each point.
        (Role.METADATA, "SEEKTABLE"),
        (Role.SOUND, "frames"),
    ]
    stripped = b"fLaC" + flac_block(0, info, last=True) + SOUND
    assert strip(tmp_path / "a.flac") == stripped


def test_a_flac_file_without_a_plain_description_is_not_written_again(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(b"fLaC" + flac_block(0, SECRET, last=True) + SOUND)
    with pytest.raises(NotStrippableError, match="no readable description"):
        strip(tmp_path / "a.flac")


def test_comments_of_an_ogg_stream_are_taken_out_and_its_sound_is_renumbered_only(
    tmp_path: Path,
) -> None:
    head = b"OpusHead" + bytes(11)
    raw = (
        ogg_page(7, 0, head, flags=2)
        + ogg_page(7, 1, b"OpusTags" + SECRET)
        + ogg_page(7, 2, SOUND, flags=4)
        + ogg_page(9, 0, b"what is this?" + SECRET, flags=2)
    )
    found = name_with_role(tmp_path / "a.ogg", raw, Role.METADATA)
    assert found["VORBIS_COMMENT"] == SECRET
    assert SECRET in found["unknown stream"]
    stripped = strip(tmp_path / "a.ogg")
    assert SECRET not in stripped
    assert SOUND in stripped
    assert name_with_role(tmp_path / "b.ogg", stripped, Role.METADATA) == {
        "VORBIS_COMMENT": bytes(8)
    }


def test_a_box_that_nobody_knows_is_no_structure_wherever_it_lies(tmp_path: Path) -> None:
    ftyp = box(b"ftyp", b"M4A \0\0\0\0")
    known, unknown = box(b"stts", bytes(8)), box(b"Jane", SECRET)
    deep = box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", known + unknown))))
    raw = ftyp + box(b"moov", box(b"mvhd", bytes(100)) + deep) + box(b"mdat", SOUND)
    path = tmp_path / "a.m4a"
    assert name_with_role(path, raw, Role.METADATA) == {"Jane": SECRET}
    stripped = strip(path)
    assert SECRET not in stripped
    assert len(stripped) == len(raw)
    assert stripped.count(b"free") == 1
    assert name_with_role(tmp_path / "b.m4a", stripped, Role.METADATA) == {}


def test_what_is_left_of_a_box_and_padding_that_says_something_are_metadata(
    tmp_path: Path,
) -> None:
    moov = box(b"moov", box(b"mvhd", bytes(100)) + b"\0\0\0\2" + SECRET)
    raw = box(b"ftyp", b"M4A \0\0\0\0") + box(b"free", SECRET) + moov + box(b"mdat", SOUND)
    found = name_with_role(tmp_path / "a.m4a", raw, Role.METADATA)
    assert found["free"] == SECRET
    assert found["rest of moov"].endswith(SECRET)


def test_boxes_nested_deeper_than_any_player_goes_are_metadata(tmp_path: Path) -> None:
    nested = box(b"name", SECRET)
    for _ in range(40):
        nested = box(b"trak", nested)
    raw = box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", nested)
    found = name_with_role(tmp_path / "a.m4a", raw, Role.METADATA)
    assert [SECRET in content for content in found.values()] == [True]


def matroska(info: bytes, tracks: bytes, *more: bytes) -> bytes:
    head = element(EBML, element(0x4282, b"matroska"))
    segment = element(INFO, info) + element(TRACKS, tracks) + b"".join(more)
    return head + element(SEGMENT, segment + element(CLUSTER, SOUND))


AUDIO_TRACK = element(TRACK_ENTRY, element(0xD7, b"\1") + element(TRACK_TYPE, b"\2"))


def test_names_and_tags_of_a_matroska_file_are_blanked_in_place(tmp_path: Path) -> None:
    raw = matroska(element(TITLE, SECRET), AUDIO_TRACK, element(TAGS, SECRET))
    path = tmp_path / "a.mka"
    layout = walk(path, raw)
    assert layout.container is Container.MATROSKA
    assert layout.streams == 1
    assert name_with_role(path, raw, Role.METADATA) == {"Title": SECRET, "Tags": SECRET}
    stripped = strip(path)
    assert len(stripped) == len(raw)
    assert SECRET not in stripped
    assert SOUND in stripped
    assert name_with_role(tmp_path / "b.mka", stripped, Role.METADATA) == {}


def test_an_element_that_nobody_knows_is_no_header_wherever_it_lies(tmp_path: Path) -> None:
    unknown = element(0x4DFE, SECRET)
    codec_name = element(0x258688, SECRET)
    track = element(TRACK_ENTRY, element(TRACK_TYPE, b"\2") + codec_name)
    for number, raw in enumerate(
        (
            matroska(unknown, AUDIO_TRACK),
            matroska(b"", AUDIO_TRACK + unknown),
            matroska(b"", track),
            matroska(element(VOID, SECRET), AUDIO_TRACK),
        )
    ):
        path = tmp_path / f"{number}.mka"
        found = name_with_role(path, raw, Role.METADATA)
        assert list(found.values()) == [SECRET], number
        stripped = strip(path)
        assert SECRET not in stripped, number
        assert len(stripped) == len(raw)


def test_a_header_with_something_behind_its_elements_is_metadata(tmp_path: Path) -> None:
    raw = matroska(element(0x2AD7B1, b"\1") + b"\0" + SECRET, AUDIO_TRACK)
    found = name_with_role(tmp_path / "a.mka", raw, Role.METADATA)
    assert found == {"rest of header": b"\0" + SECRET}


def test_a_number_that_the_file_ends_in_is_an_early_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\1\2")
    with Source(path) as source:
        assert detect_container(source) is None
        with pytest.raises(EndsEarlyError, match="ends at byte 6, inside a number at byte 4"):
            source.number(4, 4)


def test_more_parts_than_any_recorder_writes_are_refused(tmp_path: Path) -> None:
    chunks = [(b"note", b"x")] * (MOST_REGIONS + 1)
    with pytest.raises(MalformedContainerError, match=f"more than {MOST_REGIONS} parts"):
        walk(tmp_path / "a.wav", riff((b"fmt ", FMT), *chunks, (b"data", SOUND)))


def test_text_is_no_container(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"dear diary, " * 20)
    with Source(path) as source:
        assert walk_container(source) is None
