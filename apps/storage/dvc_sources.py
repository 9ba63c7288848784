"""Read somebody's DVC repository at a revision.

The only module that imports DVC, which takes half a second: keep it out of web processes and
call it from a worker or a command. A foreign repository is not trusted: what it fetches from
elsewhere itself (`dvc import`, `dvc import-url`) is refused, since that may name any file of
this machine, and so is a local folder as the remote of a repository that came over the network.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo.open_repo import clean_repos

from apps.storage.errors import (
    BlobMismatchError,
    FileUnreadableError,
    ImportRefusedError,
    PathUnsafeError,
)
from apps.storage.manifests import check_path
from apps.storage.staging import digest_stream

LOCAL_SCHEMES = frozenset({"", "file", "local"})


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a foreign revision; git's own files have no md5, listed files no size."""

    path: str
    md5: str | None
    size: int | None


class Source:
    """One revision of a DVC repository; paths are relative to its root, with `/` between."""

    def __init__(self, files: DVCFileSystem) -> None:
        self._files = files
        self._repo: Any = files.repo
        self.commit: str = self._repo.get_rev()
        """The commit that the revision names, in hex."""
        self.foreign: tuple[str, ...] = tuple(sorted(self._foreign()))
        """What the repository itself imports from elsewhere; `open` and `fetch` refuse it."""

    def files(self) -> Iterator[SourceFile]:
        """Yield what DVC tracks, then what git holds beside it, each in order.

        Foreign outs and the files that DVC and git read as orders are left out. Raises
        PathUnsafeError for a listing that names paths outside of itself.
        """
        for out in sorted(self._list_outs()):
            found = self._files.find(f"/{out}", detail=True)
            for path, about in sorted(found.items()):
                relative = path.removeprefix("/")
                check_path(relative)
                yield SourceFile(relative, about.get("md5"), about.get("size"))
        yield from self._git_files()

    def open(self, path: str) -> IO[bytes]:
        """Open for reading, the caller closes; raises FileUnreadableError, ImportRefusedError."""
        parents = {path, *(str(parent) for parent in PurePosixPath(path).parents)}
        if not parents.isdisjoint(self.foreign):
            raise ImportRefusedError(
                f"{path} is imported from elsewhere by the repository itself; import it from where"
                " it comes from, or commit it to the repository first.",
                path=path,
            )
        try:
            stream: IO[bytes] = self._files.open(f"/{path}", "rb")
        except (OSError, DvcException) as error:
            raise FileUnreadableError(
                f"{path} cannot be read from the repository or its remote: {error}", path=path
            ) from error
        return stream

    def fetch(self, file: SourceFile, into: Path) -> Path:
        """Copy one file below a folder; raises BlobMismatchError where its md5 is another."""
        check_path(file.path)
        target = into / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.open(file.path) as stream, target.open("wb") as copy:
            digest = digest_stream(stream, into=copy)
        if file.md5 is not None and digest.md5 != file.md5:
            target.unlink()
            raise BlobMismatchError(
                f"{file.path} should have the md5 {file.md5} but came with {digest.md5}; the"
                " remote of the repository is damaged.",
                path=file.path,
            )
        return target

    def _foreign(self) -> Iterator[str]:
        for stage in self._repo.index.stages:
            if stage.is_import:
                yield from (_find_relative_path(out) for out in stage.outs)

    def _list_outs(self) -> Iterator[str]:
        foreign = set(self.foreign)
        for out in self._repo.index.outs:
            if out.use_cache and _find_relative_path(out) not in foreign:
                yield _find_relative_path(out)

    def _git_files(self) -> Iterator[SourceFile]:
        held = self._repo.fs
        for path in sorted(held.find(self._repo.root_dir)):
            relative = os.path.relpath(path, self._repo.root_dir)
            try:
                check_path(relative)
            except PathUnsafeError:
                continue
            if not relative.endswith((".gitignore", ".gitattributes")):
                yield SourceFile(relative, None, held.info(path).get("size"))


@contextmanager
def open_revision(
    location: str,
    revision: str | None = None,
    *,
    remote: str | None = None,
    remote_config: Mapping[str, str] | None = None,
) -> Iterator[Source]:
    """Open a repository by URL or local path; `revision` is any name git knows, default HEAD.

    `remote` and `remote_config` are those of the DVC command line (credentials, another URL).
    Raises ImportRefusedError where the repository or revision cannot be opened.
    """
    is_local = Path(location).exists()
    files = DVCFileSystem(
        location,
        rev=revision or ("HEAD" if is_local else None),
        remote=remote,
        remote_config=dict(remote_config or {}) or None,
        config={"core": {"site_cache_dir": str(Path(settings.WORK_ROOT) / "dvc")}},
    )
    try:
        try:
            source = Source(files)
        except (DvcException, OSError) as error:
            raise ImportRefusedError(
                f"The DVC repository {location} cannot be opened at {revision or 'HEAD'}: {error}"
            ) from error
        if not is_local and "url" not in (remote_config or {}):
            _refuse_local_remotes(files)
        yield source
    finally:
        files.close()
        clean_repos()


def _refuse_local_remotes(files: DVCFileSystem) -> None:
    for name, remote in files.repo.config["remote"].items():
        if urlsplit(str(remote.get("url", ""))).scheme in LOCAL_SCHEMES:
            raise ImportRefusedError(
                f"The remote {name!r} of the repository is a folder of this machine; name the"
                " address of the data yourself, or import a local copy of the repository."
            )


def _find_relative_path(out: Any) -> str:
    return str(os.path.relpath(out.fs_path, out.repo.root_dir))
