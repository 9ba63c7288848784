"""Archives: every honest member arrives, and every hostile one is named."""

import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ingest import unpacking, zip_members
from apps.ingest.archives import read_members
from apps.ingest.members import (
    ArchiveError,
    ArchiveLimitError,
    ArchiveTornError,
    ArchiveUnknownError,
    Limits,
    MemberDamagedError,
    MemberDuplicateError,
    MemberEncryptedError,
    MemberError,
    MemberLinkError,
    MemberSpecialError,
    MemberUnreadableError,
)
from apps.ingest.paths import PathInvalidError
from tests.apps.ingest.archive_makers import (
    PACKERS,
    Files,
    OneWay,
    tar,
    tar_entry,
    tar_of,
    zip_link,
    zip_of,
    zip_with_mode,
)

FILES: Files = {
    "a.wav": b"first" * 1000,
    "folder/b c.wav": os.urandom(70_000),
    "\u9ce5/ü.flac": b"",
    "x/" + "long" * 50 + ".wav": b"last",
}


def opened(raw: bytes, limits: Limits | None = None) -> Files:
    members = read_members(io.BytesIO(raw), limits=limits or Limits())
    return {member.name: member.stream.read() for member in members}


def refusals(raw: bytes) -> tuple[Files, dict[str, str]]:
    refused: dict[str, str] = {}

    def note(name: str, error: ArchiveError | PathInvalidError) -> None:
        refused[name] = error.code

    members = read_members(io.BytesIO(raw), refused=note)
    return {member.name: member.stream.read() for member in members}, refused


@pytest.mark.parametrize("packer", PACKERS)
def test_every_kind_of_tar_gives_its_files(packer: str) -> None:
    assert opened(PACKERS[packer](tar(FILES))) == FILES


@pytest.mark.parametrize("packer", PACKERS)
def test_a_tar_is_read_while_it_arrives(packer: str) -> None:
    members = read_members(OneWay(PACKERS[packer](tar(FILES))))

    assert {member.name: member.stream.read() for member in members} == FILES


@pytest.mark.parametrize("layout", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_dialect_of_tar_is_read(layout: int) -> None:
    raw = tar_of([tar_entry("./a.wav", b"1"), tar_entry("b/" * 40 + "c.wav", b"2")], layout)

    assert opened(raw) == {"a.wav": b"1", "b/" * 40 + "c.wav": b"2"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_every_usual_kind_of_zip_gives_its_files(method: int) -> None:
    raw = zip_of(FILES, method)

    assert opened(raw) == FILES
    assert {m.name: m.stream.read() for m in read_members(OneWay(raw))} == FILES


def test_a_path_will_do_as_well(tmp_path: Path) -> None:
    path = tmp_path / "no-ending"
    path.write_bytes(tar(FILES))

    assert [member.size for member in read_members(path)] == [len(d) for d in FILES.values()]


def test_members_can_be_left_unread_or_read_in_parts() -> None:
    for raw in (tar(FILES), zip_of(FILES)):
        seen: Files = {}
        for number, member in enumerate(read_members(io.BytesIO(raw))):
            if number % 2:
                seen[member.name] = b"".join(iter(partial(member.stream.read, 999), b""))
        assert seen == {name: FILES[name] for name in list(FILES)[1::2]}


def test_folders_and_what_systems_leave_behind_are_passed_over() -> None:
    files = {
        "a.wav": b"1",
        "__MACOSX/._a.wav": b"x",
        "sub/.DS_Store": b"x",
        "sub/Thumbs.db": b"x",
        ".git/config": b"x",
    }
    skipped: list[str] = []

    for raw in (tar(files), zip_of(files | {"sub/": b""})):
        skipped.clear()
        members = read_members(io.BytesIO(raw), skipped=lambda name, why: skipped.append(name))
        assert [member.name for member in members] == ["a.wav"]
        assert len(skipped) == 4


@pytest.mark.parametrize(
    "name", ["../evil.wav", "/etc/evil.wav", "a/../../evil.wav", "C:\\evil.wav"]
)
def test_names_that_lead_elsewhere_are_refused_and_the_rest_goes_on(name: str) -> None:
    for raw in (tar({name: b"x", "b.wav": b"y"}), zip_of({name: b"x", "b.wav": b"y"})):
        files, refused = refusals(raw)
        assert files == {"b.wav": b"y"}
        assert list(refused.values()) == ["ingest.path_invalid"]
        with pytest.raises(PathInvalidError):
            opened(raw)


def test_a_name_that_is_no_text_is_refused() -> None:
    name = b"caf\xe9.wav".decode("utf-8", "surrogateescape")
    raw = tar_of([tar_entry(name, b"x")], tarfile.GNU_FORMAT)

    _, refused = refusals(raw)

    assert list(refused.values()) == ["ingest.path_invalid"]
    assert all(shown.isprintable() for shown in refused)


def test_zip_names_without_the_utf8_flag_are_read_as_utf8_where_they_are() -> None:
    raw = bytearray(zip_of({"\u00e9.wav": b"x"}))
    for flags in (raw.index(b"PK\x03\x04") + 7, raw.index(b"PK\x01\x02") + 9):
        raw[flags] &= ~0x08

    assert opened(bytes(raw)) == {"\u00e9.wav": b"x"}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (tarfile.SYMTYPE, MemberLinkError),
        (tarfile.LNKTYPE, MemberLinkError),
        (tarfile.CHRTYPE, MemberSpecialError),
        (tarfile.BLKTYPE, MemberSpecialError),
        (tarfile.FIFOTYPE, MemberSpecialError),
        (b"Z", MemberSpecialError),
    ],
)
def test_what_is_no_plain_file_in_a_tar_is_refused(kind: bytes, error: type[MemberError]) -> None:
    raw = tar_of([tar_entry("link.wav", kind=kind, target="/etc/passwd"), tar_entry("b.wav", b"y")])

    files, refused = refusals(raw)

    assert files == {"b.wav": b"y"}
    assert list(refused.values()) == [error.code]


