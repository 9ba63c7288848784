"""The members of a tar, read as a stream."""

import tarfile
from collections.abc import Iterator
from typing import Any, NoReturn, cast

from apps.ingest.members import (
    CHUNK_BYTES,
    ArchiveError,
    ArchiveTornError,
    ArchiveUnknownError,
    ByteStream,
    Gate,
    Member,
    MemberLinkError,
    MemberSpecialError,
    MemberStream,
)
from apps.ingest.paths import quote_text
from apps.ingest.unpacking import CountingStream, ForwardFile

BLOCK = tarfile.BLOCKSIZE
_END = bytes(BLOCK)


def read_tar_members(plain: ByteStream, packed: CountingStream, gate: Gate) -> Iterator[Member]:
    """Yield the members that pass the gate; `packed` counts what the archive weighs itself."""
    forward = ForwardFile(plain, lambda size: gate.count_bytes(size, packed.position))
    tar = _open_tar(forward)
    while (info := _read_next_header(tar, forward, gate)) is not None:
        gate.count_entry()
        yield from _accept_member(info, forward, gate)
    _check_end(forward, gate)


def _open_tar(forward: ForwardFile) -> tarfile.TarFile:
    try:
        return tarfile.TarFile(
            fileobj=cast("Any", forward), encoding="utf-8", errors="surrogateescape"
        )
    except (tarfile.TarError, RecursionError, ValueError) as error:
        raise ArchiveUnknownError(
            f"This is no archive Earmark opens; send a zip or a tar ({error})."
        ) from error


def _read_next_header(
    tar: tarfile.TarFile, forward: ForwardFile, gate: Gate
) -> tarfile.TarInfo | None:
    forward.in_header = True
    try:
        info = tar.next()
    except (tarfile.TarError, RecursionError, ValueError, OverflowError) as error:
        _refuse_torn(forward, gate, f"a header is damaged: {error}")
    # The list grows with every member otherwise; only the next one is ever needed.
    cast("Any", tar).members = []
    forward.in_header = False
    if info is not None and info.size < 0:
        _refuse_torn(forward, gate, "a header claims a negative size")
    return info


def _accept_member(info: tarfile.TarInfo, forward: ForwardFile, gate: Gate) -> Iterator[Member]:
    if info.isdir():
        return
    error = _find_fault(info)
    if error is not None:
        gate.refuse(info.name, error)
        return
    gate.check_size(info.name, info.size)
    name = gate.name(info.name)
    if name is None:
        return
    left = info.size

    def read(size: int) -> bytes:
        nonlocal left
        wanted = min(size, left)
        part = forward.read(wanted)
        left -= len(part)
        if len(part) < wanted:
            _refuse_torn(forward, gate, f"{quote_text(name)} lacks {left} of {info.size} bytes")
        return part

    yield Member(name, info.size, MemberStream(read))
    while left:
        read(min(left, CHUNK_BYTES))
    gate.passed += 1


def _find_fault(info: tarfile.TarInfo) -> ArchiveError | None:
    shown = quote_text(info.name)
    if info.issym() or info.islnk():
        target = quote_text(info.linkname)
        return MemberLinkError(f"{shown} is a link to {target}; send the file itself.", name=shown)
    if info.issparse() or not info.isreg():
        return MemberSpecialError(f"{shown} is not a plain file.", name=shown)
    return None


def _check_end(forward: ForwardFile, gate: Gate) -> None:
    """Tell an archive's end from a tear: a tar ends in blocks of zeros and nothing else."""
    if forward.last != _END:
        what = "it ends early" if len(forward.last) < BLOCK else "a header is damaged"
        _refuse_torn(forward, gate, what)
    while part := forward.read(CHUNK_BYTES):
        if part.strip(b"\0"):
            raise ArchiveError(
                f"Other bytes follow the end of the archive, after {gate.passed} members;"
                " send one archive at a time.",
                members=gate.passed,
                position=forward.tell(),
            )


def _refuse_torn(forward: ForwardFile, gate: Gate, what: str) -> NoReturn:
    raise ArchiveTornError(
        f"The archive is torn at byte {forward.tell()}: {what}."
        f" {gate.passed} members came whole before; send the rest again.",
        position=forward.tell(),
        members=gate.passed,
    )
