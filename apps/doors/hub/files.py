"""Listing and giving out the files of a snapshot."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.access.access import OpenObject
from apps.access.authorizations import Action
from apps.accounts.access import Principal
from apps.database.prepared_queries import PreparedQuery
from apps.datasets.models import Dataset
from apps.doors.blob_responses import Offer, serve_blob
from apps.doors.hub import drafts
from apps.doors.hub.paging import build_page, read_limit
from apps.doors.hub.refusals import EntryUnknownError, answer_as_hub, build_refusal
from apps.doors.hub.revisions import open_revision
from apps.doors.hub.shapes import describe_last_commit
from apps.doors.hub.tree import Folder, Listed, describe_entry, is_large_file, load_tree
from apps.doors.object_handouts import Door, hand_out_object
from apps.ingest.draft_files import compute_head, list_draft_files, require_readable
from apps.packaging.models import SnapshotFile
from apps.releases.stops import require_takeable
from datasets_catalog.errors import InvalidError

PAGE = 1000
PAGE_EXPANDED = 50
PATHS = 1000
TRUE = {"true", "True", "1"}


@dataclass(frozen=True, slots=True)
class _Listing:
    """The files at a revision, of a release or of the draft."""

    folder: Folder
    commit: str
    headers: Mapping[str, str]
    last_commit: Callable[[], Mapping[str, str]]


def _open_listing(principal: Principal, dataset: str, revision: str) -> _Listing:
    if draft := drafts.find_draft(principal, dataset, revision):
        head = compute_head(draft)
        named = partial(drafts.describe_last_commit, draft)
        return _Listing(drafts.load_draft_tree(draft), head, {"X-Repo-Commit": head}, named)
    found = open_revision(principal, dataset, revision, Action.LIST)
    named = partial(describe_last_commit, found.release)
    return _Listing(load_tree(found.snapshot), found.commit, found.headers, named)


@answer_as_hub
def list_tree(
    request: HttpRequest, principal: Principal, dataset: str, revision: str, path: str = ""
) -> HttpResponseBase:
    """`recursive` goes into folders, `expand` adds the last commit."""
    found = _open_listing(principal, dataset, revision)
    path = path.strip("/")
    folder = found.folder.find(path)
    if folder is None:
        raise EntryUnknownError(f"Entry not found: {path}", commit=found.commit)
    prefix = f"{path}/" if path else ""
    rows = folder.walk(prefix) if request.GET.get("recursive") in TRUE else folder.children(prefix)
    expand = request.GET.get("expand") in TRUE
    after = request.GET.get("cursor", "")
    ordered = sorted((row for row in rows if row[0] > after), key=lambda row: row[0])
    limit = min(read_limit(request, PAGE), PAGE_EXPANDED if expand else PAGE)
    shown = ordered[:limit]
    commit = found.last_commit() if expand else None
    cursor = shown[-1][0] if len(ordered) > limit else None
    response = build_page(
        request, [describe_entry(*row, commit) for row in shown], next_cursor=cursor
    )
    for name, value in found.headers.items():
        response.headers[name] = value
    return response


@answer_as_hub
def describe_paths(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """What the given paths are; unknown ones are left out."""
    if request.method != "POST":
        return build_refusal(405, "Send the paths by POST.")
    found = _open_listing(principal, dataset, revision)
    paths, expand = _read_paths(request)
    known = dict(found.folder.walk())
    commit = found.last_commit() if expand else None
    rows = [describe_entry(path, known[path], commit) for path in paths if path in known]
    return JsonResponse(rows, safe=False, headers=found.headers)


# What every file that is fetched asks.
_FILE = PreparedQuery(
    lambda *, snapshot, path: SnapshotFile.objects.select_related("blob").filter(
        snapshot=snapshot, path=path
    )
)


@answer_as_hub
def serve_file(
    request: HttpRequest, principal: Principal, dataset: str, revision: str, path: str
) -> HttpResponseBase:
    """A file's bytes, or by HEAD what they are."""
    if request.method not in {"GET", "HEAD"}:
        return build_refusal(405, "Files are read by GET and HEAD.")
    if draft := drafts.find_draft(principal, dataset, revision):
        return _serve_draft_file(request, principal, draft, path)
    found = open_revision(principal, dataset, revision, Action.DOWNLOAD)
    file = next(iter(_FILE.rows(snapshot=found.snapshot.pk, path=path)), None)
    if file is None:
        raise EntryUnknownError(f"Entry not found: {path}", commit=found.commit)
    offer = _build_offer(file, found.headers)
    opened = OpenObject(file.blob, found.release, found.authorization)
    return hand_out_object(request, principal, opened, offer, door=Door.HUB)


def _serve_draft_file(
    request: HttpRequest, principal: Principal, draft: Dataset, path: str
) -> HttpResponseBase:
    """A file of the draft, for those who work on it and hear its clips on the pages too."""
    head = compute_head(draft)
    file = next(iter(list_draft_files(draft, [path])), None)
    if file is None:
        raise EntryUnknownError(f"Entry not found: {path}", commit=head)
    require_readable(principal, draft, path)
    require_takeable(principal, draft, path, file.blob)
    return serve_blob(request, file.blob, _build_offer(file, {"X-Repo-Commit": head}))


def _build_offer(file: Listed, about: Mapping[str, str]) -> Offer:
    """The file under its name in the Hub's protocol: git's for small ones, else the hash."""
    headers, etag = dict(about), file.git_oid
    if is_large_file(file):
        etag = file.blob.sha256
        headers |= {"X-Linked-ETag": f'"{etag}"', "X-Linked-Size": str(file.blob.size)}
    return Offer(
        name=file.path.rpartition("/")[2],
        media_type=mimetypes.guess_type(file.path)[0] or "application/octet-stream",
        etag=etag,
        headers=headers,
    )


def _read_paths(request: HttpRequest) -> tuple[Sequence[str], bool]:
    """From a form, as Python's client sends them, or from JSON, as others do."""
    if request.content_type != "application/json":
        paths: Sequence[str] = request.POST.getlist("paths")
        expand = request.POST.get("expand") in TRUE
    else:
        paths, expand = _parse_json_paths(request.body)
    if len(paths) > PATHS:
        raise InvalidError(f"Ask for at most {PATHS} paths at once.")
    return [path.strip("/") for path in paths], expand


def _parse_json_paths(body: bytes) -> tuple[list[str], bool]:
    try:
        asked = json.loads(body)
    except ValueError as problem:
        raise InvalidError("The body is not valid JSON.") from problem
    paths = asked.get("paths") if isinstance(asked, dict) else None
    if isinstance(paths, str):
        paths = [paths]
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise InvalidError('Send {"paths": ["…"]}.')
    return paths, asked.get("expand") is True
