"""One file from the server to the disk, whole or not at all; goes on where it was cut off."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import httpx2

from earmark.client.errors import DiffersError, RefusedError
from earmark.client.server import MOMENTARY, Server, pause_before_retry

CHUNK = 256 * 1024
UNSATISFIABLE = 416
PARTIAL = 206
_SPAN = re.compile(r"bytes (\d+)-\d+/\d+")
Tell = Callable[[int], None]


class StoppedError(Exception):
    """The person stopped the work, or another file failed for good."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to fetch: its address, where it goes, and what it must be.

    `part` holds what came so far, beside the other files under way.
    """

    address: str
    target: Path
    part: Path
    sha256: str
    size: int


def tell_nobody(count: int) -> None:
    """Tell nobody."""


def is_there(item: Item) -> bool:
    """Whether the target holds exactly the bytes it should."""
    try:
        if item.target.stat().st_size != item.size:
            return False
    except FileNotFoundError:
        return False
    return hash_file(item.target) == item.sha256


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_file(server: Server, item: Item, *, stop: Event, tell: Tell = tell_nobody) -> None:
    """Bring the file; `tell` hears of each piece's bytes.

    Raises DiffersError if other bytes came twice, RefusedError, NotReachedError, StoppedError.
    """
    attempt = mismatches = 0
    while True:
        try:
            _append_missing(server, item, stop, tell)
        except MOMENTARY as problem:
            pause_before_retry(attempt, problem)
            attempt += 1
            continue
        found = hash_file(item.part)
        if found == item.sha256:
            break
        tell(-item.part.stat().st_size)
        item.part.unlink()
        mismatches += 1
        if mismatches > 1:
            raise DiffersError(
                f"{item.target.name}: other bytes came than the release names"
                f" (sha256 {found}, not {item.sha256})."
            )
    item.target.parent.mkdir(parents=True, exist_ok=True)
    item.part.replace(item.target)


def _append_missing(server: Server, item: Item, stop: Event, tell: Tell) -> None:
    """Ask for what is missing of the part and append it."""
    at = item.part.stat().st_size if item.part.exists() else 0
    if at > item.size:
        item.part.unlink()
        at = 0
    if at == item.size and at:
        return
    headers = {"Range": f"bytes={at}-", "If-Range": f'"{item.sha256}"'} if at else {}
    try:
        with server.stream(item.address, headers) as response:
            if not _is_continuation(response, at):
                tell(-at)
                at = 0
            with item.part.open("r+b" if at else "wb") as file:
                file.seek(at)
                _write_chunks(response, file.write, item.size - at, stop, tell)
    except RefusedError as problem:
        if problem.status != UNSATISFIABLE:
            raise
        tell(-at)
        item.part.unlink()


def _write_chunks(
    response: httpx2.Response, write: Callable[[bytes], int], room: int, stop: Event, tell: Tell
) -> None:
    for chunk in response.iter_raw(CHUNK):
        if stop.is_set():
            raise StoppedError
        room -= len(chunk)
        if room < 0:
            raise DiffersError("The server sent more bytes than the release names.")
        tell(write(chunk))


def _is_continuation(response: httpx2.Response, at: int) -> bool:
    """Whether the answer begins where the part ends; a whole file begins at 0."""
    if response.status_code != PARTIAL:
        return at == 0
    match = _SPAN.fullmatch(response.headers.get("Content-Range", ""))
    return match is not None and int(match[1]) == at
