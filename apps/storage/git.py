"""Bare git repositories, one per dataset, written without a work tree.

One writer at a time holds a repository (a lock the kernel drops when the process dies). Objects
are written first, then the branch, then the tag: a crash leaves the old state or one that the
same call completes. What is written is flushed to the disk.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pygit2
from pygit2.enums import FileMode, ObjectType, Option

from apps.storage.errors import VersionBranchMovedError, VersionExistsError, VersionUnknownError

MAIN = "refs/heads/main"

pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)  # noqa: FBT003 - its signature


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a version is called and says; `after` is the tag it follows, None the tip of main."""

    tag: str
    message: str
    at: datetime
    author: Author
    after: str | None = None

    @property
    def signature(self) -> pygit2.Signature:
        seconds = int(self.at.astimezone(UTC).timestamp())
        return pygit2.Signature(self.author.name, self.author.email, seconds, 0)


@contextmanager
def open_for_writing(path: Path) -> Iterator[pygit2.Repository]:
    """Hold the repository at `path`, made when there is none, for this writer alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        # Between processes of one machine; the kernel lets go of it when a writer dies.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _create_repository(path)
        # With the lock held nobody else writes: what git left locked, a killed writer left.
        _remove_stale_locks(path)
        repository = pygit2.Repository(str(path))
        try:
            yield repository
        finally:
            repository.free()


@contextmanager
def open_for_reading(path: Path) -> Iterator[pygit2.Repository]:
    """Open a repository; raises VersionUnknownError when there is none."""
    if not path.exists():
        raise VersionUnknownError("Nothing was published from this dataset yet.")
    repository = pygit2.Repository(str(path))
    try:
        yield repository
    finally:
        repository.free()


def commit_tree(
    repository: pygit2.Repository, files: Mapping[str, bytes], stamp: Stamp
) -> pygit2.Commit:
    """Commit exactly these files and tag the commit.

    Done already: answers the commit that is there. Raises VersionExistsError when the tag
    names other content, VersionBranchMovedError when another program moved main in between.
    """
    tree = _write_tree(repository, files)
    existing = find_tag(repository, stamp.tag)
    if existing is not None:
        if existing.tree_id != tree:
            raise VersionExistsError(
                f"{stamp.tag} names other content already and version tags never move; choose the"
                " next version number.",
                tag=stamp.tag,
            )
        return existing
    main = repository.references.get(MAIN)
    tip = None if main is None else main.peel(pygit2.Commit)
    commit = _write_commit(repository, tree, stamp, tip)
    follows = tip is None or tip.id in commit.parent_ids
    # Main before the tag: a tag says that the version is whole, and is looked for first when a
    # killed writer comes again.
    if follows:
        _advance_main(repository, main, commit)
    repository.create_tag(stamp.tag, commit.id, ObjectType.COMMIT, stamp.signature, stamp.message)
    return commit


def find_tag(repository: pygit2.Repository, tag: str) -> pygit2.Commit | None:
    """Find the commit behind an annotated tag."""
    reference = repository.references.get(f"refs/tags/{tag}")
    return None if reference is None else reference.peel(pygit2.Commit)


def list_tag_targets(repository: pygit2.Repository) -> dict[str, str]:
    """What the reference of each tag names: the annotation, not the commit behind it."""
    return {
        tag: str(repository.references[f"refs/tags/{tag}"].target) for tag in list_tags(repository)
    }


def list_tags(repository: pygit2.Repository) -> list[str]:
    prefix = "refs/tags/"
    return sorted(
        name.removeprefix(prefix) for name in repository.references if name.startswith(prefix)
    )


def read_tree(repository: pygit2.Repository, commit: pygit2.Commit) -> dict[str, bytes]:
    """Every file of a commit by path."""
    files: dict[str, bytes] = {}
    waiting: list[tuple[str, pygit2.Tree]] = [("", commit.tree)]
    while waiting:
        prefix, tree = waiting.pop()
        for entry in tree:
            if isinstance(entry, pygit2.Tree):
                waiting.append((f"{prefix}{entry.name}/", entry))
            elif isinstance(entry, pygit2.Blob):
                files[f"{prefix}{entry.name}"] = entry.data
    return files


def _create_repository(path: Path) -> None:
    """Make it aside and rename it: a crash leaves nothing that looks like a repository."""
    aside = Path(tempfile.mkdtemp(prefix=".new-", dir=path.parent))
    try:
        pygit2.init_repository(str(aside), bare=True, initial_head="main").free()
        aside.chmod(0o755)
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def _remove_stale_locks(path: Path) -> None:
    """Drop what a killed writer left of git's own lock files: we hold the repository."""
    for folder, pattern in ((path, "*.lock"), (path / "refs", "**/*.lock")):
        for lock in folder.glob(pattern):
            lock.unlink(missing_ok=True)


def _write_tree(repository: pygit2.Repository, files: Mapping[str, bytes]) -> pygit2.Oid:
    index = pygit2.Index()
    for path, content in files.items():
        index.add(pygit2.IndexEntry(path, repository.create_blob(content), FileMode.BLOB))
    return index.write_tree(repository)


def _write_commit(
    repository: pygit2.Repository, tree: pygit2.Oid, stamp: Stamp, tip: pygit2.Commit | None
) -> pygit2.Commit:
    if stamp.after is not None:
        parent = find_tag(repository, stamp.after)
        if parent is None:
            raise VersionUnknownError(f"{stamp.after}, which {stamp.tag} follows, is not there.")
    elif tip is not None and _is_same_commit(tip, tree, stamp):
        # A writer was killed between moving the branch and setting the tag.
        return tip
    else:
        parent = tip
    identity = repository.create_commit(
        None,
        stamp.signature,
        stamp.signature,
        stamp.message,
        tree,
        [] if parent is None else [parent.id],
    )
    return repository[identity].peel(pygit2.Commit)


def _is_same_commit(commit: pygit2.Commit, tree: pygit2.Oid, stamp: Stamp) -> bool:
    return (
        commit.tree_id == tree
        and commit.message == stamp.message
        and commit.author == stamp.signature
    )


def _advance_main(
    repository: pygit2.Repository, main: pygit2.Reference | None, commit: pygit2.Commit
) -> None:
    """Compare and swap: fails when main is no longer what was read."""
    try:
        if main is None:
            repository.create_reference_direct(MAIN, commit.id, force=False)
        else:
            main.set_target(commit.id)
    except (pygit2.GitError, pygit2.AlreadyExistsError) as error:
        raise VersionBranchMovedError(
            "Another program moved the branch while the version was written; try again."
        ) from error
