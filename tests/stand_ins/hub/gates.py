"""Requests for access to gated repositories."""

from tests.stand_ins.hub.admission import Site, open_repo, signed_in
from tests.stand_ins.hub.reading import REPO
from tests.stand_ins.hub.store import Repo, now, short_id
from tests.stand_ins.hub.web import Json, Refusal, Request, Response, paged, respond, route


def _gated(site: Site, request: Request, kind: str, repo_id: str) -> Repo:
    repo = open_repo(site, request, kind, repo_id, "write")
    if not repo.gated:
        raise Refusal(400, "The repository is not gated")
    return repo


def list_requests(site: Site, request: Request, kind: str, repo_id: str, status: str) -> Response:
    repo = _gated(site, request, kind, repo_id)
    found = [_request(user, status) for user, has in repo.grants.items() if has == status]
    return paged(found, request, size=100, headers={})


def _request(user: str, status: str) -> Json:
    return {
        "requestId": short_id(user),
        "user": {"user": user, "fullname": user, "email": f"{user}@example.org"},
        "status": status,
        "timestamp": now(),
    }


def handle_request(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    asked = request.json()
    with site.lock:
        repo = _gated(site, request, kind, repo_id)
        named = {short_id(user): user for user in repo.grants}
        user = asked.get("user") or named.get(asked.get("requestId", ""))
        if user not in repo.grants:
            raise Refusal(404, "No access request of this user")
        if repo.grants[user] == asked["status"]:
            raise Refusal(400, f"The request is {asked['status']} already")
        repo.grants[user] = asked["status"]
        site.store.save(repo)
    return respond({})


def grant(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    user = request.json()["user"]
    with site.lock:
        repo = _gated(site, request, kind, repo_id)
        if not site.accounts.knows(user):
            raise Refusal(404, "User not found")
        if repo.grants.get(user) == "accepted":
            raise Refusal(400, "The user has access already")
        repo.grants[user] = "accepted"
        site.store.save(repo)
    return respond({})


def ask_access(site: Site, request: Request, kind: str, repo_id: str) -> Response:
    """Answer the form of the Hub's web page; no client method calls it."""
    user = signed_in(site, request)
    with site.lock:
        repo = open_repo(site, request, kind, repo_id, "metadata")
        repo.grants[user] = "accepted" if repo.gated == "auto" else "pending"
        site.store.save(repo)
    return respond({})


ROUTES = [
    route("GET", rf"{REPO}/user-access-request/(pending|accepted|rejected)", list_requests),
    route("POST", rf"{REPO}/user-access-request/handle", handle_request),
    route("POST", rf"{REPO}/user-access-request/grant", grant),
    route("POST", r"/(dataset|space)s/([^/]+/[^/]+)/ask-access", ask_access),
]
