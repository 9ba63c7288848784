"""A dataset's git repository over smart HTTP, to be read only.

It holds hashes, cards and version tags, no clip and no name of a clip, and needs the permission
to list a release. Only versions that were given out are shown, withdrawn ones too: a tag never
goes away, its objects answer 410 and say what to use instead. Stopped ones are not shown.
"""

from __future__ import annotations

import re
from typing import IO, cast

from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from apps.access.access import list_shown_releases, open_newest
from apps.access.authorizations import Action
from apps.accounts.access import Principal
from apps.doors.dvc.authentication import authenticate_client
from apps.doors.dvc.upload_pack import Readable, read_request, run_upload_pack
from apps.doors.refusals import build_refusal
from apps.storage.git import MAIN, list_tag_targets, open_for_reading
from apps.storage.version_writing import VersionRepo

SERVICE = "git-upload-pack"
PROTOCOL = re.compile(r"version=[0-2](?::[a-z0-9=-]{1,32}){0,4}")
READ_ONLY = "This repository is read-only: nothing is pushed here, change the dataset on its page."


@csrf_exempt
@authenticate_client
def advertise_references(
    request: HttpRequest, principal: Principal, dataset: str
) -> HttpResponseBase:
    """`info/refs`: which versions there are."""
    if request.method != "GET" or request.GET.get("service") != SERVICE:
        return build_refusal(READ_ONLY, 403)
    repository, shown, _ = _load_repository(principal, dataset)
    answer = run_upload_pack(repository.path, shown, ask=None, protocol=_read_protocol(request))
    return _send_answer(answer, "advertisement")


@csrf_exempt
@authenticate_client
def upload_pack(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """`git-upload-pack`: what a clone or fetch asks for."""
    if request.method != "POST":
        return build_refusal("Ask by POST.", 405)
    repository, shown, commits = _load_repository(principal, dataset)
    encoding = request.headers.get("Content-Encoding", "").lower()
    with read_request(_open_body(request), encoding) as ask:
        answer = run_upload_pack(
            repository.path, shown, open_to=commits, ask=ask, protocol=_read_protocol(request)
        )
    return _send_answer(answer, "result")


@csrf_exempt
@authenticate_client
def refuse_request(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Every other part of a repository: pushing, and reading it file by file."""
    return build_refusal(READ_ONLY, 403)


def _load_repository(
    principal: Principal, full_name: str
) -> tuple[VersionRepo, dict[str, str], frozenset[str]]:
    """The repository, the references the principal may see with what they name, and their commits.

    `main` is the newest version that is open to the principal, as at the other doors: a patch of
    an older line that came out last is not, nor a newer one that is deprecated or closed.
    """
    opened = open_newest(principal, full_name, Action.LIST)
    dataset = opened.release.dataset
    repository = VersionRepo(dataset.uid, dataset.full_name)
    given = {row.tag: row.dvc_commit for row in list_shown_releases(principal, full_name)}
    with open_for_reading(repository.path) as there:
        targets = list_tag_targets(there)
    tags = {f"refs/tags/{tag}": target for tag, target in targets.items() if tag in given}
    commits = frozenset(given.values())
    return repository, {**tags, MAIN: opened.release.dvc_commit}, commits


def _read_protocol(request: HttpRequest) -> str:
    asked = request.headers.get("Git-Protocol", "")
    return asked if PROTOCOL.fullmatch(asked) else ""


def _open_body(request: HttpRequest) -> Readable:
    # Django reads nothing of a body sent in chunks; servers that end it themselves may be read.
    if request.META.get("wsgi.input_terminated"):
        return cast("Readable", request.META["wsgi.input"])
    return request


def _send_answer(answer: IO[bytes], kind: str) -> HttpResponseBase:
    size = answer.tell()
    answer.seek(0)
    response = FileResponse(answer, content_type=f"application/x-{SERVICE}-{kind}")
    response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "no-cache, max-age=0, must-revalidate"
    return response