def test_a_sparse_file_is_refused_whatever_it_claims() -> None:
    info, _ = tar_entry("sparse.wav")
    info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**60)}
    raw = tar_of([(info, b""), tar_entry("b.wav", b"y")])

    files, refused = refusals(raw)

    assert files == {"b.wav": b"y"}
    assert list(refused.values()) == ["ingest.member_special"]


def test_links_and_devices_in_a_zip_are_refused() -> None:
    assert refusals(zip_link("a.wav", "/etc/passwd"))[1] == {"'a.wav'": MemberLinkError.code}
    device = zip_with_mode("a.wav", b"", stat.S_IFCHR)
    assert refusals(device)[1] == {"'a.wav'": MemberSpecialError.code}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_second_member_of_a_name_is_refused() -> None:
    twins = [tar_entry("a.wav", b"1"), tar_entry("./a.wav", b"2")]
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.wav", b"1")
        archive.writestr("a.wav", b"2")

    for raw in (tar_of(twins), target.getvalue()):
        files, refused = refusals(raw)
        assert files == {"a.wav": b"1"}
        assert list(refused.values()) == [MemberDuplicateError.code]


def test_a_locked_zip_is_refused_by_name() -> None:
    raw = bytearray(zip_of({"a.wav": b"secret"}, zipfile.ZIP_STORED))
    raw[raw.index(b"PK\x03\x04") + 6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1

    assert refusals(bytes(raw))[1] == {"'a.wav'": MemberEncryptedError.code}


def test_a_zip_packed_in_an_unusual_way_is_refused_by_name() -> None:
    assert refusals(zip_of({"a.wav": b"x" * 99}, zipfile.ZIP_LZMA))[1] == {
        "'a.wav'": MemberUnreadableError.code
    }


@pytest.mark.parametrize("raw", [b"RIFF\x00\x00\x00\x00WAVE", b"x" * 5000, os.urandom(600)])
def test_what_is_no_archive_is_refused(raw: bytes) -> None:
    with pytest.raises(ArchiveUnknownError):
        opened(raw)


def test_an_empty_upload_is_refused() -> None:
    with pytest.raises(ArchiveUnknownError, match="empty"):
        opened(b"")


def test_a_packed_file_that_is_no_tar_is_refused() -> None:
    with pytest.raises(ArchiveUnknownError):
        opened(PACKERS["gzip"](b"RIFF" * 1000))


def test_an_archive_of_nothing_is_empty_and_fine() -> None:
    assert opened(tar({})) == {}
    assert opened(zip_of({})) == {}


def taken(raw: bytes) -> tuple[Files, ArchiveTornError]:
    """Read until it tears; what was read in full counts."""
    files: Files = {}
    try:
        for member in read_members(io.BytesIO(raw)):
            files[member.name] = member.stream.read()
    except ArchiveTornError as tear:
        return files, tear
    pytest.fail("the archive was taken for whole")


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_torn_tar_keeps_what_arrived_before(packer: str, part: float) -> None:
    files = {f"{number}.wav": os.urandom(3000) for number in range(400)}
    raw = PACKERS[packer](tar(files))

    got, tear = taken(raw[: int(len(raw) * part)])

    assert len(got) > 0 or (packer == "bzip2" and part < 0.9)  # one block of it holds 900 kB
    assert got == {name: files[name] for name in list(files)[: len(got)]}
    assert tear.detail["position"] >= 3512 * len(got)


@given(st.integers(1, 10_000))
def test_a_tar_cut_anywhere_before_its_end_is_called_torn(cut: int) -> None:
    files = {f"{number}.wav": bytes([number]) * 700 for number in range(5)}
    raw = tar(files)
    end = 5 * (512 + 1024)
    if cut >= end + 512:
        assert opened(raw[:cut]) == files
        return
    if cut < 512:
        with pytest.raises((ArchiveUnknownError, ArchiveTornError)):
            opened(raw[:cut])
        return
    got, tear = taken(raw[:cut])
    assert got == {name: files[name] for name in list(files)[: len(got)]}
    assert len(got) >= (cut - 512 - 700) // 1536
    assert "send the rest again" in tear.message


def test_a_tear_says_where_and_what_came_whole() -> None:
    raw = tar({"a.wav": b"x" * 512, "b.wav": b"y" * 5000})

    _, tear = taken(raw[:3000])

    assert tear.detail == {"position": 3000, "members": 1}
    assert tear.code == "ingest.archive_torn"


def test_a_damaged_header_in_the_middle_is_a_tear_not_an_end() -> None:
    raw = bytearray(tar({"a.wav": b"x" * 512, "b.wav": b"y" * 512}))
    raw[1024:1034] = b"\xff" * 10

    got, tear = taken(bytes(raw))

    assert list(got) == ["a.wav"]
    assert "damaged" in tear.message


def test_bytes_after_the_end_of_a_tar_are_not_hidden() -> None:
    with pytest.raises(ArchiveError, match="follow the end"):
        opened(tar({"a.wav": b"x"}) + tar({"hidden.wav": b"y"}))


def test_a_flipped_bit_in_gzip_is_noticed() -> None:
    raw = bytearray(PACKERS["gzip"](tar({"a.wav": os.urandom(5000)})))
    raw[-6] ^= 1

    with pytest.raises(ArchiveTornError, match="cannot be unpacked"):
        opened(bytes(raw))


def test_a_torn_zip_says_what_to_do() -> None:
    with pytest.raises(ArchiveTornError, match="tar"):
        opened(zip_of(FILES)[:-30])


def test_a_damaged_member_of_a_zip_is_named_when_it_is_read() -> None:
    raw = bytearray(zip_of({"a.wav": b"x" * 5000, "b.wav": b"fine"}, zipfile.ZIP_STORED))
    raw[100] ^= 1
    members = read_members(io.BytesIO(bytes(raw)))

    with pytest.raises(MemberDamagedError, match=r"a\.wav"):
        next(members).stream.read()
    assert next(members).stream.read() == b"fine"


def test_a_zip_whose_headers_disagree_is_refused_by_member() -> None:
    raw = bytearray(zip_of({"a.wav": b"x", "b.wav": b"y"}))
    raw[raw.index(b"a.wav")] = ord("z")

    files, refused = refusals(bytes(raw))

    assert files == {"b.wav": b"y"}
    assert list(refused.values()) == [MemberDamagedError.code]


def test_more_entries_than_allowed_end_the_walk() -> None:
    files = {f"{number}.wav": b"" for number in range(5)}
    for raw in (tar(files), zip_of(files)):
        with pytest.raises(ArchiveLimitError, match="entries"):
            opened(raw, Limits(entries=4))
        assert len(opened(raw, Limits(entries=5))) == 5


def test_folders_count_as_entries_too() -> None:
    raw = tar_of(tar_entry(f"d{number}", kind=tarfile.DIRTYPE) for number in range(5))

    with pytest.raises(ArchiveLimitError):
        opened(raw, Limits(entries=4))


def test_a_member_larger_than_allowed_ends_the_walk() -> None:
    for raw in (tar({"a.wav": b"x" * 1001}), zip_of({"a.wav": b"x" * 1001})):
        with pytest.raises(ArchiveLimitError, match=r"a\.wav"):
            opened(raw, Limits(member_bytes=1000))


def test_more_bytes_than_allowed_end_the_walk() -> None:
    files = {"a.wav": os.urandom(900), "b.wav": os.urandom(900)}
    with pytest.raises(ArchiveLimitError):
        opened(zip_of(files), Limits(total_bytes=1000))
    with pytest.raises(ArchiveLimitError):
        opened(tar(files), Limits(total_bytes=1000))


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz", "zstd"])
def test_a_bomb_in_a_tar_is_defused_by_its_ratio(packer: str) -> None:
    raw = PACKERS[packer](tar({"bomb.wav": bytes(30_000_000)}))
    limits = Limits(ratio=200, ratio_from=1_000_000)

    with pytest.raises(ArchiveLimitError, match="bomb"):
        opened(raw, limits)
    with pytest.raises(ArchiveLimitError, match="bomb"):
        list(read_members(io.BytesIO(raw), limits=limits))


def test_a_bomb_in_a_zip_is_defused_by_its_ratio() -> None:
    raw = zip_of({"bomb.wav": bytes(30_000_000)})

    with pytest.raises(ArchiveLimitError, match="bomb"):
        opened(raw, Limits(ratio=200, ratio_from=1_000_000))


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_said() -> None:
    raw = bytearray(zip_of({"a.wav": bytes(1_000_000)}))
    for start, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<L", raw, raw.index(start) + offset, 10)

    with pytest.raises(MemberDamagedError):
        opened(bytes(raw))


def test_members_of_a_zip_that_share_bytes_are_refused() -> None:
    raw = bytearray(zip_of({"a.wav": b"x" * 100, "b.wav": b"x" * 100}))
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 4)
    struct.pack_into("<L", raw, second + 42, 0)

    with pytest.raises(ArchiveLimitError, match="share bytes"):
        opened(bytes(raw))


