"""Routes that change repositories: create, commit, tag, branch, settings, history."""

import base64
import json
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from tests.stand_ins.hub.admission import Site, may_write, open_repo, signed_in
from tests.stand_ins.hub.cards import problems_of
from tests.stand_ins.hub.reading import REPO, REV
from tests.stand_ins.hub.store import LARGE_SUFFIXES, Entry, Repo, large_entry, now
from tests.stand_ins.hub.web import Json, Refusal, Request, Response, respond, route

REGULAR_LIMIT = 10 << 20
STALE = (
    "A commit has happened since. The branch was updated since you opened this page. "
    "Please refresh and try again."
)


def create_repo(site: Site, request: Request) -> Response:
    user = signed_in(site, request)
    asked = request.json()
    kind = asked.get("type", "model")
    namespace = asked.get("organization") or user
    repo_id = f"{namespace}/{asked['name']}"
    if not may_write(site, request, namespace):
        message = f'You don\'t have the rights to create a {kind} under the namespace "{namespace}"'
        raise Refusal(403, message)
    with site.lock:
        found = site.store.find(kind, repo_id)
        if found:
            url = f"{request.base}/{found.url_path}"
            raise Refusal(409, f"You already created this {kind} repo", body={"url": url})
        private = asked.get("visibility") == "private"
        repo = site.store.create(kind, repo_id, user, private=private)
    return respond({"url": f"{request.base}/{repo.url_path}", "name": repo_id, "id": repo_id})


def delete_repo(site: Site, request: Request) -> Response:
    asked = request.json()
    repo_id = f"{asked.get('organization') or signed_in(site, request)}/{asked['name']}"
    with site.lock:
        repo = open_repo(site, request, asked.get("type", "model"), repo_id, "write")
        site.store.delete(repo)
    return Response(200, b"OK", media_type="text/plain")


def move_repo(site: Site, request: Request) -> Response:
    asked = request.json()
    with site.lock:
        repo = open_repo(site, request, asked["type"], asked["fromRepo"], "write")
        site.store.move(repo, asked["toRepo"])
    return respond({})


def validate_yaml(site: Site, request: Request) -> Response:
    errors = [{"message": problem} for problem in problems_of(request.json()["content"])]
    return respond({"errors": errors, "warnings": []}, status=400 if errors else 200)


def preupload(site: Site, request: Request, kind: str, repo_id: str, revision: str) -> Response:
    repo = open_repo(site, request, kind, repo_id, "write")
    tree = site.store.resolve(repo, revision).tree
    answers: list[Json] = []
    for file in request.json()["files"]:
        answer = {
            "path": file["path"],
            "uploadMode": "lfs" if _is_large(file) else "regular",
            "shouldIgnore": False,
        }
        if file["path"] in tree:
            answer["oid"] = tree[file["path"]].remote_oid
        answers.append(answer)
    return respond({"files": answers})


def _is_large(file: Json) -> bool:
    sample = base64.b64decode(file.get("sample") or "")
    return file["path"].endswith(LARGE_SUFFIXES) or file["size"] > REGULAR_LIMIT or b"\0" in sample


def commit(site: Site, request: Request, kind: str, repo_id: str, revision: str) -> Response:
    repo = open_repo(site, request, kind, repo_id, "write")
    lines = [json.loads(line) for line in request.read().splitlines() if line.strip()]
    if not lines or lines[0]["key"] != "header":
        raise Refusal(400, "The first line must be the header")
    header = lines[0]["value"]
    branch = unquote(revision)
    with site.lock:
        repo = site.store.find(kind, repo_id) or repo
        if branch not in repo.branches:
            raise Refusal(404, f"Invalid rev id: {branch}", "RevisionNotFound")
        head = repo.branches[branch]
        if not head.startswith(header.get("parentCommit") or head):
            raise Refusal(412, STALE)
        tree = dict(site.store.commit(repo, head).tree)
        for line in lines[1:]:
            _apply(site, repo, tree, line["key"], line["value"])
        made = site.store.write_commit(
            repo,
            tree,
            parent=head,
            title=header["summary"],
            message=header.get("description", ""),
            author=signed_in(site, request),
        )
        repo.branches[branch] = made.id
        site.store.save(repo)
    return respond(
        {
            "success": True,
            "commitOid": made.id,
            "commitUrl": f"{request.base}/{repo.url_path}/commit/{made.id}",
            "hookOutput": "",
            "pullRequestUrl": None,
        }
    )


