"""The draft as a tree of files: its clips, and what was pushed that is no clip (yet)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from apps.accounts.access import Principal, require_permission
from apps.datasets.models import Clip, Dataset
from apps.ingest.models import Push, PushedFile
from apps.ingest.table_files import SUFFIXES
from apps.storage.models import Blob
from datasets_catalog.git_objects import compute_pointer_oid
from datasets_catalog.roles import Permission

CARD = "README.md"
_TABLES = {"clips": "clips", "metadata": "clips", "events": "events", "consents": "consents"}

# Not left out but refused, so that nobody takes a path for another.
_REFUSED_SEGMENTS = {".", "..", ".git"}


class FileRole(StrEnum):
    """What a file is to the draft, by its name."""

    CLIPS = "clips"
    EVENTS = "events"
    CONSENTS = "consents"
    CARD = "card"
    SOUND = "sound"
    HIDDEN = "hidden"


def find_role(path: str) -> FileRole:
    """Tables and the card lie at the root under their names; names with a dot first are hidden."""
    names = path.split("/")
    if any(name.startswith(".") and name not in _REFUSED_SEGMENTS for name in names):
        return FileRole.HIDDEN
    named = PurePosixPath(path)
    if "/" not in path:
        if path == CARD:
            return FileRole.CARD
        if named.stem in _TABLES and named.suffix.lower() in SUFFIXES - {".txt"}:
            return FileRole(_TABLES[named.stem])
    return FileRole.SOUND


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file of the draft. `announced` is the SHA-256 that its bytes had when they came in."""

    path: str
    blob: Blob
    git_oid: str
    is_large: bool
    announced: str

    @property
    def remote_oid(self) -> str:
        """What the Hub's clients compare with their own file."""
        return self.announced if self.is_large else self.git_oid


def list_draft_files(dataset: Dataset, paths: Iterable[str] | None = None) -> Iterator[DraftFile]:
    """The files of the draft, or those at the given paths; two queries."""
    clips = Clip.objects.filter(dataset=dataset).exclude(state=Clip.State.REMOVED)
    pushed = PushedFile.objects.filter(dataset=dataset)
    if paths is not None:
        wanted = list(paths)
        clips, pushed = clips.filter(path__in=wanted), pushed.filter(path__in=wanted)
    waiting = {row.path: row for row in pushed.select_related("blob")}
    for row in waiting.values():
        yield DraftFile(row.path, row.blob, row.git_oid, row.is_large, row.blob.sha256)
    for clip in clips.select_related("blob", "original"):
        if clip.path not in waiting:
            came = clip.original or clip.blob
            yield DraftFile(
                clip.path,
                clip.blob,
                compute_pointer_oid(clip.blob.sha256, clip.blob.size),
                is_large=True,
                announced=came.sha256,
            )


def require_readable(user: Principal, dataset: Dataset, path: str) -> None:
    """Raise DeniedError for the table of clips, which names who is in them, unless one may know.

    Everything else of the draft is for all who work on it.
    """
    if find_role(path) is FileRole.CLIPS:
        require_permission(user, Permission.CONSENT_VIEW, dataset.organisation)


def compute_head(dataset: Dataset) -> str:
    """The draft's commit id: another one after every change, whoever made it in whatever way."""
    last = Push.objects.filter(dataset=dataset).order_by("-id").values_list("id", flat=True).first()
    return compute_head_after_push(dataset, last or 0)


def compute_head_after_push(dataset: Dataset, push: int) -> str:
    text = f"{dataset.uid} {dataset.draft_serial} {push}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
