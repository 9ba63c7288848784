"""Parts of a release, and the papers that go with any: attribution and licence texts."""

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path
from typing import IO, cast

from earmark.client.downloads import CHUNK
from earmark.client.errors import NotReachedError
from earmark.client.references import locate_file
from earmark.client.releases import Release
from earmark.client.server import ATTEMPTS, MOMENTARY, Server, pause_before_retry

ATTRIBUTION = "ATTRIBUTION.csv"
LICENCES = "LICENSES/"
PAPER_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """Which clips: `words` as they were asked for, `paths` as the server answered.

    `size` in bytes. None for `paths` is the whole release.
    """

    words: dict[str, list[str]] = field(default_factory=dict)
    paths: frozenset[str] | None = None
    size: int = 0


WHOLE = Part()


def choose_part(server: Server, release: Release, words: dict[str, list[str]]) -> Part:
    """Ask which clips the words choose; RefusedError where they name nothing."""
    if not words:
        return Part(size=release.size)
    address = release.address("manifest/", words)
    for attempt in range(ATTEMPTS):
        try:
            with server.stream(address, {}) as response:
                rows = [json.loads(line) for line in response.iter_lines()][1:]
        except MOMENTARY as problem:
            pause_before_retry(attempt, problem)
        else:
            paths = frozenset(row["path"] for row in rows)
            return Part(words, paths, sum(row["size"] for row in rows))
    raise NotReachedError("The server did not answer.")


def fetch_papers(server: Server, release: Release, folder: Path, part: Part) -> None:
    """Write the attribution and the licence texts: the head of the part's tar, read no further."""
    if (folder / ATTRIBUTION).exists():
        return
    for attempt in range(ATTEMPTS):
        try:
            with server.stream(release.address("archive/", part.words), {}) as response:
                _unpack_papers(_Reader(response.iter_raw(CHUNK)), folder)
        except (*MOMENTARY, tarfile.ReadError) as problem:
            pause_before_retry(attempt, problem)
        else:
            return


def _unpack_papers(source: "_Reader", folder: Path) -> None:
    attribution = None
    with tarfile.open(fileobj=cast("IO[bytes]", source), mode="r|") as tar:
        for entry in tar:
            # All lies in one folder of the tar.
            name = entry.name.partition("/")[2]
            if name.startswith("audio/"):
                break
            is_paper = name == ATTRIBUTION or name.startswith(LICENCES)
            if not (is_paper and entry.isfile() and entry.size <= PAPER_BYTES):
                continue
            file = tar.extractfile(entry)
            assert file is not None
            if name == ATTRIBUTION:
                attribution = file.read()
                continue
            target = locate_file(folder, name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read())
    if attribution is not None:
        # Last: it says that the papers are whole.
        (folder / ATTRIBUTION).write_bytes(attribution)


class _Reader(RawIOBase):
    """A response's pieces as a file that is read forwards."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while len(self._rest) < size or size < 0:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._rest += piece
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken
