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
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from json.encoder import encode_basestring_ascii
from pathlib import Path
from typing import IO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from apps.storage.errors import PathUnsafeError, UnsortedError, VersionDamagedError
from apps.storage.shards import Line, ShardSorter

# Clients read a whole listing to fetch one file: beyond this, versions are cut into shards.
FLAT_LIMIT = 100_000
DATA = "data"
AUDIO = "audio/"
LICENSES = "LICENSES/"
# DVC never looks below these, reads them as orders, or leaves them out of `dvc get` silently.
RESERVED_NAMES = frozenset({"", ".", "..", ".dvcignore", ".git", ".hg", "dvc.lock", "dvc.yaml"})
RESERVED_SUFFIX = ".dvc"
_OID = re.compile(r"[0-9a-f]{32}(\.dir)?")
_BUFFERED_ENTRIES = 4096


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


@dataclass
class Listing:
    """A directory listing being written: `add` in order, then `close`."""

    file: IO[bytes]
    size: int = 0
    nfiles: int = 0
    _last: str = ""
    _lines: list[str] = field(default_factory=list)
    _names: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)

    def add(self, relpath: str, oid: str, size: int) -> None:
        """Append an entry; raises UnsortedError and PathUnsafeError."""
        if relpath <= self._last and self.nfiles:
            raise UnsortedError(
                f"{relpath!r} came after {self._last!r}; files must come once each, in the order"
                " of their code points.",
                path=relpath,
            )
        self._note(relpath)
        self._lines.append(
            f'{", " if self.nfiles else "["}{{"md5": "{oid}",'
            f' "relpath": {encode_basestring_ascii(relpath)}}}'
        )
        self._last = relpath
        self.nfiles += 1
        self.size += size
        if len(self._lines) >= _BUFFERED_ENTRIES:
            self._write()

    def close(self) -> None:
        """Finish; raises PathUnsafeError when a name is both a file and a folder."""
        if clash := next(iter(self._names & self._folders), None):
            raise PathUnsafeError(
                f"{clash!r} is both a file and a folder; rename one of them.", path=clash
            )
        self._lines.append("]" if self.nfiles else "[]")
        self._write()

    def _write(self) -> None:
        self.file.write("".join(self._lines).encode("ascii"))
        self._lines.clear()

    def _note(self, relpath: str) -> None:
        folder, _, name = relpath.rpartition("/")
        new_folder = folder not in self._folders
        if new_folder or _needs_check(relpath, name):
            check_path(relpath)
        if new_folder and folder:
            parts = folder.split("/")
            self._folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
        self._names.add(relpath)


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


def _needs_check(relpath: str, name: str) -> bool:
    return (
        name in RESERVED_NAMES
        or name.endswith(RESERVED_SUFFIX)
        or "\0" in relpath
        or not relpath.isascii()
    )


def dvc_file(out: Out) -> bytes:
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


def cut(files: Iterable[VersionFile], *, keep: Callable[[Path], str], work: Path) -> list[Out]:
    """Write the listings of a version; `keep` takes a finished listing and answers its oid.

    Up to FLAT_LIMIT files are one directory, `data`. Beyond, clips move from `audio/<path>` to
    `<split>/sNNNN/<path>` (see `shards.py`) and the other files are tracked one by one, the
    licence texts as a directory. At most FLAT_LIMIT files are held in memory, the rest in `work`.
    """
    rest = iter(files)
    head = list(islice(rest, FLAT_LIMIT + 1))
    if len(head) <= FLAT_LIMIT:
        lines = ((file.relpath, file.oid, file.size) for file in head)
        return [_listed(DATA, lines, keep, work)]
    sorter = ShardSorter(work)
    others = _sort_clips(_drain(head, rest), sorter)
    outs = list(_track_others(others, keep, work))
    outs += (_listed(f"{DATA}/{name}", lines, keep, work) for name, lines in sorter.shards())
    return sorted(outs, key=lambda out: out.path)


def ignore_files(outs: Iterable[Out]) -> dict[str, bytes]:
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


def _drain(head: list[VersionFile], rest: Iterator[VersionFile]) -> Iterator[VersionFile]:
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
        yield _listed(f"{DATA}/{LICENSES}".rstrip("/"), licences, keep, work)


def _listed(path: str, lines: Iterable[Line], keep: Callable[[Path], str], work: Path) -> Out:
    name = work / "listing"
    with name.open("wb") as file:
        listing = Listing(file)
        for line in lines:
            listing.add(*line)
        listing.close()
    return Out(path, keep(name), listing.size, listing.nfiles)
