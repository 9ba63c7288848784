"""The files of a folder on this machine, named as members of an archive would be."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from apps.ingest.members import (
    ArchiveError,
    Gate,
    Limits,
    MemberLinkError,
    MemberSpecialError,
    MemberUnreadableError,
    Refused,
    Skipped,
    explain_clutter,
)
from apps.ingest.paths import quote_text

DEFAULT_LIMITS = Limits(total_bytes=2**62, member_bytes=2**62)
"""A folder unpacks to nothing, so only its entries are counted."""


class FolderMissingError(ArchiveError):
    """There is no such folder."""

    code = "ingest.folder_missing"


def walk_folder(
    folder: Path,
    *,
    limits: Limits = DEFAULT_LIMITS,
    refused: Refused | None = None,
    skipped: Skipped | None = None,
) -> Iterator[tuple[str, Path]]:
    """Yield name and place of the regular files below a folder, in code-point order, unopened.

    A link is followed only to a file inside the folder. What cannot be taken goes to `refused`,
    or is raised if that is not given; hidden and system files go to `skipped`. That a file cannot
    be read is found by whoever opens it. Raises FolderMissingError.
    """
    if not folder.is_dir():
        raise FolderMissingError(
            f"There is no folder {quote_text(str(folder))}.", folder=str(folder)
        )
    gate = Gate(limits, refused, skipped)
    root = folder.resolve()
    for relative in _walk_files(root, "", gate):
        name = gate.name(relative)
        if name is None:
            continue
        try:
            yield name, _locate_file(root, relative)
        except ArchiveError as error:
            gate.refuse(relative, error)
        except OSError as error:
            gate.refuse(relative, _build_unreadable_error(relative, error))


def _walk_files(root: Path, below: str, gate: Gate) -> Iterator[str]:
    try:
        with os.scandir(root / below) as found:
            entries = sorted(found, key=_sort_key)
    except OSError as error:
        gate.refuse(below, _build_unreadable_error(below, error))
        return
    for entry in entries:
        gate.count_entry()
        relative = f"{below}/{entry.name}" if below else entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield relative
        elif explain_clutter(entry.name) is None:
            yield from _walk_files(root, relative, gate)
        else:
            gate.name(relative)


def _sort_key(entry: os.DirEntry[str]) -> str:
    """Order folders as if their slash were part of the name, which is the order of whole paths."""
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _locate_file(root: Path, relative: str) -> Path:
    # Joined as text: for each of many thousand files, Path's own joining is the larger part.
    path = Path(f"{root}/{relative}")
    mode = os.lstat(path).st_mode
    if stat.S_ISREG(mode):
        return path
    if not stat.S_ISLNK(mode):
        raise _build_special_error(relative)
    shown = quote_text(relative)
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise MemberLinkError(f"{shown} is a link to nothing.", name=shown) from error
    if not target.is_relative_to(root):
        raise MemberLinkError(f"{shown} is a link that leaves the folder.", name=shown)
    if not target.is_file():
        raise MemberLinkError(f"{shown} is a link to a folder; copy the files.", name=shown)
    return target


def _build_special_error(relative: str) -> MemberSpecialError:
    shown = quote_text(relative)
    return MemberSpecialError(f"{shown} is not a plain file.", name=shown)


def _build_unreadable_error(relative: str, error: OSError) -> MemberUnreadableError:
    shown = quote_text(relative)
    return MemberUnreadableError(f"{shown} cannot be read ({error.strerror}).", name=shown)
