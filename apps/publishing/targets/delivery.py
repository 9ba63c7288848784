"""Sending a snapshot: shards ahead, then everything in one commit that can never happen twice."""

import hashlib
import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete
from huggingface_hub.errors import HfHubHTTPError

from apps.packaging.content import ReleaseContent, TableFile
from apps.packaging.shards import Shard
from apps.packaging.snapshot_plan import PlannedShard, SnapshotPlan, write_shards
from apps.publishing.errors import TargetBusyError, TargetRefusedError
from apps.publishing.targets.huggingface import (
    BaseMovedError,
    HubRepository,
    Operation,
    RemoteFile,
)
from apps.publishing.targets.retries import PASSING_ERRORS, build_refusal, is_passing
from datasets_catalog.git_objects import compute_blob_oid

log = logging.getLogger(__name__)

# Folders whose files are ours to delete when a version lacks them; all else there is left alone.
OWNED_FOLDERS = ("data/", "tables/", "LICENSES/")
REBASES = 8
Progress = Callable[[int, int, str], None]
MakeSmallFiles = Callable[[Sequence[Shard]], Mapping[str, bytes]]


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

    `kept` are shards that the repository holds already; `there` gives, for these and for tables it
    holds, the path their bytes have there now.
    """

    new: tuple[PlannedShard, ...]
    new_tables: tuple[TableFile, ...]
    kept: tuple[Shard, ...]
    there: Mapping[str, str]

    @property
    def to_send(self) -> int:
        """Bytes of audio and tables, before the audio is encoded into shards."""
        return sum(shard.audio_size for shard in self.new) + sum(t.size for t in self.new_tables)


@dataclass(frozen=True, slots=True)
class PreparedSnapshot:
    """A snapshot whose bytes are with the hub, ready to be committed."""

    shards: tuple[Shard, ...]
    files: tuple[SentFile, ...]


def compare_with_remote(
    plan: SnapshotPlan,
    tables: Sequence[TableFile],
    known: Mapping[str, Shard],
    remote: Mapping[str, RemoteFile],
) -> Changes:
    """Split the plan into files to send and files that the repository holds already.

    `known` maps keys to shards that were sent before; one counts as held only where the repository
    still lists those very bytes.
    """
    held = {file.sha256: path for path, file in remote.items() if file.sha256}
    new: list[PlannedShard] = []
    kept: list[Shard] = []
    there = {table.hub_path: held[table.sha256] for table in tables if table.sha256 in held}
    for planned in plan.shards:
        before = known.get(planned.key)
        if before and before.sha256 in held:
            kept.append(replace(before, path=planned.path, split=planned.split))
            there[planned.path] = held[before.sha256]
        else:
            new.append(planned)
    missing = tuple(table for table in tables if table.hub_path not in there)
    return Changes(tuple(new), missing, tuple(kept), there)


@dataclass(slots=True)
class Delivery:
    """One snapshot on its way into one repository.

    `companions` makes the small files once all shards are known. `before_commit` is given what
    must be read back: keep it, since the commit may succeed without our hearing of it.
    """

    repository: HubRepository
    content: ReleaseContent
    plan: SnapshotPlan
    companions: MakeSmallFiles
    message: Message
    work: Path
    known: Mapping[str, Shard] = field(default_factory=dict)
    progress: Progress = lambda done, total, message: None
    before_commit: Callable[[str, PreparedSnapshot], None] = lambda base, prepared: None

    def send(self, base: str) -> str:
        """Send what is missing, commit it all at once on `base`, and return the commit.

        If others commit meanwhile, the snapshot is compared with theirs and built on it. If an
        answer is lost, the hub is asked for our commit before anything is repeated.
        """
        for _ in range(REBASES):
            remote = self.repository.files(base)
            changes = compare_with_remote(self.plan, self._tables, self.known, remote)
            uploads, written = self._upload(changes)
            shards = tuple(sorted((*written, *changes.kept), key=lambda shard: shard.path))
            small = self.companions(shards)
            files = self._list_expected(changes, shards, small)
            self.before_commit(base, PreparedSnapshot(shards, files))
            operations: list[Operation] = [
                *uploads,
                *_build_copies(changes, base),
                *(CommitOperationAdd(path, content) for path, content in small.items()),
                *_build_deletions(remote, {file.path for file in files}),
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

    @property
    def _tables(self) -> tuple[TableFile, TableFile]:
        return self.content.clips_table, self.content.events_table

    def _upload(self, changes: Changes) -> tuple[list[CommitOperationAdd], list[Shard]]:
        uploads: list[CommitOperationAdd] = []
        written: list[Shard] = []
        done = 0
        for table in changes.new_tables:
            self.progress(done, changes.to_send, f"Sending {table.hub_path}")
            uploads.append(self._upload_table(table))
            done += table.size
        new = {shard.path: shard.audio_size for shard in changes.new}
        for shard, file in write_shards(
            self.content, self.plan, self.work, wanted=lambda shard: shard.path in new
        ):
            self.progress(done, changes.to_send, f"Sending {shard.path}")
            uploads.append(self._upload_and_drop(shard.path, file))
            written.append(shard)
            done += new[shard.path]
        self.progress(done, changes.to_send, "Committing")
        return uploads, written

    def _upload_table(self, table: TableFile) -> CommitOperationAdd:
        copy = self.work / table.name
        with table.open() as source, copy.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        return self._upload_and_drop(table.hub_path, copy)

    def _upload_and_drop(self, path: str, file: Path) -> CommitOperationAdd:
        try:
            return self.repository.upload(path, file)
        finally:
            file.unlink()

    def _list_expected(
        self, changes: Changes, shards: Sequence[Shard], small: Mapping[str, bytes]
    ) -> tuple[SentFile, ...]:
        held = changes.there
        files = [
            SentFile(s.path, s.size, s.sha256, None, s.tail_sha256, s.path not in held)
            for s in shards
        ]
        files += [
            SentFile(t.hub_path, t.size, t.sha256, None, None, t.hub_path not in held)
            for t in self._tables
        ]
        files += [
            SentFile(
                path=path,
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                git_oid=compute_blob_oid(content),
                tail_sha256=None,
                fresh=True,
            )
            for path, content in small.items()
        ]
        return tuple(files)

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
            except (HfHubHTTPError, *PASSING_ERRORS) as error:
                if not is_passing(error):
                    raise build_refusal(error) from error
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


def _build_copies(changes: Changes, base: str) -> list[CommitOperationCopy]:
    """Files whose bytes are there under another name, as when a shard's number has changed."""
    return [
        CommitOperationCopy(src_path_in_repo=there, path_in_repo=path, src_revision=base)
        for path, there in changes.there.items()
        if there != path
    ]


def _build_deletions(
    remote: Mapping[str, RemoteFile], wanted: set[str]
) -> list[CommitOperationDelete]:
    return [
        CommitOperationDelete(path_in_repo=path, is_folder=False)
        for path in sorted(remote)
        if path.startswith(OWNED_FOLDERS) and path not in wanted
    ]
