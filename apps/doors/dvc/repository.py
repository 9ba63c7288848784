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

from apps.access.access import open_newest, shown_releases
from apps.access.answers import Action
from apps.accounts.access import Principal
from apps.doors.dvc.signing_in import signed_in
from apps.doors.dvc.upload_pack import Readable, answer_of, read_request
from apps.doors.refusals import refusal
from apps.storage.git import MAIN, reading, tag_targets
from apps.storage.versions import VersionRepo

SERVICE = "git-upload-pack"
PROTOCOL = re.compile(r"version=[0-2](?::[a-z0-9=-]{1,32}){0,4}")
READ_ONLY = "This repository is read-only: nothing is pushed here, change the dataset on its page."


@csrf_exempt
@signed_in
def advertise(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """`info/refs`: which versions there are."""
    if request.method != "GET" or request.GET.get("service") != SERVICE:
        return refusal(READ_ONLY, 403)
    repository, shown, _ = _shown(principal, dataset)
    answer = answer_of(repository.path, shown, ask=None, protocol=_protocol(request))
    return _sent(answer, "advertisement")


@csrf_exempt
@signed_in
def upload_pack(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """`git-upload-pack`: what a clone or fetch asks for."""
    if request.method != "POST":
        return refusal("Ask by POST.", 405)
    repository, shown, commits = _shown(principal, dataset)
    encoding = request.headers.get("Content-Encoding", "").lower()
    with read_request(_body(request), encoding) as ask:
        answer = answer_of(
            repository.path, shown, open_to=commits, ask=ask, protocol=_protocol(request)
        )
    return _sent(answer, "result")


@csrf_exempt
@signed_in
def refuse(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Every other part of a repository: pushing, and reading it file by file."""
    return refusal(READ_ONLY, 403)


def _shown(
    principal: Principal, full_name: str
) -> tuple[VersionRepo, dict[str, str], frozenset[str]]:
    """The repository, the references the principal may see with what they name, and their commits.

    `main` is the newest version that is open to the principal, as at the other doors: a patch of
    an older line that came out last is not, nor a newer one that is deprecated or closed.
    """
    opened = open_newest(principal, full_name, Action.LIST)
    dataset = opened.release.dataset
    repository = VersionRepo(dataset.uid, dataset.full_name)
    given = {row.tag: row.dvc_commit for row in shown_releases(principal, full_name)}
    with reading(repository.path) as there:
        targets = tag_targets(there)
    tags = {f"refs/tags/{tag}": target for tag, target in targets.items() if tag in given}
    commits = frozenset(given.values())
    return repository, {**tags, MAIN: opened.release.dvc_commit}, commits


def _protocol(request: HttpRequest) -> str:
    asked = request.headers.get("Git-Protocol", "")
    return asked if PROTOCOL.fullmatch(asked) else ""


def _body(request: HttpRequest) -> Readable:
    # Django reads nothing of a body sent in chunks; servers that end it themselves may be read.
    if request.META.get("wsgi.input_terminated"):
        return cast("Readable", request.META["wsgi.input"])
    return request


def _sent(answer: IO[bytes], kind: str) -> HttpResponseBase:
    size = answer.tell()
    answer.seek(0)
    response = FileResponse(answer, content_type=f"application/x-{SERVICE}-{kind}")
    response.headers["Content-Length"] = str(size)
    response.headers["Cache-Control"] = "no-cache, max-age=0, must-revalidate"
    return response
