"""The draft as a branch: whom it is shown to, and what a revision that means it is."""

from __future__ import annotations

from collections.abc import Iterable

from apps.accounts.access import Principal
from apps.accounts.models import User
from apps.datasets.access import list_visible_datasets, may_see_draft
from apps.datasets.models import Dataset
from apps.doors.hub.revisions import COMMIT, MAIN
from apps.doors.hub.shapes import describe_gate, format_moment
from apps.doors.hub.tree import Folder, Json, build_folders
from apps.ingest.draft_files import compute_head, list_draft_files
from apps.ingest.models import Push
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError
from datasets_catalog.release_states import ReleaseState

DRAFT = "draft"
_DRAFT = {DRAFT, f"refs/heads/{DRAFT}"}
COMMITS = 1000


class BranchRefusedError(DeniedError):
    """The dataset has one draft, and no branch of another name."""

    code = "hub.branch_refused"


def refuse_other_branches(revision: str) -> None:
    """A push goes to `main`, as clients do by themselves, or to `draft`: both are the draft."""
    if revision not in _DRAFT | MAIN:
        raise BranchRefusedError(
            f"{revision}: a dataset has one draft, to which pushes to main and to draft go, and"
            " releases, which do not change. There are no other branches."
        )


def find_draft(principal: Principal, full_name: str, revision: str) -> Dataset | None:
    """The dataset, if the revision is its draft and the principal works on it.

    `main` is the draft as long as nothing of the dataset was released.
    """
    if not isinstance(principal, User) or _is_released(revision):
        return None
    organisation, _, name = full_name.partition("/")
    rows = list_visible_datasets(principal).filter(organisation__name=organisation, name=name)
    row = rows.first()
    if row is None or not may_see_draft(principal, row):
        return None
    if revision in _DRAFT or revision == compute_head(row):
        return row
    return row if revision in MAIN and row.released_at is None else None


def _is_released(revision: str) -> bool:
    """Whether it names a release: most of what is asked, and then nothing more is looked up."""
    if revision in _DRAFT | MAIN:
        return False
    return not COMMIT.fullmatch(revision) or Release.objects.filter(dvc_commit=revision).exists()


def list_parents(dataset: Dataset, parent: str) -> Iterable[str]:
    """The commits of which one must be the draft's, for the parent that a client names.

    Who looked at `main` builds on the newest release: it stands for the draft as long as nothing
    was changed since that was frozen.
    """
    if not parent:
        return ()
    head = compute_head(dataset)
    if head.startswith(parent):
        return (head,)
    newest = Release.objects.filter(dataset=dataset, state=ReleaseState.PUBLISHED)
    release = newest.order_by("-order").first()
    same = release is not None and release.draft_serial == dataset.draft_serial
    return (head,) if same and release and release.dvc_commit == parent else (parent,)


def describe_draft(dataset: Dataset) -> Json:
    """The draft as the Hub describes a dataset."""
    last = Push.objects.filter(dataset=dataset).order_by("-id").first()
    return {
        "_id": dataset.uid.hex[:24],
        "id": dataset.full_name,
        "author": dataset.organisation.name,
        "sha": compute_head(dataset),
        "createdAt": format_moment(dataset.created_at),
        "lastModified": format_moment(last.pushed_at if last else dataset.created_at),
        "private": dataset.access == Dataset.Access.ORGANISATION or dataset.released_at is None,
        "gated": describe_gate(dataset, dataset.access),
        "disabled": False,
        "description": dataset.description,
        "tags": [],
        "cardData": {"pretty_name": dataset.title},
    }


def load_draft_tree(dataset: Dataset) -> Folder:
    return build_folders(list_draft_files(dataset))


def list_commits(dataset: Dataset) -> list[Json]:
    """The pushes, newest first; the draft itself where it was changed otherwise since."""
    rows = Push.objects.filter(dataset=dataset).select_related("pushed_by").order_by("-id")
    found = [
        {
            "id": row.oid,
            "title": row.title,
            "message": "\n".join([row.message, *row.report]).strip(),
            "date": format_moment(row.pushed_at),
            "authors": [{"user": row.pushed_by.username}],
        }
        for row in rows[:COMMITS]
    ]
    head = compute_head(dataset)
    if not found or found[0]["id"] != head:
        found.insert(0, _describe_current_state(dataset, head))
    return found


def _describe_current_state(dataset: Dataset, head: str) -> Json:
    return {
        "id": head,
        "title": "The draft as it is",
        "message": "",
        "date": format_moment(dataset.created_at),
        "authors": [{"user": dataset.organisation.name}],
    }


def describe_last_commit(dataset: Dataset) -> dict[str, str]:
    newest = list_commits(dataset)[0]
    return {name: newest[name] for name in ("id", "title", "date")}
