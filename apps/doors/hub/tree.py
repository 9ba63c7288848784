"""The files of a snapshot as the Hub lists them: entries, folders, git's own tree hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.ingest.draft_files import DraftFile
from apps.packaging.kept_snapshots import is_large
from apps.packaging.models import Snapshot, SnapshotFile
from datasets_catalog.git_objects import compute_tree_oid, render_lfs_pointer

Json = dict[str, Any]
Listed = SnapshotFile | DraftFile


@dataclass(slots=True)
class Folder:
    """A folder with what lies directly in it, by name."""

    folders: dict[str, Folder] = field(default_factory=dict)
    files: dict[str, Listed] = field(default_factory=dict)

    def oid(self) -> str:
        """The name of git's tree object for the folder."""
        return compute_tree_oid(
            {name: file.git_oid for name, file in self.files.items()},
            {name: folder.oid() for name, folder in self.folders.items()},
        )

    def find(self, path: str) -> Folder | None:
        """The folder at a path; itself at the empty one."""
        here: Folder | None = self
        for name in path.split("/") if path else ():
            here = here.folders.get(name) if here else None
        return here

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Folder | Listed]]:
        """Everything below, in no order."""
        for name, file in self.files.items():
            yield f"{prefix}{name}", file
        for name, folder in self.folders.items():
            yield f"{prefix}{name}", folder
            yield from folder.walk(f"{prefix}{name}/")

    def children(self, prefix: str) -> Iterator[tuple[str, Folder | Listed]]:
        """What lies directly in it, in no order."""
        for name, each in (self.folders | self.files).items():
            yield f"{prefix}{name}", each


def load_tree(snapshot: Snapshot) -> Folder:
    """All files of a snapshot; one query."""
    return build_folders(snapshot.files.select_related("blob"))


def build_folders(files: Iterable[Listed]) -> Folder:
    root = Folder()
    for file in files:
        *folders, name = file.path.split("/")
        here = root
        for folder in folders:
            here = here.folders.setdefault(folder, Folder())
        here.files[name] = file
    return root


def describe_entry(path: str, each: Folder | Listed, last_commit: Mapping[str, str] | None) -> Json:
    """A file or folder as the Hub describes it; sizes in bytes."""
    if isinstance(each, Folder):
        described: Json = {"type": "directory", "oid": each.oid(), "size": 0, "path": path}
    else:
        described = {"type": "file", "oid": each.git_oid, "size": each.blob.size, "path": path}
        if is_large_file(each):
            described["lfs"] = describe_large_file(each)
    if last_commit is not None:
        described["lastCommit"] = last_commit
    return described


def is_large_file(file: Listed) -> bool:
    """Whether the file is large: git has a pointer in its place."""
    return file.is_large if isinstance(file, DraftFile) else is_large(file.path)


def describe_large_file(file: Listed) -> Json:
    """What the Hub says of a file that lies outside git (LFS)."""
    blob = file.blob
    pointer = render_lfs_pointer(blob.sha256, blob.size)
    return {"oid": blob.sha256, "size": blob.size, "pointerSize": len(pointer)}
