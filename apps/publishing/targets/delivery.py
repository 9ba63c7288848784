"""Sending a snapshot: shards ahead, then everything in one commit that can never happen twice."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import HfHubHTTPError

from apps.publishing.content import ReleaseContent
from apps.publishing.errors import TargetBusyError, TargetRefusedError
from apps.publishing.shards import Shard
from apps.publishing.snapshot import PlannedShard, SnapshotPlan, write_shards
from apps.publishing.targets.huggingface import (
    BaseMovedError,
    HubRepository,
    Operation,
    RemoteFile,
    git_oid,
)
from apps.publishing.targets.patience import PASSING, passes, refusal

log = logging.getLogger(__name__)

# Folders whose files are ours to delete when a version lacks them; all else there is left alone.
OWNED = ("data/", "LICENSES/")
REBASES = 8
Progress = Callable[[int, int, str], None]
Companions = Callable[[Sequence[Shard]], Mapping[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """What the commit says; `marker` is a line that no other publication's commit has."""

    title: str
    lines: tuple[str, ...]
    marker: str

    @property
    def text(self) -> str:
        return "\n".join((*self.lines, self.marker))


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of the snapshot as it must be read back; `fresh` if the hub did not hold it before."""

    path: str
    size: int
    sha256: str
    git_oid: str | None
    tail_sha256: str | None
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a snapshot changes in a repository.

    `kept` are shards that the repository holds already, each with the path it has there now.
    """

    new: tuple[PlannedShard, ...]
    kept: tuple[tuple[Shard, str], ...]

    @property
    def audio_to_send(self) -> int:
        return sum(shard.audio_size for shard in self.new)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A snapshot whose bytes are with the hub, ready to be committed."""

    shards: tuple[Shard, ...]
    files: tuple[SentFile, ...]


def compare(
    plan: SnapshotPlan, known: Mapping[str, Shard], remote: Mapping[str, RemoteFile]
) -> Changes:
    """Split the plan into shards to send and shards that the repository holds already.

    `known` maps keys to shards that were sent before; one counts as held only where the repository
    still lists those very bytes.
    """
    held = {file.sha256: path for path, file in remote.items() if file.sha256}
    new: list[PlannedShard] = []
    kept: list[tuple[Shard, str]] = []
    for planned in plan.shards:
        before = known.get(planned.key)
        if before and before.sha256 in held:
            shard = replace(before, path=planned.path, split=planned.split)
            kept.append((shard, held[before.sha256]))
        else:
            new.append(planned)
    return Changes(tuple(new), tuple(kept))


@dataclass(slots=True)
class Delivery:
    """One snapshot on its way into one repository.

    `companions` makes the small files once all shards are known. `before_commit` is given what
    must be read back: keep it, since the commit may succeed without our hearing of it.
    """

    repository: HubRepository
    content: ReleaseContent
    plan: SnapshotPlan
    companions: Companions
    message: Message
    work: Path
    known: Mapping[str, Shard] = field(default_factory=dict)
    progress: Progress = lambda done, total, message: None
    before_commit: Callable[[str, Prepared], None] = lambda base, prepared: None

    def send(self, base: str) -> str:
        """Send what is missing, commit it all at once on `base`, and return the commit.

        If others commit meanwhile, the snapshot is compared with theirs and built on it. If an
        answer is lost, the hub is asked for our commit before anything is repeated.
        """
        for _ in range(REBASES):
            remote = self.repository.files(base)
            changes = compare(self.plan, self.known, remote)
            uploads, written = self._upload(changes)
            shards = sorted(
                (*written, *(shard for shard, _ in changes.kept)), key=lambda shard: shard.path
            )
            small = self.companions(shards)
            files = _expected(shards, small, {shard.path for shard in written})
            self.before_commit(base, Prepared(tuple(shards), files))
            operations: list[Operation] = [
                *uploads,
                *_copies(changes, base),
                *(CommitOperationAdd(path, content) for path, content in small.items()),
                *_deletions(remote, {file.path for file in files}),
            ]
            commit = self._commit(operations, base)
            if commit is not None:
                return commit
            base = self._head()
        raise TargetBusyError(
            f"Others kept committing to {self.repository.repo_id}; nothing was published. Publish"
            " again when they are done.",
            repo_id=self.repository.repo_id,
        )

    def _upload(self, changes: Changes) -> tuple[list[CommitOperationAdd], list[Shard]]:
        uploads: list[CommitOperationAdd] = []
        written: list[Shard] = []
        new = {shard.path: shard.audio_size for shard in changes.new}
        done = 0
        for shard, file in write_shards(
            self.content, self.plan, self.work, wanted=lambda shard: shard.path in new
        ):
            self.progress(done, changes.audio_to_send, f"Sending {shard.path}")
            try:
                uploads.append(self.repository.upload(shard.path, file))
            finally:
                file.unlink()
            written.append(shard)
            done += new[shard.path]
        self.progress(done, changes.audio_to_send, "Committing")
        return uploads, written

    def _commit(self, operations: Sequence[Operation], base: str) -> str | None:
        """Commit, and return the commit; None when the base has moved without our commit.

        After a failure the commit may have happened all the same, or may still happen: the next
        try has the same parent, so of all tries the hub accepts one.
        """
        patience = self.repository.patience
        for attempt in range(1, patience.attempts + 1):
            try:
                return self.repository.commit(
                    operations, title=self.message.title, message=self.message.text, parent=base
                )
            except BaseMovedError:
                return self.repository.find_commit(self.message.marker)
            except HfHubHTTPError as error:
                if not passes(error):
                    raise refusal(error) from error
                failure: Exception = error
            except PASSING as error:
                failure = error
            except ValueError as error:
                raise TargetRefusedError(f"The target refused the card: {error}") from error
            if found := self.repository.find_commit(self.message.marker):
                return found
            patience.after("commit", attempt, failure)
        raise AssertionError("after() ends the loop")

    def _head(self) -> str:
        status = self.repository.status()
        if status is None:
            raise TargetRefusedError(
                f"The repository {self.repository.repo_id} disappeared while we published.",
                repo_id=self.repository.repo_id,
            )
        return status.head


def _copies(changes: Changes, base: str) -> list[CommitOperationCopy]:
    """Shards whose bytes are there under another name, as when their number has changed."""
    return [
        CommitOperationCopy(src_path_in_repo=there, path_in_repo=shard.path, src_revision=base)
        for shard, there in changes.kept
        if there != shard.path
    ]


def _deletions(remote: Mapping[str, RemoteFile], wanted: set[str]) -> list[CommitOperationDelete]:
    return [
        CommitOperationDelete(path_in_repo=path, is_folder=False)
        for path in sorted(remote)
        if path.startswith(OWNED) and path not in wanted
    ]


def _expected(
    shards: Sequence[Shard], small: Mapping[str, bytes], fresh: set[str]
) -> tuple[SentFile, ...]:
    files = [
        SentFile(shard.path, shard.size, shard.sha256, None, shard.tail_sha256, shard.path in fresh)
        for shard in shards
    ]
    files += [
        SentFile(
            path=path,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            git_oid=git_oid(content),
            tail_sha256=None,
            fresh=True,
        )
        for path, content in small.items()
    ]
    return tuple(files)
