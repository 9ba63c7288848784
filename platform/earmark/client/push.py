"""Bringing a folder into a dataset's draft by the upload protocol; killed, it goes on."""

import hashlib
import json
import tarfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import IO, Any, TypeVar
from urllib.parse import urlencode

from earmark.client.downloads import CHUNK, Tell, tell_nobody
from earmark.client.errors import RefusedError
from earmark.client.folder import Local, Material
from earmark.client.server import Server

POLL = 0.5  # seconds
NOT_FOUND = 404
OVER = {"done", "failed", "cancelled"}
TABLE_TYPE = {"Content-Type": "application/octet-stream"}
T = TypeVar("T")


@dataclass(slots=True)
class PushOutcome:
    """What the server took; `refused` are sentences, one for each thing wrong."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    sent: int = 0
    notes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "bytes_sent": self.sent,
            "notes": self.notes,
            "errors": self.refused,
        }


class Push:
    """One push of one folder. `state` is the file that remembers it until it is finished."""

    def __init__(self, server: Server, dataset: str, state: Path, *, threads: int = 4) -> None:
        self._server = server
        self._uploads = f"datasets/{dataset}/uploads/"
        self._dataset = dataset
        self._state = state
        self._threads = threads
        self._upload: dict[str, Any] = {}
        self._lock = Lock()
        self.done = PushOutcome()

    def clips(self, material: Material, *, dry_run: bool = False, tell: Tell = tell_nobody) -> None:
        """Send what the server lacks, then all rows, and wait for what becomes of them."""
        self.done.refused += [one.sentence(material.table) for one in material.problems]
        if not material.rows:
            return
        self._upload = self._find_resumable() or self._begin_upload()
        refused = self._send(list(material.files.values()), tell)
        rows = {path: row for path, row in material.rows.items() if path not in refused}
        self._commit(material, rows)
        if rows:
            self._finish(material, dry_run=dry_run)
        self._state.unlink(missing_ok=True)

    def events(self, table: Path, *, dry_run: bool = False) -> None:
        """Send a table of events in Earmark's own format."""
        query = {"format": "native", "name": table.name, "dry_run": str(dry_run).lower()}
        path = f"datasets/{self._dataset}/events/?{urlencode(query)}"
        report = self._server.send("POST", path, table.read_bytes, TABLE_TYPE)
        self._report(report, table.name, {})

    def _find_resumable(self) -> dict[str, Any] | None:
        """The upload of an earlier push that was cut off, unless rows wait in it already."""
        try:
            uid = json.loads(self._state.read_text(encoding="utf-8"))["upload"]
            found: dict[str, Any] = self._server.get(f"{self._uploads}{uid}/")
        except (OSError, ValueError, KeyError, TypeError):
            return None
        except RefusedError as problem:
            if problem.status != NOT_FOUND:
                raise
            return None
        # What waits may be rows that were mended since; bytes that came stay the dataset's.
        usable = not found["finished_at"] and not found["job"] and not found["waiting"]
        return found if usable else None

    def _begin_upload(self) -> dict[str, Any]:
        made: dict[str, Any] = self._server.post(self._uploads, {}, key=uuid.uuid4().hex)
        self._state.parent.mkdir(parents=True, exist_ok=True)
        self._state.write_text(json.dumps({"upload": made["uid"]}), encoding="utf-8")
        return made

    @property
    def _upload_path(self) -> str:
        return f"{self._uploads}{self._upload['uid']}/"

    def _send(self, files: Sequence[Local], tell: Tell) -> set[str]:
        """Send every file that is lacking; returns the paths of those refused."""
        limits = self._upload["limits"]
        refused: set[str] = set()
        for batch in _split_into_batches(files, limits["check_files"]):
            by_way = self._sort_by_way(batch, refused, tell)
            work: list[Callable[[], list[str]]] = [
                partial(self._pack, pack, tell)
                for pack in _split_into_packs(by_way["pack"], limits)
            ]
            work += [
                partial(self._file, file, url, way, tell)
                for way in ("put", "parts")
                for file, url in by_way[way]
            ]
            with ThreadPoolExecutor(self._threads) as pool:
                for paths in pool.map(lambda step: step(), work):
                    refused.update(paths)
        return refused

    def _sort_by_way(
        self, batch: Sequence[Local], refused: set[str], tell: Tell
    ) -> dict[str, list[tuple[Local, str]]]:
        """Sort files by how they should come; twins are sent once."""
        asked = [{"path": f.path, "sha256": f.sha256, "size": f.size} for f in batch]
        answer = self._server.post(f"{self._upload_path}check/", {"files": asked})["files"]
        by_way: dict[str, list[tuple[Local, str]]] = {"pack": [], "put": [], "parts": []}
        seen: set[str] = set()
        for file, said in zip(batch, answer, strict=True):
            if said["way"] == "refused":
                refused.add(file.path)
                self._refuse_file(file.path, said["problem"])
            elif said["way"] == "have" or file.sha256 in seen:
                tell(file.size)
            else:
                seen.add(file.sha256)
                by_way[said["way"]].append((file, said["url"] or ""))
        return by_way

    def _pack(self, pack: Sequence[Local], tell: Tell) -> list[str]:
        with TemporaryFile() as tar:
            _write_tar(tar, pack)
            size = tar.tell()
            answer = self._server.send(
                "POST",
                f"{self._upload_path}pack/",
                lambda: _read_span(tar, 0, size),
                {"Content-Type": "application/x-tar", "Content-Length": str(size)},
            )
        entries = {entry["name"]: entry for entry in answer["entries"]}
        lost = []
        for file in pack:
            entry = entries.get(file.sha256)
            if entry is None or not entry["kept"]:
                lost.append(file.path)
                problem = entry["problem"] if entry else answer["stopped"]
                self._refuse_file(file.path, problem)
            else:
                self._count_sent(file.size, tell)
        return lost

    def _file(self, file: Local, url: str, way: str, tell: Tell) -> list[str]:
        try:
            if way == "put":
                self._put(file, url, 0, file.size)
                self._count_sent(file.size, tell)
            else:
                self._parts(file, url, tell)
        except RefusedError as problem:
            if problem.status in {401, 403}:
                raise
            self._refuse_file(file.path, {"detail": problem.message})
            return [file.path]
        return []

    def _parts(self, file: Local, url: str, tell: Tell) -> None:
        size = self._upload["limits"]["part_bytes"]
        there = {part["number"]: part for part in self._server.get(url)}
        for number, at in enumerate(range(0, file.size, size), start=1):
            length = min(size, file.size - at)
            part = there.get(number)
            if (
                part
                and part["size"] == length
                and part["sha256"] == _hash_span(file.file, at, length)
            ):
                tell(length)
                continue
            self._put(file, f"{url}{number}/", at, length)
            self._count_sent(length, tell)
        self._server.post(f"{url}complete/", {"size": file.size})

    def _put(self, file: Local, url: str, at: int, length: int) -> None:
        with file.file.open("rb") as source:
            self._server.send(
                "PUT",
                url,
                lambda: _read_span(source, at, length),
                {"Content-Type": "application/octet-stream", "Content-Length": str(length)},
            )

    def _count_sent(self, count: int, tell: Tell) -> None:
        with self._lock:
            self.done.sent += count
        tell(count)

    def _commit(self, material: Material, rows: dict[str, dict[str, Any]]) -> None:
        limit = self._upload["limits"]["commit_rows"]
        for batch in _split_into_batches(rows, limit):
            sent = [
                {"path": path, "sha256": material.files[path].sha256, **rows[path]}
                for path in batch
            ]
            self._server.post(f"{self._upload_path}commit/", {"rows": sent}, key=uuid.uuid4().hex)

    def _finish(self, material: Material, *, dry_run: bool) -> None:
        key = uuid.uuid4().hex
        job = self._server.post(f"{self._upload_path}finish/", {"dry_run": dry_run}, key=key)
        while job["state"] not in OVER:
            time.sleep(POLL)
            job = self._server.get(f"jobs/{job['uid']}/")
        if job["state"] != "done":
            said = job["error"].get("message", "") or f"The job {job['uid']} was {job['state']}."
            raise RefusedError(said, answered=str(job["error"].get("code", "")))
        self._report(job["result"], material.table, material.numbers)

    def _report(self, report: dict[str, Any], table: str, numbers: dict[str, int]) -> None:
        for name in ("added", "changed", "unchanged"):
            setattr(self.done, name, getattr(self.done, name) + report[name])
        self.done.notes += report["notes"]
        for error in report["row_errors"]:
            number = numbers.get(error.get("path", ""), 0 if numbers else error["row"])
            where = f"{table} row {number}" if number else table
            path = f" ({error['path']})" if error.get("path") else ""
            self.done.refused.append(
                f"{where}{path}, column {error['column']}: {error['value']}"
                f", expected {error['expected']}"
            )
        files = report.get("file_errors", ())
        self.done.refused += [f"{error['path']}: {error['message']}" for error in files]
        named = len(report["row_errors"]) + len(files)
        hidden = report.get("errors", named) - named
        if hidden > 0:
            self.done.refused.append(f"… and {hidden} more")

    def _refuse_file(self, path: str, problem: dict[str, Any] | None) -> None:
        said = problem["detail"] if problem else "its bytes did not arrive"
        self.done.refused.append(f"{path}: {said}")


