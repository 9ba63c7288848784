"""Who asks, and what they may see and do."""

import hashlib
import hmac
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.stand_ins.hub.store import Commit, Repo, Store
from tests.stand_ins.hub.web import Refusal, Request

Need = Literal["metadata", "files", "write"]


@dataclass(frozen=True)
class Accounts:
    """`tokens`: token to [user, role]; `organisations`: organisation to its members' roles."""

    tokens: dict[str, list[str]]
    organisations: dict[str, dict[str, str]]

    @classmethod
    def read(cls, path: Path) -> "Accounts":
        return cls(**json.loads(path.read_text()))

    def knows(self, user: str) -> bool:
        return any(user == owner for owner, _ in self.tokens.values())

    def belongs(self, user: str, namespace: str) -> bool:
        return user == namespace or user in self.organisations.get(namespace, {})


@dataclass
class Site:
    """All that a handler needs; `lock` is held while a repository changes."""

    store: Store
    accounts: Accounts
    tree_page: int = 1000
    commits_page: int = 50
    part_bytes: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def sign(self, text: str) -> str:
        return hmac.new(b"stand-in", text.encode(), hashlib.sha256).hexdigest()[:32]

    def require_signature(self, text: str, signature: str) -> None:
        if not hmac.compare_digest(self.sign(text), signature):
            raise Refusal(403, "The link is not signed by this hub")


def token_of(request: Request) -> str:
    return (request.headers.get("Authorization") or "").removeprefix("Bearer ").strip()


def user_of(site: Site, request: Request) -> str | None:
    token = token_of(request)
    if not token:
        return None
    known = site.accounts.tokens.get(token)
    if known is None:
        raise Refusal(401, "Invalid credentials in Authorization header")
    return known[0]


def signed_in(site: Site, request: Request) -> str:
    user = user_of(site, request)
    if user is None:
        raise Refusal(401, "Invalid username or password.")
    return user


def may_write(site: Site, request: Request, namespace: str) -> bool:
    user = user_of(site, request)
    if user is None or site.accounts.tokens[token_of(request)][1] != "write":
        return False
    return site.accounts.belongs(user, namespace)


def open_repo(site: Site, request: Request, kind: str, repo_id: str, need: Need) -> Repo:
    """Return the repository if this request may have it, else refuse as the Hub does."""
    user = user_of(site, request)
    repo = site.store.find(kind, repo_id)
    inside = user is not None and site.accounts.belongs(user, repo_id.partition("/")[0])
    if repo is None or (repo.private and not inside):
        if user is None:
            raise Refusal(401, "Invalid username or password.", "RepoNotFound")
        raise Refusal(404, "Repository not found", "RepoNotFound")
    if need == "write" and not may_write(site, request, repo.namespace):
        status = 403 if user else 401
        raise Refusal(status, "You don't have the rights to perform this action")
    if need == "files" and repo.gated and not inside:
        _pass_gate(repo, user, request)
    return repo


def _pass_gate(repo: Repo, user: str | None, request: Request) -> None:
    if user is None:
        message = (
            f"Access to dataset {repo.id} is restricted. "
            "You must have access to it and be authenticated to access it. Please log in."
        )
        raise Refusal(401, message, "GatedRepo")
    status = repo.grants.get(user)
    if status == "accepted":
        return
    message = (
        "Your request to access this dataset is awaiting a review from the repo authors."
        if status == "pending"
        else f"Access to dataset {repo.id} is restricted and you are not in the authorized list. "
        f"Visit {request.base}/{repo.url_path} to ask for access."
    )
    raise Refusal(403, message, "GatedRepo")


def open_commit(
    site: Site, request: Request, kind: str, repo_id: str, revision: str, need: Need
) -> tuple[Repo, Commit]:
    repo = open_repo(site, request, kind, repo_id, need)
    return repo, site.store.resolve(repo, revision)
