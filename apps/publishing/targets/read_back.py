"""Reading a publication back: only what readers really get counts as published."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.packaging.shards import PROBE
from apps.publishing.errors import ReadBackError, TagTakenError
from apps.publishing.targets.delivery import OWNED_FOLDERS, Progress, SentFile
from apps.publishing.targets.huggingface import HubRepository, RemoteFile

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class ReadBackPolicy:
    """How much is downloaded again.

    Small files always are. Fresh shards are whole while all of them together have at most
    `whole_below` bytes; above, each one's end (with the Parquet footer), the hub's own hash
    vouching for the rest. Shards the hub held before were read back then.
    """

    whole_below: int = 4 * GIB


def tag_commit(repository: HubRepository, tag: str, commit: str) -> None:
    """Make the tag name the commit; `TagTakenError` when it names another: tags never move."""
    if repository.tag_target(tag) is None:
        repository.create_tag(tag, commit)
    named = repository.tag_target(tag)
    if named != commit:
        raise build_tag_taken_error(repository, tag, str(named))


def build_tag_taken_error(repository: HubRepository, tag: str, named: str) -> TagTakenError:
    return TagTakenError(
        f"{repository.repo_id} has a tag {tag} already, on commit {named[:12]}, which is not this"
        " publication. Version tags never move: publish to another repository, or have the owner"
        " of that tag remove it.",
        repo_id=repository.repo_id,
        tag=tag,
        commit=named,
    )


@dataclass(frozen=True, slots=True)
class ReadBack:
    """Compares what the repository serves under a tag with what was sent."""

    repository: HubRepository
    commit: str
    tag: str
    files: Sequence[SentFile]
    progress: Progress
    policy: ReadBackPolicy = ReadBackPolicy()

    def verify(self) -> None:
        """Raise `ReadBackError` naming the first file that is not what was sent."""
        named = self.repository.tag_target(self.tag)
        if named != self.commit:
            raise build_tag_taken_error(self.repository, self.tag, str(named))
        self._compare_listing(self.repository.files(self.commit))
        shards = sum(file.size for file in self.files if file.fresh and file.tail_sha256)
        whole = shards <= self.policy.whole_below
        total = sum(file.size for file in self.files if file.fresh)
        done = 0
        for file in self.files:
            self.progress(done, total, f"Reading back {file.path}")
            self._compare_file(file, whole=whole or file.tail_sha256 is None)
            done += file.size if file.fresh else 0

    def _compare_listing(self, remote: dict[str, RemoteFile]) -> None:
        expected = {file.path: file for file in self.files}
        for path, file in expected.items():
            listed = remote.get(path)
            if listed is None:
                raise self._build_error(path, "is missing there")
            named = listed.sha256 or listed.git_oid
            if named not in {file.sha256, file.git_oid} or listed.size != file.size:
                raise self._build_error(path, f"is listed with other content ({named})")
        for path in remote:
            if path.startswith(OWNED_FOLDERS) and path not in expected:
                raise self._build_error(path, "is there although the release has no such file")

    def _compare_file(self, file: SentFile, *, whole: bool) -> None:
        etag = self.repository.etag(file.path, self.tag)
        if etag not in {file.sha256, file.git_oid}:
            raise self._build_error(file.path, f"is served under a wrong ETag ({etag})")
        if not file.fresh:
            return
        if whole:
            fetched = self.repository.fetch(file.path, self.tag)
            right = (file.size, file.sha256)
        else:
            fetched = self.repository.fetch(file.path, self.tag, tail=PROBE)
            right = (min(PROBE, file.size), str(file.tail_sha256))
        if (fetched.size, fetched.sha256) != right:
            raise self._build_error(
                file.path, f"is served with other bytes ({fetched.size} B, {fetched.sha256[:12]}…)"
            )

    def _build_error(self, path: str, what: str) -> ReadBackError:
        return ReadBackError(
            f"{path} {what}. The release does not count as published on {self.repository.url}."
            " Nothing has to be taken back here: publish again to check once more, and tell the"
            " hub's operators if it stays so.",
            path=path,
            commit=self.commit,
            tag=self.tag,
        )