def test_a_huge_table_of_contents_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zip_members, "CONTENTS_BYTES", 300)

    with pytest.raises(ArchiveLimitError, match="table of contents"):
        opened(zip_of({f"{number}.wav": b"" for number in range(9)}))


def test_a_header_that_claims_gigabytes_is_not_believed() -> None:
    info, _ = tar_entry("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    info.size = 2**33
    raw = tar({"a.wav": b"x" * 512})[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(100_000)

    got, tear = taken(raw)

    assert list(got) == ["a.wav"]
    assert "claims" in tear.message


def test_a_negative_size_cannot_turn_the_reader_round() -> None:
    info, _ = tar_entry("b.wav")
    info.size = -1024
    raw = tar({"a.wav": b"x" * 512})[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)

    got, _ = taken(raw)

    assert list(got) == ["a.wav"]


def test_endless_chained_headers_are_a_tear_not_a_crash() -> None:
    info, _ = tar_entry("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    header = info.tobuf(tarfile.USTAR_FORMAT)

    with pytest.raises((ArchiveTornError, ArchiveUnknownError)):
        opened(tar({"a.wav": b"x" * 512})[:1024] + header * 5000)


def test_xz_that_asks_for_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "XZ_MEMORY", 1_000_000)
    raw = lzma.compress(tar({"a.wav": b"x"}), preset=9)

    with pytest.raises(ArchiveTornError):
        opened(raw)


@given(st.binary(max_size=2000), st.integers(0, 2000), st.sampled_from(sorted(PACKERS)))
def test_no_bytes_make_the_reader_fail_without_a_name(
    noise: bytes, position: int, packer: str
) -> None:
    for raw in (PACKERS[packer](tar({"a.wav": b"x" * 600})), zip_of({"a.wav": b"x" * 600})):
        spoiled = raw[:position] + noise + raw[position + len(noise) :]
        try:
            opened(spoiled)
        except (ArchiveError, PathInvalidError) as error:
            assert error.message  # noqa: PT017 - either outcome is right, silence is not
