"""The files inside an archive or a folder, one after the other, within limits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from apps.ingest.paths import PathInvalidError, clean_path, quote_text
from datasets_catalog.errors import InvalidError

MEBIBYTE = 1024 * 1024
CHUNK_BYTES = MEBIBYTE


class ByteStream(Protocol):
    """What can be read forward; nothing at the end."""

    def read(self, size: int = -1, /) -> bytes: ...


class ArchiveError(InvalidError):
    """Base of what can be wrong with an archive, a folder or one of their members."""

    code = "ingest.archive_invalid"


class ArchiveUnknownError(ArchiveError):
    """The bytes are no archive of a known kind."""

    code = "ingest.archive_unknown"


class ArchiveTornError(ArchiveError):
    """The archive ends early or is damaged; `detail` says where, and what came whole before."""

    code = "ingest.archive_torn"


class ArchiveLimitError(ArchiveError):
    """The archive holds more than the limits allow, or unpacks to far more than it weighs."""

    code = "ingest.archive_limit"


class MemberError(ArchiveError):
    """Base of what makes one member unacceptable while the rest is fine."""


class MemberEncryptedError(MemberError):
    """The member is locked with a password."""

    code = "ingest.member_encrypted"


class MemberLinkError(MemberError):
    """The member is a link; what it points to may lie anywhere."""

    code = "ingest.member_link"


class MemberSpecialError(MemberError):
    """The member is a device, a pipe, a socket or a sparse file."""

    code = "ingest.member_special"


class MemberDuplicateError(MemberError):
    """Another member of the same name came before."""

    code = "ingest.member_duplicate"


class MemberDamagedError(MemberError):
    """The member's bytes do not match its checksum or its own headers."""

    code = "ingest.member_damaged"


class MemberUnreadableError(MemberError):
    """The member cannot be read: no permission, or packed in a way Earmark does not unpack."""

    code = "ingest.member_unreadable"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one archive may hold, unpacked. Sizes are in bytes.

    `ratio` bounds unpacked by packed bytes, looked at once `ratio_from` bytes were unpacked:
    digital silence honestly packs well, a bomb of many megabytes does not come by chance.
    """

    entries: int = 200_000
    total_bytes: int = 1024 * 1024 * MEBIBYTE
    member_bytes: int = 16 * 1024 * MEBIBYTE
    ratio: int = 200
    ratio_from: int = 64 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Member:
    """One regular file. `stream` can be read until the next member is asked for."""

    name: str
    size: int
    stream: ByteStream


Refused = Callable[[str, ArchiveError | PathInvalidError], None]
"""Told of a member that was refused: its name, made readable, and why."""

Skipped = Callable[[str, str], None]
"""Told of a member that was passed over: its name, made readable, and why."""

_CLUTTER = {
    "__macosx": "what macOS adds to archives",
    "thumbs.db": "previews that Windows keeps",
    "desktop.ini": "settings that Windows keeps",
}


def explain_clutter(path: str) -> str | None:
    """Say why a file is nobody's recording: hidden, or left by a system; None if it may be one."""
    for segment in path.split("/"):
        if segment.startswith(".") and segment not in {".", ".."}:
            return "hidden"
        reason = _CLUTTER.get(segment.lower())
        if reason:
            return reason
    return None


class Gate:
    """Decides which members pass: clean names, each once, within the limits.

    Without a `refused` callback the first refusal is raised; with one the rest goes on.
    Exceeded limits are always raised.
    """

    def __init__(
        self, limits: Limits, refused: Refused | None = None, skipped: Skipped | None = None
    ) -> None:
        self.limits = limits
        self.passed = 0
        self._refused = refused
        self._skipped = skipped
        self._entries = 0
        self._unpacked = 0
        self._seen: set[str] = set()

    def count_entry(self) -> None:
        """Count whatever an archive lists, folders and refused members too."""
        self._entries += 1
        if self._entries > self.limits.entries:
            raise ArchiveLimitError(
                f"More than {self.limits.entries} entries; send several smaller archives.",
                limit=self.limits.entries,
            )

    def refuse(self, name: str, error: ArchiveError | PathInvalidError) -> None:
        if self._refused is None:
            raise error
        self._refused(quote_text(name), error)

    def name(self, raw: str) -> str | None:
        """Return the member's clean name, or None where it is passed over or refused."""
        reason = explain_clutter(raw)
        if reason is not None:
            if self._skipped is not None:
                self._skipped(quote_text(raw), reason)
            return None
        try:
            name = clean_path(raw)
        except PathInvalidError as error:
            self.refuse(raw, error)
            return None
        if name in self._seen:
            self.refuse(raw, MemberDuplicateError(f"{quote_text(name)} is there twice.", name=name))
            return None
        self._seen.add(name)
        return name

    def check_size(self, name: str, size: int) -> None:
        """Raise ArchiveLimitError for a member that says it is too large."""
        if size > self.limits.member_bytes:
            raise ArchiveLimitError(
                f"{quote_text(name)} says it has {size} bytes; one file may have"
                f" {self.limits.member_bytes} at most.",
                name=quote_text(name),
                limit=self.limits.member_bytes,
            )

    def count_bytes(self, unpacked: int, packed: int) -> None:
        """Count bytes as they are unpacked; `packed` is how many were read for all so far."""
        self._unpacked += unpacked
        if self._unpacked > self.limits.total_bytes:
            raise ArchiveLimitError(
                f"The archive unpacks to more than {self.limits.total_bytes} bytes.",
                limit=self.limits.total_bytes,
            )
        if (
            self._unpacked > self.limits.ratio_from
            and self._unpacked > max(packed, 1) * self.limits.ratio
        ):
            raise ArchiveLimitError(
                f"The archive unpacks to more than {self.limits.ratio} times its size,"
                " as decompression bombs do.",
                limit=self.limits.ratio,
            )


class MemberStream:
    """A member's bytes from a function that returns at most so many, and nothing at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, or all that are left. Raises ArchiveError."""
        if size >= 0:
            return self._read(size)
        return b"".join(iter(lambda: self._read(CHUNK_BYTES), b""))
