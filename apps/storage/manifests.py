"""DVC's own formats: directory listings, `.dvc` files, and how a version is cut into them.

A listing (`.dir` object) is the JSON that `dvc_data.hashfile.tree.Tree` writes: entries sorted
by relative path in code-point order, keys sorted, `", "` and `": "` between, ASCII only.
A `.dvc` file is YAML as DVC dumps it. Both are compared with DVC itself in the tests.
"""

from __future__ import annotations

import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import IO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from apps.storage.errors import PathUnsafeError, UnsortedError, VersionDamagedError
from apps.storage.listing_shards import Line, ShardSorter

# Clients read a whole listing to fetch one file: beyond this, versions are cut into shards.
FLAT_LIMIT = 100_000
DATA = "data"
AUDIO = "audio/"
LICENSES = "LICENSES/"
# DVC never looks below these, reads them as orders, or leaves them out of `dvc get` silently.
RESERVED_NAMES = frozenset({"", ".", "..", ".dvcignore", ".git", ".hg", "dvc.lock", "dvc.yaml"})
RESERVED_SUFFIX = ".dvc"
_OID = re.compile(r"[0-9a-f]{32}(\.dir)?")
_LINES_AT_ONCE = 4096
# Every path that check_path refuses, wrapped in slashes, holds one of these.
_SUSPICIOUS = ("//", "/./", "/../", ".dvc", "/dvc.", "/.git/", "/.hg/", "\0")


@dataclass(frozen=True, slots=True)
class VersionFile:
    """One file of a version; `relpath` is relative to `data/`.

    A clip's file lies under `audio/` and carries its clip id and split, which choose its shard.
    """

    relpath: str
    oid: str
    size: int
    clip_id: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Out:
    """What one `.dvc` file tracks, at `path` in the repository.

    `nfiles` is None for a single file; `size` is in bytes and counts twins twice, as DVC does.
    """

    path: str
    oid: str
    size: int
    nfiles: int | None = None


def write_listing(file: IO[bytes], lines: Iterable[Line]) -> tuple[int, int]:
    """Write a directory listing; returns how many files it names and the sum of their sizes.

    `lines` are (relpath, oid, size). Raises UnsortedError and PathUnsafeError.
    """
    names = _Names()
    nfiles = size = 0
    rest = iter(lines)
    while some := list(islice(rest, _LINES_AT_ONCE)):
        names.add([relpath for relpath, _, _ in some])
        entries = ", ".join(
            f'{{"md5": "{oid}", "relpath": {encode_basestring_ascii(relpath)}}}'
            for relpath, oid, _ in some
        )
        file.write(f"{', ' if nfiles else '['}{entries}".encode("ascii"))
        nfiles += len(some)
        size += sum(length for _, _, length in some)
    names.check_clashes()
    file.write(b"]" if nfiles else b"[]")
    return nfiles, size


