"""Proving that a folder, or what a server gives out, is a release down to its root."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from earmark.client.downloads import CHUNK, Tell, hash_file, tell_nobody
from earmark.client.errors import DiffersError, NothingThereError
from earmark.client.notes import read_chosen_paths
from earmark.client.pull import build_clip_item, check_root, fetch_tables
from earmark.client.references import locate_file
from earmark.client.release_tables import CLIPS, EVENTS, File, iterate_files, prove_tables
from earmark.client.releases import Release
from earmark.client.server import ATTEMPTS, MOMENTARY, Server, pause_before_retry


@dataclass(slots=True)
class VerifyOutcome:
    """What was proved: `problems` names each file that is not as the release says."""

    subject: str
    root: str
    clips: int = 0
    problems: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "root": self.root,
            "clips": self.clips,
            "problems": self.problems,
        }


def verify_folder(
    folder: Path, root: str, *, threads: int = 8, tell: Tell = tell_nobody
) -> VerifyOutcome:
    """Compute the root from the folder's tables and hash every file that they name.

    In a folder that holds a part, the files of the part.

    Raises NothingThereError without tables and DiffersError where they give another root.
    """
    if not (folder / CLIPS).is_file() or not (folder / EVENTS).is_file():
        raise NothingThereError(f"{folder} lacks {CLIPS} or {EVENTS}: it is no whole release.")
    proof = prove_tables(folder)
    if proof.root != root:
        raise DiffersError(f"The tables in {folder} give the root {proof.root}, not {root}.")
    done = VerifyOutcome(str(folder), root)
    chosen = read_chosen_paths(folder)
    files = (file for file in iterate_files(folder) if chosen is None or file.path in chosen)
    named: set[Path] = set()

    def look(file: File) -> tuple[Path, str]:
        path = locate_file(folder / "audio", file.path)
        problem = _check_file(path, file)
        tell(file.size)
        return path, problem

    with ThreadPoolExecutor(threads) as pool:
        for path, problem in pool.map(look, files):
            named.add(path)
            done.clips += 1
            if problem:
                done.problems[path.relative_to(folder).as_posix()] = problem
    for path in _find_strangers(folder / "audio", named):
        done.problems[path.relative_to(folder).as_posix()] = "not in the release"
    return done


def _check_file(path: Path, file: File) -> str:
    if not path.is_file():
        return "missing"
    if path.stat().st_size != file.size or hash_file(path) != file.sha256:
        return "changed"
    return ""


def _find_strangers(audio: Path, named: set[Path]) -> Iterator[Path]:
    return (path for path in sorted(audio.rglob("*")) if path.is_file() and path not in named)


def verify_release(
    server: Server, release: Release, *, threads: int = 8, tell: Tell = tell_nobody
) -> VerifyOutcome:
    """Fetch every byte of the release, keep none, and compute its root from its tables."""
    done = VerifyOutcome(f"{release.dataset} {release.version}", release.root)
    with TemporaryDirectory(prefix="earmark-") as name:
        folder = Path(name)
        fetch_tables(server, release, folder)
        check_root(folder, release)

        def look(file: File) -> tuple[str, str]:
            address = build_clip_item(release, folder, file).address
            found = _hash_address(server, address, tell)
            return file.path, "" if found == (file.sha256, file.size) else "other bytes came"

        with ThreadPoolExecutor(threads) as pool:
            for path, problem in pool.map(look, iterate_files(folder)):
                done.clips += 1
                if problem:
                    done.problems[f"audio/{path}"] = problem
    return done


def _hash_address(server: Server, address: str, tell: Tell) -> tuple[str, int]:
    """SHA-256 and size of what an address gives."""
    for attempt in range(ATTEMPTS):
        digest, size = hashlib.sha256(), 0
        try:
            with server.stream(address, {}) as response:
                for chunk in response.iter_raw(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    tell(len(chunk))
        except MOMENTARY as problem:
            tell(-size)
            pause_before_retry(attempt, problem)
        else:
            return digest.hexdigest(), size
    raise AssertionError("pause raises after the last attempt")
