"""Write a version: listings into the blob store, a commit and a tag into the dataset's git.

The result is what `dvc add && dvc push && git commit && git tag` would leave, byte for byte.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings

from apps.storage import git
from apps.storage.blobs import put_directory
from apps.storage.errors import BlobMissingError, VersionNameInvalidError
from apps.storage.manifests import (
    DATA,
    Out,
    VersionFile,
    cut_version,
    render_dvc_file,
    render_ignore_files,
)
from apps.storage.models import Blob

REMOTE = "earmark"
_TAG = re.compile(r"v\d+\.\d+\.\d+(-[0-9A-Za-z]+([.-][0-9A-Za-z]+)*)?")
_DOCUMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PROVED_AT_ONCE = 5000

# What `dvc init` writes.
_DVC_IGNORED = b"/config.local\n/tmp\n/cache\n"
_DVCIGNORE = b"""\
# Add patterns of files dvc should ignore, which could improve
# the performance. Learn more at
# https://dvc.org/doc/user-guide/dvcignore
"""


def build_git_path(store: UUID) -> Path:
    """Where the versions of a dataset are, whether or not any was written yet."""
    return Path(settings.GIT_ROOT) / f"{store}.git"


@dataclass(frozen=True, slots=True)
class VersionRepo:
    """Where a dataset's versions are written; `address` is `organisation/dataset`."""

    store: UUID
    address: str

    @property
    def path(self) -> Path:
        return build_git_path(self.store)

    @property
    def remote_url(self) -> str:
        return f"{settings.BASE_URL.rstrip('/')}/dvc/{self.address}"


@dataclass(frozen=True, slots=True)
class Version:
    """A written version; `outs` are what its `.dvc` files track."""

    tag: str
    commit: str
    outs: tuple[Out, ...]

    @property
    def size(self) -> int:
        """Bytes a full checkout holds; twins count twice."""
        return sum(out.size for out in self.outs)

    @property
    def nfiles(self) -> int:
        return sum(1 if out.nfiles is None else out.nfiles for out in self.outs)

    @property
    def dir_oid(self) -> str | None:
        """The one listing of a version that is not cut into shards."""
        return self.outs[0].oid if len(self.outs) == 1 and self.outs[0].path == DATA else None


def write_version(
    repo: VersionRepo,
    files: Iterable[VersionFile],
    *,
    documents: Mapping[str, bytes],
    stamp: git.Stamp,
) -> Version:
    """Write the version that holds exactly `files` (under `data/`) and `documents` (in git).

    `files` come once each in code-point order of `relpath`, and their blobs are kept already.
    Called again with the same content it completes or answers what is there, so a killed call is
    simply repeated; of two callers at once one writes. Raises VersionExistsError when the tag
    names other content, BlobMissingError, UnsortedError, PathUnsafeError; nothing visible is
    left then.
    """
    _check_names(stamp, documents)
    keep = partial(_keep_listing, repo.store)
    with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT, prefix="version-") as work:
        outs = cut_version(_prove_files(repo.store, files), keep=keep, work=Path(work))
    tree = {
        **documents,
        **render_ignore_files(outs),
        **{f"{out.path}.dvc": render_dvc_file(out) for out in outs},
        ".dvc/.gitignore": _DVC_IGNORED,
        ".dvc/config": _render_config(repo),
        ".dvcignore": _DVCIGNORE,
    }
    with git.open_for_writing(repo.path) as repository:
        commit = git.commit_tree(repository, tree, stamp)
        return Version(stamp.tag, str(commit.id), tuple(outs))


def _check_names(stamp: git.Stamp, documents: Iterable[str]) -> None:
    for tag in (stamp.tag, stamp.after):
        if tag is not None and not _TAG.fullmatch(tag):
            raise VersionNameInvalidError(
                f"{tag!r} is no version tag; write it like v1.2.0.", tag=tag
            )
    for name in documents:
        if not _DOCUMENT.fullmatch(name) or name in {DATA, f"{DATA}.dvc"}:
            raise VersionNameInvalidError(f"{name!r} cannot be a document of a version.", path=name)


def _prove_files(store: UUID, files: Iterable[VersionFile]) -> Iterator[VersionFile]:
    """Pass the files on, refusing the first whose blob was never kept or is destroyed."""
    rest = iter(files)
    while some := list(islice(rest, _PROVED_AT_ONCE)):
        alive = Blob.objects.alive().filter(store=store).named({file.oid for file in some})
        kept = set(alive.values_list("oid", "size"))
        for file in some:
            if (file.oid, file.size) not in kept:
                raise BlobMissingError(
                    f"{file.relpath} is not in the store as {file.oid} with {file.size} bytes; no"
                    " version can hold it.",
                    path=file.relpath,
                    oid=file.oid,
                )
        yield from some


def _keep_listing(store: UUID, listing: Path) -> str:
    return put_directory(store, listing).oid


def _render_config(repo: VersionRepo) -> bytes:
    # Analytics off: who fetches gated recordings is nobody else's business.
    return (
        "[core]\n"
        "    analytics = false\n"
        f"    remote = {REMOTE}\n"
        f"['remote \"{REMOTE}\"']\n"
        f"    url = {repo.remote_url}\n"
    ).encode()
