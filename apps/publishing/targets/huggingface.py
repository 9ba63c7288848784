"""A dataset repository on a Hugging Face hub: the calls that publishing makes, and no others."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx2
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    get_session,
    hf_hub_url,
    hf_raise_for_status,
    set_client_factory,
)
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils.tqdm import disable_progress_bars

from apps.publishing.errors import TargetRefusedError
from apps.publishing.targets.retries import RetryPolicy

GateMode = Literal["auto", "manual", False]
Operation = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete
KIND = "dataset"
BRANCH = "main"
# Seconds; the client's own session waits for ever.
_TIMEOUTS = httpx2.Timeout(120.0, connect=15.0)
_REPO = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def _build_client() -> httpx2.Client:
    return httpx2.Client(follow_redirects=True, timeout=_TIMEOUTS)


set_client_factory(_build_client)
disable_progress_bars()


class BaseMovedError(Exception):
    """Somebody committed after the commit we build on."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub lists it: size in bytes, `sha256` where it is a large one."""

    path: str
    size: int
    git_oid: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class RepoStatus:
    """What the hub says of the repository; `head` is the commit of the main branch."""

    head: str
    gated: GateMode
    private: bool


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What was served: size in bytes, and its hash."""

    size: int
    sha256: str


class HubRepository:
    """One repository; reading and uploading are retried, committing is the caller's to repeat."""

    def __init__(self, *, endpoint: str, token: str, repo_id: str, patience: RetryPolicy) -> None:
        if not _REPO.fullmatch(repo_id):
            raise TargetRefusedError(
                f"{repo_id!r} is no repository name: expected namespace/name.", repo_id=repo_id
            )
        self.endpoint = endpoint.rstrip("/")
        self.repo_id = repo_id
        self.patience = patience
        self._token = token
        self._api = HfApi(endpoint=self.endpoint, token=token, library_name="earmark")

    @property
    def url(self) -> str:
        return f"{self.endpoint}/datasets/{self.repo_id}"

    def file_url(self, path: str, revision: str) -> str:
        return hf_hub_url(
            self.repo_id, path, repo_type=KIND, revision=revision, endpoint=self.endpoint
        )

    def whoami(self) -> str:
        """Return the name of the token's owner; `TargetRefusedError` for a bad token."""
        return str(self.patience.insist("say who we are", self._api.whoami)["name"])

    def status(self) -> RepoStatus | None:
        """Return the repository's state; None where there is none that this token may see."""
        try:
            info = self.patience.insist(
                "describe the repository", lambda: self._api.dataset_info(self.repo_id)
            )
        except TargetRefusedError as refused:
            if isinstance(refused.__cause__, RepositoryNotFoundError):
                return None
            raise
        return RepoStatus(str(info.sha), info.gated or False, bool(info.private))

    def ensure(self, *, gated: GateMode, private: bool) -> RepoStatus:
        """Create the repository where it is missing and set its gate, before any content."""
        found = self.status()
        if found is None:
            self.patience.insist(
                "create the repository",
                lambda: self._api.create_repo(
                    self.repo_id, repo_type=KIND, private=private, exist_ok=True
                ),
            )
            found = self.status()
        if found is None:
            raise TargetRefusedError(
                f"The repository {self.repo_id} was created but cannot be seen with this token.",
                repo_id=self.repo_id,
            )
        if (found.gated, found.private) != (gated, private):
            self.patience.insist(
                "set who may read the repository",
                lambda: self._api.update_repo_settings(
                    self.repo_id, repo_type=KIND, gated=gated, private=private
                ),
            )
            found = self.status() or found
        return found

    def files(self, revision: str) -> dict[str, RemoteFile]:
        """List every file of a commit by path."""

        def list_files() -> list[RemoteFile]:
            entries = self._api.list_repo_tree(
                self.repo_id, repo_type=KIND, revision=revision, recursive=True
            )
            return [_parse_remote_file(entry) for entry in entries if isinstance(entry, RepoFile)]

        return {file.path: file for file in self.patience.insist("list its files", list_files)}

    def find_commit(self, marker: str, *, revision: str = BRANCH) -> str | None:
        """Return the newest commit of that history whose message has the marker as a line."""
        commits = self.patience.insist(
            "list its commits",
            lambda: self._api.list_repo_commits(self.repo_id, repo_type=KIND, revision=revision),
        )
        for commit in commits:
            if marker in commit.message.splitlines():
                return str(commit.commit_id)
        return None

    def upload(self, path: str, file: Path) -> CommitOperationAdd:
        """Send a file's bytes ahead of the commit; the file may be deleted afterwards."""
        operation = CommitOperationAdd(path_in_repo=path, path_or_fileobj=file)
        self.patience.insist(
            f"take {path}",
            lambda: self._api.preupload_lfs_files(
                self.repo_id, additions=[operation], repo_type=KIND, free_memory=True
            ),
        )
        return operation

    def commit(
        self, operations: Sequence[Operation], *, title: str, message: str, parent: str
    ) -> str:
        """Commit everything at once on `parent` and return the new commit.

        Never repeated here: whoever calls must look for the commit before trying again. Raises
        `BaseMovedError` when `parent` is not the head any more, else the client's own errors.
        """
        try:
            made = self.patience.run(
                lambda: self._api.create_commit(
                    self.repo_id,
                    operations,
                    commit_message=title,
                    commit_description=message,
                    repo_type=KIND,
                    revision=BRANCH,
                    parent_commit=parent,
                )
            )
        except HfHubHTTPError as error:
            if error.response.status_code == httpx2.codes.PRECONDITION_FAILED:
                raise BaseMovedError from error
            raise
        return str(made.oid)

    def tag_target(self, tag: str) -> str | None:
        """Return the commit a tag names, None where there is no such tag."""
        refs = self.patience.insist(
            "list its tags", lambda: self._api.list_repo_refs(self.repo_id, repo_type=KIND)
        )
        if tag not in {found.name for found in refs.tags}:
            return None
        # Not `target_commit`: that of an annotated tag may be the tag itself.
        info = self.patience.insist(
            "resolve the tag", lambda: self._api.dataset_info(self.repo_id, revision=tag)
        )
        return str(info.sha)

    def create_tag(self, tag: str, commit: str) -> None:
        """Tag the commit; a tag that exists stays as it is (compare `tag_target` after)."""
        self.patience.insist(
            f"tag {tag}",
            lambda: self._api.create_tag(
                self.repo_id, tag=tag, revision=commit, repo_type=KIND, exist_ok=True
            ),
        )

    def etag(self, path: str, revision: str) -> str | None:
        """Return the ETag under which readers get a file."""
        url = self.file_url(path, revision)
        found = self.patience.insist(
            f"describe {path}", lambda: self._api.get_hf_file_metadata(url=url)
        )
        return found.etag

    def fetch(self, path: str, revision: str, *, tail: int | None = None) -> FetchedFile:
        """Download a file, or its last `tail` bytes, as any reader does; nothing is kept."""
        headers = {"Authorization": f"Bearer {self._token}", "Accept-Encoding": "identity"}
        if tail is not None:
            headers["Range"] = f"bytes=-{tail}"

        def download_file() -> FetchedFile:
            digest = hashlib.sha256()
            size = 0
            with get_session().stream(
                "GET", self.file_url(path, revision), headers=headers
            ) as response:
                hf_raise_for_status(response)
                for block in response.iter_bytes():
                    digest.update(block)
                    size += len(block)
            return FetchedFile(size, digest.hexdigest())

        return self.patience.insist(f"serve {path}", download_file)


def _parse_remote_file(entry: RepoFile) -> RemoteFile:
    sha256 = entry.lfs.sha256 if entry.lfs else None
    return RemoteFile(entry.path, entry.size, entry.blob_id, sha256)
