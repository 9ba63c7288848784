"""Read a version back: what it holds, where each file's bytes are, its tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from uuid import UUID

import pygit2

from apps.storage import git
from apps.storage.blobs import get_blob, open_blob, open_local_copy, refuse_destroyed
from apps.storage.errors import (
    VersionDamagedError,
    VersionPathUnknownError,
    VersionUnknownError,
)
from apps.storage.manifests import (
    DATA,
    Out,
    find_in_listing,
    read_dvc_file,
    read_listing,
)
from apps.storage.models import Blob
from apps.storage.parquet_tables import ClipRow, EventRow, read_clips, read_events
from apps.storage.version_writing import Version, build_git_path

# A listing is at most some 10 MB.
LISTINGS_IN_MEMORY = 8


def open_version(store: UUID, tag: str) -> Version:
    """Raise VersionUnknownError, or VersionDamagedError where its commit cannot be read."""
    with git.open_for_reading(build_git_path(store)) as repository:
        try:
            commit = git.find_tag(repository, tag)
            if commit is None:
                raise VersionUnknownError(f"There is no version {tag} of this dataset.", tag=tag)
            return Version(tag, str(commit.id), read_outs(git.read_tree(repository, commit)))
        except (pygit2.GitError, KeyError, ValueError):
            raise VersionDamagedError(f"The commit of {tag} cannot be read.", tag=tag) from None


def read_outs(files: dict[str, bytes]) -> tuple[Out, ...]:
    """Read what the `.dvc` files of a commit track, in order; raises VersionDamagedError."""
    pointers = sorted(path for path in files if path.endswith(".dvc"))
    return tuple(read_dvc_file(path, files[path]) for path in pointers)


def list_entries(store: UUID, version: Version) -> Iterator[tuple[str, str]]:
    """Yield every file as (path in the repository, oid), listing by listing."""
    for out in version.outs:
        if out.nfiles is None:
            yield out.path, out.oid
        else:
            for relpath, oid in read_listing(_read_content(store, out.oid)):
                yield f"{out.path}/{relpath}", oid


def find_file(store: UUID, version: Version, path: str) -> Blob:
    """Find the blob of one file by its path in the repository (`data/audio/…`).

    Raises VersionPathUnknownError, and BlobDestroyedError where its listing was destroyed.
    """
    for out in version.outs:
        if out.nfiles is None and out.path == path:
            return get_blob(store, out.oid)
        if out.nfiles is not None and path.startswith(f"{out.path}/"):
            content = _read_content(store, out.oid)
            oid = find_in_listing(content, path.removeprefix(f"{out.path}/"))
            if oid is not None:
                return get_blob(store, oid)
    raise VersionPathUnknownError(f"{version.tag} holds no {path}.", path=path)


def read_version_clips(
    store: UUID, version: Version, columns: Sequence[str] | None = None
) -> Iterator[ClipRow]:
    """Yield the clips of a version in order of their paths."""
    with open_local_copy(find_file(store, version, f"{DATA}/clips.parquet")) as table:
        yield from read_clips(table, columns)


def read_version_events(
    store: UUID, version: Version, columns: Sequence[str] | None = None
) -> Iterator[EventRow]:
    """Yield the events of a version in order of path and onset."""
    with open_local_copy(find_file(store, version, f"{DATA}/events.parquet")) as table:
        yield from read_events(table, columns)


def _read_content(store: UUID, oid: str) -> bytes:
    # The row is asked every time: a listing that was destroyed must not live on in memory.
    refuse_destroyed(get_blob(store, oid))
    return _load_content(store, oid)


@lru_cache(maxsize=LISTINGS_IN_MEMORY)
def _load_content(store: UUID, oid: str) -> bytes:
    with open_blob(get_blob(store, oid)) as stream:
        return stream.read()
