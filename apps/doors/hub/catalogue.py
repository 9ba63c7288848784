"""Who I am, which datasets there are, and what a dataset is."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from apps.access.access import open_newest, open_releases
from apps.access.answers import Action
from apps.access.authorize import authorize
from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.access import visible_datasets
from apps.datasets.models import Dataset
from apps.doors.credentials import token_of
from apps.doors.hub import drafts
from apps.doors.hub.answers import BAD_TOKEN, hub_door, refusal
from apps.doors.hub.paging import limit_of, page
from apps.doors.hub.revisions import Revision, open_main, open_revision
from apps.doors.hub.shapes import commit, dataset_info, person, reference, siblings
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import draft_of
from apps.ingest.draft_files import files_of, head_of
from apps.publishing.models import Snapshot
from datasets_catalog.release_states import ReleaseState

READABLE = [ReleaseState.PUBLISHED, ReleaseState.DEPRECATED]
LISTED = 100
CARD = "README.md"


@hub_door
def whoami(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    if not isinstance(principal, User):
        return refusal(401, BAD_TOKEN)
    return JsonResponse(person(principal, token_of(request)))


@hub_door
def datasets(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """`author`, `search`, `limit`; in the order of their names."""
    ready = Snapshot.objects.filter(
        release__dataset=OuterRef("pk"), release__state__in=READABLE, built_at__isnull=False
    )
    rows = visible_datasets(principal).filter(Exists(ready))
    if author := request.GET.get("author"):
        rows = rows.filter(organisation__name=author)
    if text := request.GET.get("search"):
        rows = rows.filter(Q(name__icontains=text) | Q(organisation__name__icontains=text))
    organisation, _, name = request.GET.get("cursor", "").partition("/")
    rows = rows.filter(
        Q(organisation__name__gt=organisation) | Q(organisation__name=organisation, name__gt=name)
    )
    limit = limit_of(request, LISTED)
    found = list(rows[: limit + 1])
    cursor = found[limit - 1].full_name if len(found) > limit else None
    return page(request, _described(found[:limit]), next_cursor=cursor)


def _described(rows: list[Dataset]) -> list[Json]:
    """Each dataset at its newest release that is ready; one query."""
    snapshots = Snapshot.objects.filter(
        release__dataset__in=rows, release__state__in=READABLE, built_at__isnull=False
    ).select_related("release__dataset__organisation")
    # The last one stands: published after deprecated, newer after older.
    newest = {
        snapshot.release.dataset_id: snapshot for snapshot in sorted(snapshots, key=_preference)
    }
    return [dataset_info(newest[row.pk].release, newest[row.pk]) for row in rows]


def _preference(snapshot: Snapshot) -> tuple[bool, int]:
    release = snapshot.release
    return release.state == ReleaseState.PUBLISHED, release.order


@hub_door
def dataset(
    request: HttpRequest, principal: Principal, dataset: str, revision: str = "main"
) -> HttpResponseBase:
    """What a dataset is at a revision. Gated datasets are described to everybody who may know."""
    with_blobs = request.GET.get("blobs") in {"true", "1", "True"}
    if draft := drafts.draft_at(principal, dataset, revision):
        info, headers = drafts.info(draft), {"X-Repo-Commit": head_of(draft)}
        info["siblings"] = siblings(files_of(draft), with_blobs=with_blobs)
    else:
        found = open_revision(principal, dataset, revision, Action.VIEW)
        info, headers = dataset_info(found.release, found.snapshot), found.headers
        info["siblings"] = _named_files(principal, found, with_blobs=with_blobs)
    wanted = {name for value in request.GET.getlist("expand") for name in value.split(",")}
    if wanted:
        info = {name: value for name, value in info.items() if name in {"_id", "id", *wanted}}
    return JsonResponse(info, headers=headers)


def _named_files(principal: Principal, found: Revision, *, with_blobs: bool) -> list[Json]:
    """The files by name, for those who may list them; the card alone for everybody else.

    A client that knew of no file would take nothing, and say that it was done.
    """
    files = found.snapshot.files.select_related("blob")
    if authorize(principal, found.release, Action.LIST).allowed:
        return siblings(files, with_blobs=with_blobs)
    return siblings(files.filter(path=CARD), with_blobs=False)


@hub_door
def references(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Branches and tags."""
    draft = drafts.draft_at(principal, dataset, drafts.DRAFT)
    releases = open_releases(principal, dataset, Action.VIEW)
    commits = {release.version: release.dvc_commit for release in releases}
    heads = {}
    if draft is not None:
        heads[drafts.DRAFT] = head_of(draft)
    if draft is not None and draft.released_at is None:
        heads["main"] = heads[drafts.DRAFT]
    elif releases or draft is None:
        heads["main"] = open_main(principal, dataset, Action.VIEW).release.dvc_commit
    answer: Json = {
        "branches": [reference(name, "heads", oid) for name, oid in sorted(heads.items())],
        "tags": [reference(f"v{version}", "tags", oid) for version, oid in commits.items()],
        "converts": [],
    }
    if request.GET.get("include_prs"):
        answer["pullRequests"] = []
    return JsonResponse(answer)


@hub_door
def commits(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """The releases up to a revision, newest first; the pushes where it is the draft."""
    if draft := drafts.draft_at(principal, dataset, revision):
        return JsonResponse(drafts.commits(draft), safe=False)
    found = open_revision(principal, dataset, revision, Action.VIEW).release
    releases = open_releases(principal, dataset, Action.VIEW)
    return JsonResponse(
        [commit(each) for each in releases if each.order <= found.order], safe=False
    )


@hub_door
def auth_check(
    request: HttpRequest, principal: Principal, dataset: str, write: str = ""
) -> HttpResponseBase:
    """Whether the files may be had, or the draft be written to."""
    if write:
        draft_of(principal, dataset)
    else:
        open_newest(principal, dataset, Action.DOWNLOAD)
    return JsonResponse({})


NOT_HERE = "There is nothing to change at this address: only datasets live here."


@hub_door
def harnesses(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Asked once a day by the client, which only wants an answer."""
    return JsonResponse({"standardEnvVars": [], "harnesses": {}})


@hub_door
def telemetry(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Nothing is counted."""
    return HttpResponse()


@hub_door
def nothing(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Every other address of the Hub: other kinds of repositories, discussions, jobs."""
    if request.method not in {"GET", "HEAD"}:
        return refusal(403, NOT_HERE)
    return refusal(404 if principal.is_authenticated else 401, "Not found", "RepoNotFound")
