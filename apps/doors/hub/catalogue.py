"""Who I am, which datasets there are, and what a dataset is."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from apps.access.access import list_open_releases, open_newest
from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.access import list_visible_datasets
from apps.datasets.models import Dataset
from apps.doors.credentials import read_token
from apps.doors.hub import drafts
from apps.doors.hub.paging import build_page, load_page
from apps.doors.hub.refusals import BAD_TOKEN, answer_as_hub, build_refusal
from apps.doors.hub.revisions import Revision, open_main, open_revision
from apps.doors.hub.shapes import (
    describe_commit,
    describe_dataset,
    describe_person,
    describe_reference,
    describe_siblings,
)
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import require_draft
from apps.ingest.draft_files import compute_head, list_draft_files
from apps.packaging.models import Snapshot
from datasets_catalog.release_states import ReleaseState

READABLE = [ReleaseState.PUBLISHED, ReleaseState.DEPRECATED]
LISTED = 100
CARD = "README.md"


@answer_as_hub
def show_identity(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    if not isinstance(principal, User):
        return build_refusal(401, BAD_TOKEN)
    return JsonResponse(describe_person(principal, read_token(request)))


@answer_as_hub
def list_datasets(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """`author`, `search`, `limit`; in the order of their names."""
    ready = Snapshot.objects.filter(
        release__dataset=OuterRef("pk"), release__state__in=READABLE, built_at__isnull=False
    )
    rows = list_visible_datasets(principal).filter(Exists(ready))
    if author := request.GET.get("author"):
        rows = rows.filter(organisation__name=author)
    if text := request.GET.get("search"):
        rows = rows.filter(Q(name__icontains=text) | Q(organisation__name__icontains=text))
    found, following = load_page(request, rows, ("organisation__name", "name"), LISTED)
    return build_page(request, _describe_datasets(found), next_cursor=following)


def _describe_datasets(rows: list[Dataset]) -> list[Json]:
    """Each dataset at its newest release that is ready; one query."""
    snapshots = Snapshot.objects.filter(
        release__dataset__in=rows, release__state__in=READABLE, built_at__isnull=False
    ).select_related("release__dataset__organisation")
    # The last one stands: published after deprecated, newer after older.
    newest = {
        snapshot.release.dataset_id: snapshot for snapshot in sorted(snapshots, key=_rank_snapshot)
    }
    return [describe_dataset(newest[row.pk].release, newest[row.pk]) for row in rows]


def _rank_snapshot(snapshot: Snapshot) -> tuple[bool, int]:
    release = snapshot.release
    return release.state == ReleaseState.PUBLISHED, release.order


@answer_as_hub
def show_dataset(
    request: HttpRequest, principal: Principal, dataset: str, revision: str = "main"
) -> HttpResponseBase:
    """What a dataset is at a revision. Gated datasets are described to everybody who may know."""
    with_blobs = request.GET.get("blobs") in {"true", "1", "True"}
    if draft := drafts.find_draft(principal, dataset, revision):
        info, headers = drafts.describe_draft(draft), {"X-Repo-Commit": compute_head(draft)}
        info["siblings"] = describe_siblings(list_draft_files(draft), with_blobs=with_blobs)
    else:
        found = open_revision(principal, dataset, revision, Action.VIEW)
        info, headers = describe_dataset(found.release, found.snapshot), found.headers
        info["siblings"] = _list_named_files(principal, found, with_blobs=with_blobs)
    wanted = {name for value in request.GET.getlist("expand") for name in value.split(",")}
    if wanted:
        info = {name: value for name, value in info.items() if name in {"_id", "id", *wanted}}
    return JsonResponse(info, headers=headers)


def _list_named_files(principal: Principal, found: Revision, *, with_blobs: bool) -> list[Json]:
    """The files by name, for those who may list them; the card alone for everybody else.

    A client that knew of no file would take nothing, and say that it was done.
    """
    files = found.snapshot.files.select_related("blob")
    if authorize_action(principal, found.release, Action.LIST).allowed:
        return describe_siblings(files, with_blobs=with_blobs)
    return describe_siblings(files.filter(path=CARD), with_blobs=False)


@answer_as_hub
def list_references(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Branches and tags."""
    draft = drafts.find_draft(principal, dataset, drafts.DRAFT)
    releases = list_open_releases(principal, dataset, Action.VIEW)
    commits = {release.version: release.dvc_commit for release in releases}
    heads = {}
    if draft is not None:
        heads[drafts.DRAFT] = compute_head(draft)
    if draft is not None and draft.released_at is None:
        heads["main"] = heads[drafts.DRAFT]
    elif releases or draft is None:
        heads["main"] = open_main(principal, dataset, Action.VIEW).release.dvc_commit
    answer: Json = {
        "branches": [describe_reference(name, "heads", oid) for name, oid in sorted(heads.items())],
        "tags": [
            describe_reference(f"v{version}", "tags", oid) for version, oid in commits.items()
        ],
        "converts": [],
    }
    if request.GET.get("include_prs"):
        answer["pullRequests"] = []
    return JsonResponse(answer)


@answer_as_hub
def list_commits(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """The releases up to a revision, newest first; the pushes where it is the draft."""
    if draft := drafts.find_draft(principal, dataset, revision):
        return JsonResponse(drafts.list_commits(draft), safe=False)
    found = open_revision(principal, dataset, revision, Action.VIEW).release
    releases = list_open_releases(principal, dataset, Action.VIEW)
    return JsonResponse(
        [describe_commit(each) for each in releases if each.order <= found.order], safe=False
    )


@answer_as_hub
def check_access(
    request: HttpRequest, principal: Principal, dataset: str, write: str = ""
) -> HttpResponseBase:
    """Whether the files may be had, or the draft be written to."""
    if write:
        require_draft(principal, dataset)
    else:
        open_newest(principal, dataset, Action.DOWNLOAD)
    return JsonResponse({})


NOT_HERE = "There is nothing to change at this address: only datasets live here."


@answer_as_hub
def list_harnesses(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Asked once a day by the client, which only wants an answer."""
    return JsonResponse({"standardEnvVars": [], "harnesses": {}})


@answer_as_hub
def ignore_telemetry(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Nothing is counted."""
    return HttpResponse()


@answer_as_hub
def refuse_unknown_address(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Every other address of the Hub: other kinds of repositories, discussions, jobs."""
    if request.method not in {"GET", "HEAD"}:
        return build_refusal(403, NOT_HERE)
    return build_refusal(404 if principal.is_authenticated else 401, "Not found", "RepoNotFound")