def _apply(site: Site, repo: Repo, tree: dict[str, Entry], key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if path.startswith("/") or {"..", ".git", ""} & set(PurePosixPath(path).parts):
        raise Refusal(400, f"Invalid path {path}")
    match key:
        case "file":
            tree[path] = site.store.put_blob(base64.b64decode(value["content"]))
        case "lfsFile":
            tree[path] = _large(site, repo, path, value["oid"])
        case "deletedFile" | "deletedFolder":
            inside = path.rstrip("/") + "/"
            gone = [p for p in tree if p.startswith(inside) or (key == "deletedFile" and p == path)]
            if not gone:
                raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            for name in gone:
                del tree[name]
        case _:
            raise Refusal(400, f"Unknown operation {key}")


def _large(site: Site, repo: Repo, path: str, sha256: str) -> Entry:
    if not site.store.has_large(sha256):
        message = f"LFS pointer pointed to a file that does not exist: {path} ({sha256})"
        raise Refusal(400, message)
    repo.pushed.setdefault(sha256, now())
    return large_entry(sha256, site.store.large_path(sha256).stat().st_size)


def create_tag(site: Site, request: Request, kind: str, repo_id: str, revision: str) -> Response:
    open_repo(site, request, kind, repo_id, "write")
    name = request.json()["tag"]
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if name in repo.tags:
            raise Refusal(409, f"Tag reference exists already: refs/tags/{name}")
        repo.tags[name] = site.store.resolve(repo, revision).id
        site.store.save(repo)
    return respond({})


def delete_tag(site: Site, request: Request, kind: str, repo_id: str, name: str) -> Response:
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if repo.tags.pop(unquote(name), None) is None:
            raise Refusal(404, "Tag not found", "RevisionNotFound")
        site.store.save(repo)
    return Response()


def create_branch(site: Site, request: Request, kind: str, repo_id: str, quoted: str) -> Response:
    name = unquote(quoted)
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if name in repo.branches:
            raise Refusal(409, f"Reference refs/heads/{name} already exists")
        start = request.json().get("startingPoint", "main")
        repo.branches[name] = site.store.resolve(repo, start).id
        site.store.save(repo)
    return respond({})


def delete_branch(site: Site, request: Request, kind: str, repo_id: str, quoted: str) -> Response:
    name = unquote(quoted)
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if name == "main":
            raise Refusal(403, "Cannot delete refs/heads/main")
        if repo.branches.pop(name, None) is None:
            raise Refusal(404, f"Invalid rev id: {name}", "RevisionNotFound")
        site.store.save(repo)
    return Response()


def change_settings(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    asked = request.json()
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if asked.get("gated", False) not in {False, "auto", "manual"}:
            raise Refusal(400, '"gated" must be one of [auto, manual, false]')
        repo.gated = asked.get("gated", repo.gated)
        repo.private = asked.get("visibility", "private" if repo.private else "public") == "private"
        site.store.save(repo)
    return respond({})


def squash_history(site: Site, request: Request, kind: str, repo_id: str, quoted: str) -> Response:
    """One commit without a parent takes the branch's place; tags keep older ones alive."""
    branch = unquote(quoted)
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        head = site.store.resolve(repo, quoted)
        title = request.json().get("message") or f"Super-squash branch '{branch}'"
        made = site.store.write_commit(
            repo, head.tree, parent=None, title=title, author=signed_in(site, request)
        )
        repo.branches[branch] = made.id
        site.store.save(repo)
    return respond({})


ROUTES = [
    route("POST", "/api/repos/create", create_repo),
    route("DELETE", "/api/repos/delete", delete_repo),
    route("POST", "/api/repos/move", move_repo),
    route("POST", "/api/validate-yaml", validate_yaml),
    route("POST", rf"{REPO}/preupload/{REV}", preupload),
    route("POST", rf"{REPO}/commit/{REV}", commit),
    route("POST", rf"{REPO}/tag/{REV}", create_tag),
    route("DELETE", rf"{REPO}/tag/{REV}", delete_tag),
    route("POST", rf"{REPO}/branch/{REV}", create_branch),
    route("DELETE", rf"{REPO}/branch/{REV}", delete_branch),
    route("PUT", rf"{REPO}/settings", change_settings),
    route("POST", rf"{REPO}/super-squash/{REV}", squash_history),
]