class _Names:
    """The paths of one listing, checked many at a time: one by one costs more than writing."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        self._last: str | None = None

    def add(self, paths: Sequence[str]) -> None:
        """Raise UnsortedError or PathUnsafeError for the first path that is wrong."""
        joined = f"/{'/ /'.join(paths)}/"
        if not joined.isascii() or any(mark in joined for mark in _SUSPICIOUS):
            for path in paths:
                check_path(path)
        for before, after in pairwise(paths if self._last is None else [self._last, *paths]):
            if before >= after:
                raise UnsortedError(
                    f"{after!r} came after {before!r}; files must come once each, in the order of"
                    " their code points.",
                    path=after,
                )
        self._last = paths[-1]
        self._files.update(paths)
        for folder in {path.rpartition("/")[0] for path in paths} - self._folders - {""}:
            parts = folder.split("/")
            self._folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))

    def check_clashes(self) -> None:
        """Raise PathUnsafeError when a name is both a file and a folder."""
        if clash := min(self._files & self._folders, default=None):
            raise PathUnsafeError(
                f"{clash!r} is both a file and a folder; rename one of them.", path=clash
            )


def check_path(relpath: str) -> None:
    """Refuse (PathUnsafeError) a path that DVC, git or a file system cannot hold."""
    try:
        relpath.encode()
    except UnicodeEncodeError:
        raise PathUnsafeError(
            f"{relpath!r} is not valid Unicode; rename the file.", path=ascii(relpath)
        ) from None
    parts = relpath.split("/")
    if "\0" in relpath or any(
        part in RESERVED_NAMES or part.endswith(RESERVED_SUFFIX) for part in parts
    ):
        raise PathUnsafeError(
            f"{relpath!r} cannot be a path of a version: no part may be empty, '.' or '..', end in"
            " '.dvc', or be '.dvcignore', 'dvc.yaml', 'dvc.lock', '.git' or '.hg'. Rename it.",
            path=relpath,
        )


def render_dvc_file(out: Out) -> bytes:
    """Render the `.dvc` file that `dvc add` writes for this out."""
    entry: dict[str, str | int] = {"md5": out.oid, "size": out.size}
    if out.nfiles is not None:
        entry["nfiles"] = out.nfiles
    entry |= {"hash": "md5", "path": out.path.rpartition("/")[2]}
    stream = io.BytesIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.dump({"outs": [entry]}, stream)
    return stream.getvalue()


def read_dvc_file(path: str, content: bytes) -> Out:
    """Read the one out of a `.dvc` file of ours; raises VersionDamagedError."""
    try:
        (entry,) = YAML(typ="safe", pure=True).load(content)["outs"]
        nfiles = int(entry["nfiles"]) if "nfiles" in entry else None
        out = Out(str(entry["path"]), str(entry["md5"]), int(entry["size"]), nfiles)
    except (YAMLError, ValueError, KeyError, TypeError):
        out = None
    if out is None or entry.get("hash") != "md5" or not _OID.fullmatch(out.oid):
        raise VersionDamagedError(f"{path} is not a .dvc file as we write them.", path=path)
    folder = path.rpartition("/")[0]
    return replace(out, path=f"{folder}/{out.path}") if folder else out


def cut_version(
    files: Iterable[VersionFile], *, keep: Callable[[Path], str], work: Path
) -> list[Out]:
    """Write the listings of a version; `keep` takes a finished listing and answers its oid.

    Up to FLAT_LIMIT files are one directory, `data`. Beyond, clips move from `audio/<path>` to
    `<split>/sNNNN/<path>` (see `listing_shards.py`) and the other files are tracked one by one, the
    licence texts as a directory. At most FLAT_LIMIT files are held in memory, the rest in `work`.
    """
    rest = iter(files)
    head = list(islice(rest, FLAT_LIMIT + 1))
    if len(head) <= FLAT_LIMIT:
        lines = ((file.relpath, file.oid, file.size) for file in head)
        return [_track_listing(DATA, lines, keep, work)]
    sorter = ShardSorter(work)
    others = _sort_clips(_chain_files(head, rest), sorter)
    outs = list(_track_others(others, keep, work))
    outs += (_track_listing(f"{DATA}/{name}", lines, keep, work) for name, lines in sorter.shards())
    return sorted(outs, key=lambda out: out.path)


def render_ignore_files(outs: Iterable[Out]) -> dict[str, bytes]:
    """Render the `.gitignore` files that `dvc add` leaves beside these outs."""
    folders: dict[str, list[str]] = defaultdict(list)
    for out in outs:
        folder, _, name = out.path.rpartition("/")
        folders[f"{folder}/.gitignore" if folder else ".gitignore"].append(f"/{name}\n")
    return {path: "".join(lines).encode() for path, lines in folders.items()}


def read_listing(content: bytes) -> list[tuple[str, str]]:
    """Entries of a listing as (relpath, oid); raises VersionDamagedError."""
    try:
        return [(entry["relpath"], entry["md5"]) for entry in json.loads(content)]
    except (ValueError, KeyError, TypeError):
        raise VersionDamagedError("A directory listing cannot be read.") from None


def find_in_listing(content: bytes, relpath: str) -> str | None:
    """Find the oid of one entry without parsing the rest.

    Quotes inside strings are escaped, so the search cannot end inside another name.
    """
    end = content.find(f'"relpath": {encode_basestring_ascii(relpath)}}}'.encode("ascii"))
    if end < 0:
        return None
    return content[end - 35 : end - 3].decode("ascii")


def _chain_files(head: list[VersionFile], rest: Iterator[VersionFile]) -> Iterator[VersionFile]:
    head.reverse()
    while head:
        yield head.pop()
    yield from rest


def _sort_clips(files: Iterable[VersionFile], sorter: ShardSorter) -> list[VersionFile]:
    """Hand clips to the sorter; what is no clip comes back."""
    others = []
    for file in files:
        if file.clip_id is None:
            others.append(file)
        else:
            line = (file.relpath.removeprefix(AUDIO), file.oid, file.size)
            sorter.add(file.split, file.clip_id, line)
    return others


def _track_others(
    files: Iterable[VersionFile], keep: Callable[[Path], str], work: Path
) -> Iterator[Out]:
    licences = []
    for file in files:
        if file.relpath.startswith(LICENSES):
            licences.append((file.relpath.removeprefix(LICENSES), file.oid, file.size))
        else:
            check_path(file.relpath)
            yield Out(f"{DATA}/{file.relpath}", file.oid, file.size)
    if licences:
        yield _track_listing(f"{DATA}/{LICENSES}".rstrip("/"), licences, keep, work)


def _track_listing(
    path: str, lines: Iterable[Line], keep: Callable[[Path], str], work: Path
) -> Out:
    name = work / "listing"
    with name.open("wb") as file:
        nfiles, size = write_listing(file, lines)
    return Out(path, keep(name), size, nfiles)
