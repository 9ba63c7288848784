"""The members of a zip, by the table of contents at its end."""

import itertools
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from apps.ingest.members import (
    MEBIBYTE,
    ArchiveError,
    ArchiveLimitError,
    ArchiveTornError,
    Gate,
    Member,
    MemberDamagedError,
    MemberEncryptedError,
    MemberLinkError,
    MemberSpecialError,
    MemberStream,
    MemberUnreadableError,
)
from apps.ingest.paths import quote_text

CONTENTS_BYTES = 32 * MEBIBYTE
"""How large the table of contents may be: it is held in memory, several times its size."""

# LZMA inside zip may ask for any amount of memory, and nobody uses it.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2})
_ENCRYPTED = 0x1
_UTF8_NAMES = 0x800
_LOCAL_HEADER = 30
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_END_START = b"PK\x05\x06"
_END64_START = b"PK\x06\x06"
_LONGEST_COMMENT = 65535
_READ_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError)


def read_zip_members(file: BinaryIO, gate: Gate) -> Iterator[Member]:
    """Yield the members that pass the gate."""
    size = file.seek(0, 2)
    _check_contents(file, size)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, OSError) as error:
        raise ArchiveTornError(
            f"The zip's table of contents cannot be read ({error}); it was probably cut off."
            " Nothing was taken: send it again, or send a tar, which keeps what arrived.",
            members=0,
        ) from error
    with archive:
        infos = archive.infolist()
        _check_overlaps(infos)
        for info in infos:
            gate.count_entry()
            yield from _accept_member(archive, info, gate, size)


def _check_contents(file: BinaryIO, size: int) -> None:
    """Refuse a table of contents that would not fit in memory, before it is read."""
    tail_size = min(size, _LONGEST_COMMENT + _END.size + 20 + _END64.size)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    claimed = 0
    end = tail.rfind(_END_START)
    if 0 <= end <= len(tail) - _END.size:
        claimed = _END.unpack_from(tail, end)[5]
    end64 = tail.rfind(_END64_START)
    if 0 <= end64 <= len(tail) - _END64.size:
        claimed = max(claimed if claimed < 2**32 - 1 else 0, _END64.unpack_from(tail, end64)[8])
    if min(claimed, size) > CONTENTS_BYTES:
        raise ArchiveLimitError(
            f"The zip's table of contents has {claimed} bytes; send several smaller archives.",
            limit=CONTENTS_BYTES,
        )


def _check_overlaps(infos: list[zipfile.ZipInfo]) -> None:
    """Refuse members that share bytes: that is how a small zip unpacks to a huge one."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    for before, after in itertools.pairwise(ordered):
        if before.header_offset + _LOCAL_HEADER + before.compress_size > after.header_offset:
            raise ArchiveLimitError(
                f"{quote_text(before.filename)} and {quote_text(after.filename)} share bytes,"
                " as decompression bombs do."
            )


def _accept_member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, gate: Gate, packed: int
) -> Iterator[Member]:
    raw_name = _read_name(info)
    if raw_name.endswith("/"):
        return
    error = _find_fault(info, quote_text(raw_name))
    if error is not None:
        gate.refuse(raw_name, error)
        return
    gate.check_size(raw_name, info.file_size)
    name = gate.name(raw_name)
    if name is None:
        return
    try:
        opened = archive.open(info)
    except (RuntimeError, NotImplementedError, *_READ_ERRORS) as problem:
        gate.refuse(raw_name, _build_damaged_error(name, problem))
        return
    with opened:

        def read(size: int) -> bytes:
            try:
                part = opened.read(size)
            except _READ_ERRORS as problem:
                raise _build_damaged_error(name, problem) from problem
            gate.count_bytes(len(part), packed)
            return part

        yield Member(name, info.file_size, MemberStream(read))
    gate.passed += 1


def _read_name(info: zipfile.ZipInfo) -> str:
    """Read a name that does not say it is UTF-8: it is, where its bytes are (macOS never says)."""
    name = info.orig_filename
    if info.flag_bits & _UTF8_NAMES:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _find_fault(info: zipfile.ZipInfo, shown: str) -> ArchiveError | None:
    if info.flag_bits & _ENCRYPTED:
        return MemberEncryptedError(
            f"{shown} is locked with a password; send it unlocked.", name=shown
        )
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return MemberLinkError(f"{shown} is a link; send the file itself.", name=shown)
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return MemberSpecialError(f"{shown} is not a plain file.", name=shown)
    if info.compress_type not in _METHODS:
        return MemberUnreadableError(
            f"{shown} is packed in a way Earmark does not unpack; use deflate.", name=shown
        )
    return None


def _build_damaged_error(name: str, problem: Exception) -> MemberDamagedError:
    shown = quote_text(name)
    return MemberDamagedError(f"{shown} is damaged ({problem}); send it again.", name=shown)
