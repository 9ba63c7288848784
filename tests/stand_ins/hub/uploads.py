"""Large files: LFS (single and multipart), a small Xet store, and their permanent deletion."""

import time
from collections.abc import Iterator
from pathlib import Path

from tests.stand_ins.hub.admission import Site, open_repo, signed_in, token_of
from tests.stand_ins.hub.reading import REPO, REV
from tests.stand_ins.hub.store import Commit, Entry, Repo, blocks
from tests.stand_ins.hub.web import Json, Refusal, Request, Response, respond, route, serve_file
from tests.stand_ins.hub.xet import accept_shard

SHA256 = r"([0-9a-f]{64})"
TOKEN_SECONDS = 3600


def lfs_batch(site: Site, request: Request, kind: str | None, repo_id: str) -> Response:
    asked = request.json()
    upload = asked["operation"] == "upload"
    open_repo(site, request, kind or "model", repo_id, "write" if upload else "files")
    transfer = "basic"
    objects: list[Json] = []
    for wanted in asked["objects"]:
        answer = {"oid": wanted["oid"], "size": wanted["size"]}
        if not upload:
            answer |= _download(site, request, wanted["oid"])
        elif not site.store.has_large(wanted["oid"]):
            many = site.part_bytes and wanted["size"] > site.part_bytes
            if many and "multipart" in asked.get("transfers", []):
                transfer = "multipart"
                answer["actions"] = _multipart(site, request, wanted)
            else:
                answer["actions"] = {"upload": {"href": _href(site, request, "put", wanted["oid"])}}
            answer["actions"]["verify"] = {"href": f"{request.base}/_lfs/verify/{wanted['oid']}"}
        objects.append(answer)
    answered = respond({"transfer": transfer, "objects": objects})
    answered.media_type = "application/vnd.git-lfs+json"
    return answered


def _href(site: Site, request: Request, verb: str, name: str) -> str:
    return f"{request.base}/_lfs/{verb}/{name}?signature={site.sign(f'{verb}/{name}')}"


def _download(site: Site, request: Request, sha256: str) -> Json:
    if not site.store.has_large(sha256):
        return {"error": {"code": 404, "message": "Object does not exist"}}
    return {"actions": {"download": {"href": _href(site, request, "get", sha256)}}}