def name_state_file(address: str, dataset: str, folder: Path) -> str:
    """The name of the file that remembers a push of this folder into this dataset."""
    text = json.dumps([address, dataset, str(folder.resolve())])
    return f"push-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


def _split_into_packs(
    files: Iterable[tuple[Local, str]], limits: dict[str, int]
) -> Iterator[list[Local]]:
    pack: list[Local] = []
    size = 0
    for file, _ in files:
        if pack and (
            len(pack) >= limits["pack_entries"] or size + file.size > limits["pack_bytes"]
        ):
            yield pack
            pack, size = [], 0
        pack.append(file)
        size += file.size
    if pack:
        yield pack


def _write_tar(target: IO[bytes], pack: Sequence[Local]) -> None:
    with tarfile.open(fileobj=target, mode="w") as tar:
        for file in pack:
            info = tarfile.TarInfo(file.sha256)
            info.size = file.size
            with file.file.open("rb") as source:
                tar.addfile(info, source)


def _read_span(source: IO[bytes], at: int, length: int) -> Iterator[bytes]:
    source.seek(at)
    while length > 0:
        chunk = source.read(min(CHUNK, length))
        if not chunk:
            return
        length -= len(chunk)
        yield chunk


def _hash_span(path: Path, at: int, length: int) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as source:
        for chunk in _read_span(source, at, length):
            digest.update(chunk)
    return digest.hexdigest()


def _split_into_batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
