"""Routes that read: who am I, repositories, trees, commits, files."""

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, quote, unquote

import yaml

from tests.stand_ins.hub.admission import (
    Site,
    may_write,
    open_commit,
    open_repo,
    signed_in,
    token_of,
)
from tests.stand_ins.hub.store import Commit, Entry, Repo, now, short_id
from tests.stand_ins.hub.web import (
    Json,
    Refusal,
    Request,
    Response,
    paged,
    respond,
    route,
    serve_file,
)

EXPANDED_PAGE = 50


def who_am_i(site: Site, request: Request) -> Response:
    user = signed_in(site, request)
    organisations = [
        {
            "type": "org",
            "id": short_id(name),
            "name": name,
            "fullname": name,
            "roleInOrg": roles[user],
        }
        for name, roles in site.accounts.organisations.items()
        if user in roles
    ]
    role = site.accounts.tokens[token_of(request)][1]
    token = {"displayName": "stand-in", "role": role, "createdAt": now()}
    return respond(
        {
            "type": "user",
            "id": short_id(user),
            "name": user,
            "fullname": user,
            "email": f"{user}@example.org",
            "orgs": organisations,
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


def card_of(site: Site, commit: Commit) -> object:
    readme = commit.tree.get("README.md")
    if readme is None:
        return None
    text = site.store.blob_path(readme).read_text()
    if not text.startswith("---\n"):
        return None
    try:
        return yaml.safe_load(text.split("---\n")[1])
    except yaml.YAMLError:
        return None


def describe(site: Site, repo: Repo, commit: Commit, *, blobs: bool) -> Json:
    described: Json = {
        "_id": short_id(repo.id),
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.id,
        "lastModified": commit.date,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": repo.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "usedStorage": sum(entry.size for entry in commit.tree.values()),
        "siblings": [
            _sibling(path, entry, blobs=blobs) for path, entry in sorted(commit.tree.items())
        ],
    }
    if card := card_of(site, commit):
        described["cardData"] = card
    return described


def _sibling(path: str, entry: Entry, *, blobs: bool) -> Json:
    if not blobs:
        return {"rfilename": path}
    sibling: Json = {"rfilename": path, "size": entry.size, "blobId": entry.oid}
    if entry.sha256:
        sibling["lfs"] = {
            "sha256": entry.sha256,
            "size": entry.size,
            "pointerSize": entry.pointer_size,
        }
    return sibling


def repo_info(
    site: Site, request: Request, kind: str, repo_id: str, revision: str | None
) -> Response:
    repo, commit = open_commit(site, request, kind, repo_id, revision or "main", "metadata")
    described = describe(site, repo, commit, blobs=request.flag("blobs"))
    if wanted := request.query.get("expand"):
        described = {k: v for k, v in described.items() if k in {"_id", "id", *wanted}}
    return respond(described)


def list_repos(site: Site, request: Request, kind: str) -> Response:
    author = request.query.get("author", [None])[0]
    found = [
        describe(site, repo, site.store.resolve(repo, "main"), blobs=False)
        for repo in site.store.repos(kind)
        if author in {None, repo.namespace}
        and (not repo.private or may_write(site, request, repo.namespace))
    ]
    return respond(found)


def entry_json(path: str, entry: Entry) -> Json:
    listed: Json = {"type": "file", "oid": entry.oid, "size": entry.size, "path": path}
    if entry.sha256:
        listed["lfs"] = {
            "oid": entry.sha256,
            "size": entry.size,
            "pointerSize": entry.pointer_size,
        }
    return listed


def folders_of(tree: dict[str, Entry]) -> set[str]:
    return {str(folder) for path in tree for folder in PurePosixPath(path).parents} - {"."}


def folder_json(path: str) -> Json:
    oid = hashlib.sha1(path.encode()).hexdigest()
    return {"type": "directory", "oid": oid, "size": 0, "path": path}


def _under(folder: str, path: str, *, recursive: bool) -> bool:
    if folder and not path.startswith(f"{folder}/"):
        return False
    return recursive or "/" not in path[len(folder) + 1 if folder else 0 :]


def _listing(tree: dict[str, Entry], folder: str, *, recursive: bool) -> Iterator[Json]:
    for path, entry in tree.items():
        if _under(folder, path, recursive=recursive):
            yield entry_json(path, entry)
    for path in folders_of(tree):
        if _under(folder, path, recursive=recursive):
            yield folder_json(path)


def list_tree(
    site: Site, request: Request, kind: str, repo_id: str, revision: str, folder: str | None
) -> Response:
    _, commit = open_commit(site, request, kind, repo_id, revision, "metadata")
    top = unquote(folder or "").strip("/")
    found = sorted(
        _listing(commit.tree, top, recursive=request.flag("recursive")), key=lambda e: e["path"]
    )
    headers = {"X-Repo-Commit": commit.id}
    if top and not found:
        raise Refusal(
            404, f'{top} does not exist on "{revision}"', "EntryNotFound", headers=headers
        )
    size = site.tree_page
    if request.flag("expand"):
        size = min(size, EXPANDED_PAGE)
        last = {"id": commit.id, "title": commit.title, "date": commit.date}
        found = [{**entry, "lastCommit": last} for entry in found]
    return paged(found, request, size=size, headers=headers)


def paths_info(site: Site, request: Request, kind: str, repo_id: str, revision: str) -> Response:
    _, commit = open_commit(site, request, kind, repo_id, revision, "metadata")
    if "json" in (request.headers.get("Content-Type") or ""):
        wanted = list(request.json()["paths"])
    else:
        wanted = parse_qs(request.read().decode()).get("paths", [])
    folders = folders_of(commit.tree)
    found: list[Json] = []
    for path in (path.strip("/") for path in wanted):
        if path in commit.tree:
            found.append(entry_json(path, commit.tree[path]))
        elif path in folders:
            found.append(folder_json(path))
    return respond(found)


def list_refs(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    repo = open_repo(site, request, kind, repo_id, "metadata")
    listed: dict[str, list[Any]] = {
        "branches": _refs(repo.branches, "heads"),
        "tags": _refs(repo.tags, "tags"),
        "converts": [],
    }
    if "include_prs" in request.query:
        listed["pullRequests"] = []
    return respond(listed)


def _refs(names: dict[str, str], kind: str) -> list[Json]:
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}
        for name, oid in sorted(names.items())
    ]


def list_commits(site: Site, request: Request, kind: str, repo_id: str, revision: str) -> Response:
    repo, newest = open_commit(site, request, kind, repo_id, revision, "metadata")
    listed = [
        {
            "id": commit.id,
            "title": commit.title,
            "message": commit.message,
            "date": commit.date,
            "authors": [{"user": commit.author}],
        }
        for commit in site.store.history(repo, newest.id)
    ]
    return paged(listed, request, size=site.commits_page, headers={})


def check_access(
    site: Site, request: Request, kind: str, repo_id: str, write: str | None
) -> Response:
    open_repo(site, request, kind, repo_id, "write" if write else "files")
    return Response(200, b"OK", media_type="text/plain")


def resolve_file(
    site: Site, request: Request, kind: str | None, repo_id: str, revision: str, quoted: str
) -> Response:
    _, commit = open_commit(site, request, kind or "model", repo_id, revision, "files")
    path = unquote(quoted)
    entry = commit.tree.get(path)
    headers = {"X-Repo-Commit": commit.id}
    if entry is None:
        raise Refusal(404, "Entry not found", "EntryNotFound", headers=headers)
    headers["ETag"] = f'"{entry.remote_oid}"'
    headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(PurePosixPath(path).name)}"
    if entry.sha256:
        headers["X-Linked-ETag"] = headers["ETag"]
        headers["X-Linked-Size"] = str(entry.size)
    return serve_file(request, site.store.blob_path(entry), headers)


def harnesses(site: Site, request: Request) -> Response:
    return respond({"standardEnvVars": [], "harnesses": {}})


def nothing(site: Site, request: Request) -> Response:
    return Response()


REPO = r"/api/(dataset|model|space)s/([^/]+/[^/]+)"
REV = r"([^/]+)"
ROUTES = [
    route("GET", "/api/whoami-v2", who_am_i),
    route("GET", "/api/agent-harnesses", harnesses),
    route("GET HEAD", "/api/telemetry/.*", nothing),
    route("GET", r"/api/(dataset|model|space)s", list_repos),
    route("GET", rf"{REPO}(?:/revision/{REV})?", repo_info),
    route("GET", rf"{REPO}/tree/{REV}(?:/(.*))?", list_tree),
    route("POST", rf"{REPO}/paths-info/{REV}", paths_info),
    route("GET", rf"{REPO}/refs", list_refs),
    route("GET", rf"{REPO}/commits/{REV}", list_commits),
    route("GET HEAD", rf"{REPO}/auth-check(/write)?", check_access),
    route(
        "GET HEAD",
        rf"/(?:(dataset|space)s/)?([^/]+/[^/]+)/(?:resolve|raw)/{REV}/(.+)",
        resolve_file,
    ),
]
