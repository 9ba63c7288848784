"""How a version too large for one listing is cut: one directory per split and shard.

A shard holds at most SHARD_LIMIT clips, and a split has a power of two of them, chosen by the
leading bits of the SHA-256 of the clip id: a change touches one shard, and growth halves each.
Nothing but one line per clip is held on the way, and those wait on the disk.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from apps.storage.errors import PathUnsafeError

SHARD_LIMIT = 40_000
UNSPLIT = "unsplit"
_SPLIT = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HASH_BITS = 32
_HASH_DIGITS = _HASH_BITS // 4

Line = tuple[str, str, int]


@dataclass
class _Split:
    spool: TextIO
    clips: int = 0


class ShardSorter:
    """Clips in, in order of their paths; then `shards`, each with its lines in that order."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._files = ExitStack()
        self._splits: dict[str, _Split] = {}

    def add(self, split: str | None, clip_id: str, line: Line) -> None:
        """Take one clip; raises PathUnsafeError for a split that cannot name a folder."""
        name = split or UNSPLIT
        if name not in self._splits:
            self._splits[name] = _Split(self._open(name))
        bits = hashlib.sha256(clip_id.encode()).hexdigest()[:_HASH_DIGITS]
        self._splits[name].spool.write(f"{bits}{json.dumps(line)}\n")
        self._splits[name].clips += 1

    def shards(self) -> Iterator[tuple[str, Iterable[Line]]]:
        """Yield `<split>/sNNNN` and its lines, to be read before the next is asked for."""
        self._files.close()
        for name, split in sorted(self._splits.items()):
            bits = (max(0, split.clips - 1) // SHARD_LIMIT).bit_length()
            for number, path in enumerate(self._distribute(name, bits)):
                yield f"{name}/s{number:04}", _read_lines(path)
                path.unlink()

    def _open(self, name: str) -> TextIO:
        if not _SPLIT.fullmatch(name):
            raise PathUnsafeError(
                f"The split {name!r} cannot name a folder; use lower-case letters, digits, '-'"
                " and '_', beginning with a letter.",
                split=name,
            )
        return self._files.enter_context(self._spool(name).open("w", encoding="ascii"))

    def _spool(self, name: str) -> Path:
        return self._work / f"split-{name}"

    def _distribute(self, name: str, bits: int) -> list[Path]:
        paths = [self._work / f"shard-{number}" for number in range(1 << bits)]
        shift = _HASH_BITS - bits
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("w", encoding="ascii")) for path in paths]
            spool = stack.enter_context(self._spool(name).open(encoding="ascii"))
            for row in spool:
                files[int(row[:_HASH_DIGITS], 16) >> shift].write(row[_HASH_DIGITS:])
        self._spool(name).unlink()
        return paths


def _read_lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="ascii") as rows:
        for row in rows:
            relpath, oid, size = json.loads(row)
            yield relpath, oid, size
