"""Commits into the draft: what to send how, and the commit itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.accounts.access import Principal
from apps.datasets.models import Dataset
from apps.doors.hub.drafts import DRAFT, list_parents, refuse_other_branches
from apps.doors.hub.refusals import answer_as_hub, build_refusal
from apps.doors.hub.request_bodies import (
    read_json,
    read_json_lines,
    read_objects,
    read_size,
    read_text,
)
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import require_draft, require_writer
from apps.doors.refusals import format_reason_phrase
from apps.ingest.draft_files import FileRole, compute_head, find_role, list_draft_files
from apps.ingest.models import Push
from apps.ingest.push_card import CardInvalidError, read_header
from apps.ingest.pushes import Addition, Change, Inline, Removal, push_commit
from datasets_catalog.errors import InvalidError

PREUPLOADED = 1000
REGULAR_BYTES = 1024 * 1024
SHA256 = re.compile(r"[0-9a-f]{64}")
NO_PULL_REQUESTS = (
    "There are no pull requests here: a push lands in the draft, which is reviewed before"
    " anything of it is released."
)


@answer_as_hub
def validate_yaml(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Whether a card's header can be read."""
    require_writer(principal)
    try:
        read_header(read_text(read_json(request), "content", most=4 * 1024 * 1024))
    except CardInvalidError as problem:
        errors = [{"message": problem.message}]
        return JsonResponse({"errors": errors, "warnings": []}, status=400)
    return JsonResponse({"errors": [], "warnings": []})


@answer_as_hub
def plan_uploads(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """For each file how it is to come, and what the draft holds in its place."""
    _, row = require_draft(principal, dataset)
    refuse_other_branches(revision)
    if _wants_pull_request(request):
        return build_refusal(403, NO_PULL_REQUESTS)
    asked = read_objects(read_json(request), "files", most=PREUPLOADED)
    files = [(read_text(file, "path"), read_size(file)) for file in asked]
    held = {
        file.path: file.remote_oid for file in list_draft_files(row, [path for path, _ in files])
    }
    described = [_describe_file(path, size, held.get(path)) for path, size in files]
    return JsonResponse({"files": described, "commitOid": compute_head(row)})


def _describe_file(path: str, size: int, held: str | None) -> Json:
    part = find_role(path)
    small = part is not FileRole.SOUND and size <= REGULAR_BYTES
    answer: Json = {
        "path": path,
        # Consents come within the commit, so that their bytes never lie in the dataset's store.
        "uploadMode": "regular" if small or part is FileRole.CONSENTS else "lfs",
        "shouldIgnore": part is FileRole.HIDDEN,
    }
    if held is not None:
        answer["oid"] = held
    return answer


@answer_as_hub
def take_commit(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """Take the operations into the draft, all or none."""
    user, row = require_draft(principal, dataset)
    refuse_other_branches(revision)
    if _wants_pull_request(request):
        return build_refusal(403, NO_PULL_REQUESTS)
    lines = read_json_lines(request)
    header = _read_value(next(lines, {}), "header")
    made = push_commit(
        actor=user,
        dataset=row,
        changes=list(_parse_changes(lines)),
        title=read_text(header, "summary", default=""),
        message=read_text(header, "description", default="", most=65_536),
        parents=list_parents(row, read_text(header, "parentCommit", default="")),
    )
    return _answer_commit(request, row, made)


def _answer_commit(request: HttpRequest, dataset: Dataset, made: Push) -> JsonResponse:
    told = " ".join(made.report)
    page = request.build_absolute_uri(f"/datasets/{dataset.full_name}")
    response = JsonResponse(
        {
            "success": True,
            "commitOid": made.oid,
            # Clients take the commit's id out of this address.
            "commitUrl": f"{page}/commit/{made.oid}",
            "hookOutput": told,
            "pullRequestUrl": None,
        }
    )
    if told:
        # Python's client shows a warning once for each topic, and never the hook's output.
        response.headers["X-HF-Warning"] = f"{DRAFT} {made.oid[:8]}; {format_reason_phrase(told)}"
    return response


def _parse_changes(lines: Iterator[Json]) -> Iterator[Change]:
    for line in lines:
        key = line.get("key")
        if key not in {"file", "lfsFile", "deletedFile", "deletedFolder"}:
            raise InvalidError(f"A commit has no operation {key!r}.")
        value = _read_value(line, str(key))
        path = read_text(value, "path")
        match key:
            case "file":
                yield Inline(path, _decode_content(value))
            case "lfsFile":
                yield _parse_addition(path, value)
            case _:
                yield Removal(path, folder=key == "deletedFolder")


def _read_value(line: Json, key: str) -> Json:
    value = line.get("value")
    if line.get("key") != key or not isinstance(value, dict):
        raise InvalidError(f"Expected a line of the commit with the key {key} and its value.")
    return value


def _parse_addition(path: str, value: Json) -> Addition:
    oid = read_text(value, "oid")
    if not SHA256.fullmatch(oid) or value.get("algo", "sha256") != "sha256":
        raise InvalidError(f"{path}: large files are named by their SHA-256.")
    return Addition(path, oid, read_size(value) if value.get("size") is not None else None)


def _decode_content(value: dict[str, Any]) -> bytes:
    text = read_text(value, "content", most=16 * 1024 * 1024)
    if value.get("encoding") != "base64":
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise InvalidError("The content of a file is not base64.") from problem


def _wants_pull_request(request: HttpRequest) -> bool:
    return request.GET.get("create_pr", "") not in {"", "0", "false"}
