"""Taking a release: tables, papers and audio into a folder laid out as DVC lays it out."""

from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event, Lock
from typing import Any

from datasets_catalog.errors import EarmarkError
from earmark.client.downloads import Item, StoppedError, Tell, fetch_file, is_there, tell_nobody
from earmark.client.errors import (
    DiffersError,
    NotReachedError,
    RefusedError,
)
from earmark.client.notes import Note, claim_folder, write_chosen_paths
from earmark.client.parts import WHOLE, Part, fetch_papers
from earmark.client.references import locate_file
from earmark.client.release_tables import CLIPS, EVENTS, File, iterate_files, prove_tables
from earmark.client.releases import Release
from earmark.client.server import Server

UNDER_WAY = ".earmark"
# Beyond these every other file would fail too.
FOR_ALL = {401, 403, 404, 410}


@dataclass(slots=True)
class PullOutcome:
    """What came, what was there already, and what failed with its reason."""

    folder: Path
    release: Release
    fetched: int = 0
    present: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "folder": str(self.folder),
            "dataset": self.release.dataset,
            "version": self.release.version,
            "root": self.release.root,
            "fetched": self.fetched,
            "present": self.present,
            "failed": self.failed,
        }


def pull_release(
    server: Server,
    release: Release,
    folder: Path,
    *,
    threads: int = 8,
    part: Part = WHOLE,
    tell: Tell = tell_nobody,
) -> PullOutcome:
    """Bring the release, or a part of it, into the folder; killed, the same call goes on.

    First the tables: the root computed from them must be the release's, so that every hash the
    audio is held against is one that people signed for. A part has the whole tables too.
    """
    claim_folder(folder, Note(release.dataset, release.version, release.root, part.words))
    fetch_tables(server, release, folder)
    check_root(folder, release)
    fetch_papers(server, release, folder, part)
    pulled = PullOutcome(folder, release)
    chosen = part.paths
    if chosen is not None:
        write_chosen_paths(folder, chosen)
    items = (
        build_clip_item(release, folder, file)
        for file in iterate_files(folder)
        if chosen is None or file.path in chosen
    )
    _fetch_all(server, items, pulled, threads=threads, tell=tell)
    _tidy_folder(folder)
    return pulled


def fetch_tables(server: Server, release: Release, folder: Path) -> None:
    parts = folder / UNDER_WAY
    parts.mkdir(exist_ok=True)
    for name in (CLIPS, EVENTS):
        address = release.address(f"tables/{name}")
        said = server.head(address)
        item = Item(
            address,
            folder / name,
            parts / name,
            said.headers.get("ETag", "").strip('"'),
            int(said.headers.get("Content-Length", "0")),
        )
        if not is_there(item):
            fetch_file(server, item, stop=Event())


def check_root(folder: Path, release: Release) -> None:
    proof = prove_tables(folder)
    if proof.root != release.root:
        raise DiffersError(
            f"The tables give the root {proof.root}, the release states {release.root}:"
            " nothing here is to be trusted. Tell the people of the dataset."
        )


def build_clip_item(release: Release, folder: Path, file: File) -> Item:
    return Item(
        release.address(f"clips/{file.clip_id}/audio/"),
        locate_file(folder / "audio", file.path),
        folder / UNDER_WAY / f"{file.clip_id}.part",
        file.sha256,
        file.size,
    )


def _fetch_all(
    server: Server, items: Iterable[Item], pulled: PullOutcome, *, threads: int, tell: Tell
) -> None:
    """Fetch with so many threads; a refusal that would meet every file ends it all."""
    stop, lock = Event(), Lock()

    def one(item: Item) -> bool:
        def tell_locked(count: int) -> None:
            with lock:
                tell(count)

        if stop.is_set():
            raise StoppedError
        if is_there(item):
            tell_locked(item.size)
            return False
        if item.part.exists():
            tell_locked(item.part.stat().st_size)
        fetch_file(server, item, stop=stop, tell=tell_locked)
        return True

    with ThreadPoolExecutor(threads) as pool:
        waiting: dict[Future[bool], Item] = {}
        source = iter(items)
        try:
            while True:
                room = threads * 2 - len(waiting)
                waiting |= {pool.submit(one, item): item for item in islice(source, room)}
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    _settle_file(future, waiting.pop(future), pulled)
        finally:
            stop.set()


def _settle_file(future: Future[bool], item: Item, pulled: PullOutcome) -> None:
    try:
        fresh = future.result()
    except RefusedError as problem:
        if problem.status in FOR_ALL:
            raise
        pulled.failed[str(item.target)] = problem.message
    except NotReachedError:
        raise
    except EarmarkError as problem:
        pulled.failed[str(item.target)] = problem.message
    else:
        pulled.fetched += fresh
        pulled.present += not fresh


def _tidy_folder(folder: Path) -> None:
    """Remove the folder of files under way once nothing is."""
    parts = folder / UNDER_WAY
    if parts.is_dir() and not any(parts.iterdir()):
        parts.rmdir()
