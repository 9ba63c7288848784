"""What the hub keeps, in one folder: blobs, large files, repositories with immutable commits."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

from tests.stand_ins.hub.web import Refusal

LARGE_SUFFIXES = tuple(
    f".{name}"
    for name in (
        *("parquet", "arrow", "zip", "gz", "tar", "bin"),
        *("wav", "flac", "mp3", "ogg", "opus", "m4a", "mp4"),
    )
)
GIT_ATTRIBUTES = "".join(f"*{s} filter=lfs diff=lfs merge=lfs -text\n" for s in LARGE_SUFFIXES)


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def short_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Entry:
    """A file in a tree; `sha256` is set where it is a large (LFS) file."""

    oid: str
    size: int
    sha256: str | None = None
    pointer_size: int = 0

    @property
    def remote_oid(self) -> str:
        return self.sha256 or self.oid


def large_entry(sha256: str, size: int) -> Entry:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return Entry(git_oid(pointer.encode()), size, sha256, len(pointer))


@dataclass(frozen=True)
class Commit:
    id: str
    parent: str | None
    title: str
    message: str
    author: str
    date: str
    tree: dict[str, Entry]


@dataclass
class Repo:
    kind: str
    id: str
    created: str
    private: bool = False
    gated: str | bool = False
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    grants: dict[str, str] = field(default_factory=dict)
    pushed: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    @property
    def url_path(self) -> str:
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"


class Store:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("blobs", "large", "parts", "xorbs", "repos"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def blob_path(self, entry: Entry) -> Path:
        if entry.sha256:
            return self.large_path(entry.sha256)
        return self.folder / "blobs" / entry.oid

    def large_path(self, sha256: str) -> Path:
        return self.folder / "large" / sha256

    def has_large(self, sha256: str) -> bool:
        return self.large_path(sha256).exists()

    def put_blob(self, content: bytes) -> Entry:
        entry = Entry(git_oid(content), len(content))
        self.blob_path(entry).write_bytes(content)
        return entry

    def put_large(self, sha256: str, blocks: Iterator[bytes]) -> int:
        """Keep the bytes if they are what their name says; return the size in bytes."""
        arriving = self.folder / "parts" / f"{sha256}.{time.monotonic_ns()}"
        digest = hashlib.sha256()
        size = 0
        with arriving.open("wb") as sink:
            for block in blocks:
                digest.update(block)
                sink.write(block)
                size += len(block)
        if digest.hexdigest() != sha256:
            arriving.unlink()
            raise Refusal(400, f"The bytes do not hash to {sha256}")
        arriving.rename(self.large_path(sha256))
        return size

    # Repositories

    def _repo_folder(self, kind: str, repo_id: str) -> Path:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo_id):
            raise Refusal(400, f"Invalid repository name: {repo_id}")
        return self.folder / "repos" / kind / repo_id

    def find(self, kind: str, repo_id: str) -> Repo | None:
        path = self._repo_folder(kind, repo_id) / "repo.json"
        return Repo(**json.loads(path.read_text())) if path.exists() else None

    def repos(self, kind: str) -> Iterator[Repo]:
        for path in sorted((self.folder / "repos" / kind).glob("*/*/repo.json")):
            yield Repo(**json.loads(path.read_text()))

    def save(self, repo: Repo) -> None:
        folder = self._repo_folder(repo.kind, repo.id)
        fresh = folder / f"repo.{time.monotonic_ns()}"
        fresh.write_text(json.dumps(asdict(repo), indent=1))
        fresh.replace(folder / "repo.json")

    def create(self, kind: str, repo_id: str, author: str, *, private: bool) -> Repo:
        (self._repo_folder(kind, repo_id) / "commits").mkdir(parents=True, exist_ok=True)
        repo = Repo(kind, repo_id, now(), private=private)
        tree = {".gitattributes": self.put_blob(GIT_ATTRIBUTES.encode())}
        first = self.write_commit(repo, tree, parent=None, title="initial commit", author=author)
        repo.branches["main"] = first.id
        self.save(repo)
        return repo

    def delete(self, repo: Repo) -> None:
        shutil.rmtree(self._repo_folder(repo.kind, repo.id))

    def move(self, repo: Repo, repo_id: str) -> None:
        target = self._repo_folder(repo.kind, repo_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        self._repo_folder(repo.kind, repo.id).rename(target)
        repo.id = repo_id
        self.save(repo)

    # Commits

    def write_commit(
        self,
        repo: Repo,
        tree: dict[str, Entry],
        *,
        parent: str | None,
        title: str,
        author: str,
        message: str = "",
    ) -> Commit:
        date = now()
        names = sorted((path, entry.oid) for path, entry in tree.items())
        unique = json.dumps([names, parent, title, message, author, date, time.time_ns()])
        oid = hashlib.sha1(b"commit " + unique.encode()).hexdigest()
        commit = Commit(oid, parent, title, message, author, date, tree)
        self._commit_path(repo, oid).write_text(json.dumps(asdict(commit)))
        return commit

    def _commit_path(self, repo: Repo, oid: str) -> Path:
        return self._repo_folder(repo.kind, repo.id) / "commits" / f"{oid}.json"

    def commit(self, repo: Repo, oid: str) -> Commit:
        read: dict[str, Any] = json.loads(self._commit_path(repo, oid).read_text())
        tree = {path: Entry(**entry) for path, entry in read.pop("tree").items()}
        return Commit(tree=tree, **read)

    def history(self, repo: Repo, oid: str | None) -> Iterator[Commit]:
        while oid is not None:
            commit = self.commit(repo, oid)
            yield commit
            oid = commit.parent

    def forget_commit(self, repo: Repo, oid: str) -> None:
        self._commit_path(repo, oid).unlink(missing_ok=True)

    def resolve(self, repo: Repo, revision: str) -> Commit:
        """Return the commit that a branch, tag, full or short id names; quoted or not."""
        name = unquote(revision)
        oid = self._named(repo, name)
        if oid is None and re.fullmatch("[0-9a-f]{7,40}", name):
            folder = self._repo_folder(repo.kind, repo.id) / "commits"
            found = [path.stem for path in folder.glob(f"{name}*.json")]
            oid = found[0] if len(found) == 1 else None
        if oid is None:
            raise Refusal(404, f"Invalid rev id: {name}", "RevisionNotFound")
        return self.commit(repo, oid)

    def _named(self, repo: Repo, name: str) -> str | None:
        if name == "HEAD":
            return repo.branches["main"]
        if name.startswith("refs/heads/"):
            return repo.branches.get(name.removeprefix("refs/heads/"))
        if name.startswith("refs/tags/"):
            return repo.tags.get(name.removeprefix("refs/tags/"))
        return repo.branches.get(name) or repo.tags.get(name)


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while block := stream.read(1 << 20):
        yield block