def _multipart(site: Site, request: Request, wanted: Json) -> Json:
    count = -(-wanted["size"] // site.part_bytes)
    header = {"chunk_size": str(site.part_bytes)}
    for number in range(1, count + 1):
        header[f"{number:05}"] = _href(site, request, "part", f"{wanted['oid']}/{number}")
    href = _href(site, request, "complete", wanted["oid"])
    return {"upload": {"href": href, "header": header}}


def _signed(site: Site, request: Request, verb: str, name: str) -> None:
    site.require_signature(f"{verb}/{name}", request.query.get("signature", [""])[0])


def put_object(site: Site, request: Request, sha256: str) -> Response:
    _signed(site, request, "put", sha256)
    site.store.put_large(sha256, blocks(request.stream))
    return Response()


def _part(site: Site, sha256: str, number: object) -> Path:
    return site.store.folder / "parts" / f"{sha256}-{number}"


def put_part(site: Site, request: Request, sha256: str, number: str) -> Response:
    _signed(site, request, "part", f"{sha256}/{number}")
    content = request.read()
    if len(content) > site.part_bytes:
        raise Refusal(400, "The part is too long")
    _part(site, sha256, number).write_bytes(content)
    return Response(headers={"ETag": f'"{site.sign(f"{sha256}/{number}")}"'})


def complete_object(site: Site, request: Request, sha256: str) -> Response:
    _signed(site, request, "complete", sha256)
    numbers = [part["partNumber"] for part in request.json()["parts"]]

    def content() -> Iterator[bytes]:
        for number in numbers:
            yield _part(site, sha256, number).read_bytes()

    site.store.put_large(sha256, content())
    for number in numbers:
        _part(site, sha256, number).unlink()
    return respond({})


def verify_object(site: Site, request: Request, sha256: str) -> Response:
    signed_in(site, request)
    path = site.store.large_path(sha256)
    if not path.exists() or path.stat().st_size != request.json()["size"]:
        raise Refusal(404, "The object was not uploaded")
    return respond({})


def get_object(site: Site, request: Request, sha256: str) -> Response:
    _signed(site, request, "get", sha256)
    return serve_file(request, site.store.large_path(sha256), {"ETag": f'"{sha256}"'})


# Xet


def xet_token(
    site: Site, request: Request, kind: str, repo_id: str, verb: str, revision: str
) -> Response:
    if verb == "read":
        raise Refusal(404, "Files of this hub are read by plain HTTP")
    open_repo(site, request, kind, repo_id, "write")
    expires = int(time.time()) + TOKEN_SECONDS
    cas = f"{request.base}/cas"
    token = f"{expires}.{site.sign(f'xet/{expires}')}"
    headers = {
        "X-Xet-Cas-Url": cas,
        "X-Xet-Access-Token": token,
        "X-Xet-Token-Expiration": str(expires),
    }
    return respond({"casUrl": cas, "exp": expires, "accessToken": token}, headers=headers)


def _cas(site: Site, request: Request) -> None:
    expires, _, signature = token_of(request).partition(".")
    site.require_signature(f"xet/{expires}", signature)
    if int(expires) < time.time():
        raise Refusal(401, "The token has expired")


def put_xorb(site: Site, request: Request, name: str) -> Response:
    _cas(site, request)
    content = request.read()
    path = site.store.folder / "xorbs" / name
    # Two clients may bring one xorb while a third's shard reads it: it is never there in part.
    with site.lock:
        fresh = not path.exists()
        if fresh:
            path.write_bytes(content)
    return respond({"was_inserted": fresh})


def put_shard(site: Site, request: Request) -> Response:
    _cas(site, request)
    with site.lock:
        accept_shard(site.store, request.read())
    return respond({"result": 1})


# Permanent deletion


def list_large(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    repo = open_repo(site, request, kind, repo_id, "write")
    names = {
        entry.sha256: (path, entry.size)
        for commit in _all_commits(site, repo)
        for path, entry in commit.tree.items()
        if entry.sha256
    }
    return respond(
        [
            {
                "fileOid": sha256,
                "oid": sha256,
                "filename": names.get(sha256, ("", 0))[0],
                "size": names.get(sha256, ("", 0))[1],
                "pushedAt": pushed,
                "ref": "main",
            }
            for sha256, pushed in sorted(repo.pushed.items())
            if site.store.has_large(sha256)
        ]
    )


def _heads(repo: Repo) -> set[str]:
    return {*repo.branches.values(), *repo.tags.values()}


def _all_commits(site: Site, repo: Repo) -> Iterator[Commit]:
    for head in _heads(repo):
        yield from site.store.history(repo, head)


def delete_large(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    """Destroys the bytes and, if asked, writes a history that never named them."""
    asked = request.json()["deletions"]
    gone = set(asked["sha"])
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "write")
        if asked.get("rewriteHistory", True):
            renamed = {head: _rewritten(site, repo, head, gone) for head in _heads(repo)}
            repo.branches = {name: renamed[oid] for name, oid in repo.branches.items()}
            repo.tags = {name: renamed[oid] for name, oid in repo.tags.items()}
        for sha256 in gone:
            repo.pushed.pop(sha256, None)
            site.store.large_path(sha256).unlink(missing_ok=True)
        site.store.save(repo)
    return respond({})


def _rewritten(site: Site, repo: Repo, head: str, gone: set[str]) -> str:
    """Return the id that takes the place of `head`; commits that named no such file stay."""
    parent: str | None = None
    changed = False
    for old in reversed(list(site.store.history(repo, head))):
        tree: dict[str, Entry] = {p: e for p, e in old.tree.items() if e.sha256 not in gone}
        changed = changed or len(tree) != len(old.tree)
        if not changed:
            parent = old.id
            continue
        made = site.store.write_commit(
            repo, tree, parent=parent, title=old.title, message=old.message, author=old.author
        )
        site.store.forget_commit(repo, old.id)
        parent = made.id
    assert parent
    return parent


ROUTES = [
    route("POST", r"/(?:(dataset|space)s/)?([^/]+/[^/]+)\.git/info/lfs/objects/batch", lfs_batch),
    route("PUT", rf"/_lfs/put/{SHA256}", put_object),
    route("PUT", rf"/_lfs/part/{SHA256}/(\d+)", put_part),
    route("POST", rf"/_lfs/complete/{SHA256}", complete_object),
    route("POST", rf"/_lfs/verify/{SHA256}", verify_object),
    route("GET HEAD", rf"/_lfs/get/{SHA256}", get_object),
    route("GET", rf"{REPO}/xet-(read|write)-token/{REV}", xet_token),
    route("POST", rf"/cas/v1/xorbs/[^/]+/{SHA256}", put_xorb),
    route("POST", "/cas/v1/shards", put_shard),
    route("GET", rf"{REPO}/lfs-files", list_large),
    route("POST", rf"{REPO}/lfs-files/batch", delete_large),
]
