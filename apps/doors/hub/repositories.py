"""Datasets as repositories: made, set up, tagged; what the Hub has and we do not is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from apps.accounts.access import Principal, list_organisations_where, require_permission
from apps.accounts.models import Organisation, User
from apps.datasets.actions import DatasetNameTakenError, create_dataset, update_dataset
from apps.datasets.models import Dataset
from apps.doors.hub.drafts import refuse_other_branches
from apps.doors.hub.refusals import answer_as_hub, build_refusal
from apps.doors.hub.request_bodies import read_json, read_text
from apps.doors.hub.tree import Json
from apps.doors.hub.writers import require_known_dataset, require_writer
from apps.doors.refusals import format_reason_phrase
from apps.ingest.draft_files import compute_head
from apps.releases.models import Release
from apps.releases.release_jobs import prepare_release
from datasets_catalog.errors import DeniedError, InvalidError
from datasets_catalog.roles import Permission
from datasets_catalog.verticals import Vertical

VERTICAL = Vertical.SFX
_TAG = re.compile(r"v?(\d+\.\d+\.\d+)")
_PURPOSES = re.compile(r"^purposes:(.*)$", re.MULTILINE)
_TERRITORIES = re.compile(r"^territories:(.*)$", re.MULTILINE)
NOT_DELETED = "Datasets are not deleted: deprecate their releases, or remove files of the draft."
NOT_MOVED = "Datasets keep their names: releases, receipts and citations name them."
NOT_SQUASHED = "The history of a draft is kept: it says who brought in what."
TAG_STAYS = "A version never goes away by its tag: deprecate the release, or stop it, on its page."
BRANCH_STAYS = "The draft stays: delete files of it instead (delete_file, delete_folder)."


class NamespaceUnknownError(DeniedError):
    """Nobody may make datasets there, or not this person."""

    code = "hub.namespace_unknown"


@answer_as_hub
def create_repository(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Make a dataset of an organisation; 409 with its address where there is one."""
    user = require_writer(principal)
    body = read_json(request)
    if body.get("type") != "dataset":
        return build_refusal(
            403, "Only datasets live here: create the repository with the type dataset."
        )
    organisation, name = _find_namespace(user, body), read_text(body, "name").rpartition("/")[2]
    url = request.build_absolute_uri(f"/datasets/{organisation}/{name}")
    vertical = read_text(body, "resourceGroupId", default=VERTICAL)
    settings = {"access": Dataset.Access.ORGANISATION} if _is_private(body) else {}
    try:
        row = create_dataset(
            actor=user, organisation=organisation, name=name, vertical=vertical, **settings
        )
    except DatasetNameTakenError as problem:
        return build_refusal(409, problem.message, url=url)
    told = (
        f"{row} is made for the vertical {row.vertical}"
        " (another one: resource_group_id at creation)."
        " Its title and description come with README.md (pretty_name, description)."
    )
    return JsonResponse(
        {"url": url, "name": row.full_name, "id": row.full_name},
        headers={"X-HF-Warning": f"created; {format_reason_phrase(told)}"},
    )


def _find_namespace(user: User, body: Json) -> Organisation:
    """The organisation; the same answer for one that is not there and one that is not theirs."""
    named = body.get("organization") or read_text(body, "name").rpartition("/")[0]
    mine = Organisation.objects.filter(
        pk__in=list_organisations_where(user, Permission.DATASET_CREATE)
    )
    row = mine.filter(name=named).first()
    if row is None:
        names = ", ".join(mine.order_by("name").values_list("name", flat=True)) or "none"
        raise NamespaceUnknownError(
            f"You may not make datasets in {named or user.username!r}: name the dataset"
            f" ORGANISATION/NAME. Yours are: {names}."
        )
    return row


def _is_private(body: Json) -> bool:
    return body.get("visibility") == "private" or body.get("private") is True


@answer_as_hub
def refuse_deletion(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Refused: what was released stays provable."""
    require_writer(principal)
    return build_refusal(403, NOT_DELETED)


@answer_as_hub
def refuse_move(request: HttpRequest, principal: Principal) -> HttpResponseBase:
    """Refused: names are in receipts and citations."""
    require_writer(principal)
    return build_refusal(403, NOT_MOVED)


@answer_as_hub
def refuse_squash(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """Refused: the history of a draft is evidence."""
    require_known_dataset(principal, dataset)
    return build_refusal(403, NOT_SQUASHED)


@answer_as_hub
def change_settings(request: HttpRequest, principal: Principal, dataset: str) -> HttpResponseBase:
    """Who may take the dataset: `gated` and `visibility`."""
    user, row = require_known_dataset(principal, dataset)
    if request.method != "PUT":
        return build_refusal(405, "Change settings by PUT.")
    update_dataset(actor=user, dataset=row, changes=_parse_access(row, read_json(request)))
    return JsonResponse({})


def _parse_access(row: Dataset, body: Json) -> dict[str, object]:
    changes: dict[str, object] = {}
    if "gated" in body:
        match body["gated"]:
            case "auto" | "manual" as way:
                changes = {"access": Dataset.Access.REQUEST, "auto_grant": way == "auto"}
            case False:
                changes = {"access": Dataset.Access.OPEN}
            case _:
                raise InvalidError('gated is "auto", "manual" or false.')
    if body.get("visibility") == "private" or body.get("private") is True:
        changes["access"] = Dataset.Access.ORGANISATION
    elif not changes and row.access == Dataset.Access.ORGANISATION:
        # Open to everyone only when somebody says that it is not gated.
        changes["access"] = Dataset.Access.REQUEST
    return changes


@answer_as_hub
def answer_branch(
    request: HttpRequest, principal: Principal, dataset: str, name: str
) -> HttpResponseBase:
    """The two branches are there already, and stay."""
    require_known_dataset(principal, dataset)
    refuse_other_branches(name)
    if request.method == "POST":
        return build_refusal(409, f"Reference refs/heads/{name} already exists")
    return build_refusal(403, f"Cannot delete refs/heads/{name}. {BRANCH_STAYS}")


@answer_as_hub
def request_release(
    request: HttpRequest, principal: Principal, dataset: str, revision: str
) -> HttpResponseBase:
    """Ask for a release of the draft: it is prepared, and frozen by a job."""
    user, row = require_known_dataset(principal, dataset)
    if request.method == "DELETE":
        return build_refusal(403, TAG_STAYS)
    body = read_json(request)
    found = _TAG.fullmatch(read_text(body, "tag"))
    if found is None:
        raise InvalidError("A version has three numbers: v1.2.0.")
    require_permission(user, Permission.RELEASE_PREPARE, row.organisation)
    _require_head(row, revision)
    message = read_text(body, "message", default="", most=20_000)
    release = prepare_release(
        actor=user,
        dataset=row,
        version=found[1],
        purposes=_find_purposes(row, message),
        territories=_find_territories(row, message),
        notes=_TERRITORIES.sub("", _PURPOSES.sub("", message)).strip(),
    )
    url = request.build_absolute_uri(f"/datasets/{row.full_name}/releases/{release.version}")
    told = f"Release {release.version} of {row} is being prepared: follow it at {url}"
    return JsonResponse(
        {"url": url, "state": release.state}, headers={"X-HF-Warning": f"release; {told}"}
    )


def _require_head(row: Dataset, revision: str) -> None:
    if revision != compute_head(row):
        try:
            refuse_other_branches(revision)
        except DeniedError as problem:
            raise InvalidError(
                "A release is made of the draft as it is: tag main, draft or the draft's commit."
            ) from problem


def _find_purposes(dataset: Dataset, message: str) -> Sequence[str]:
    """From a line of the tag's message, else those of the release before."""
    if found := _PURPOSES.search(message):
        return [each.strip() for each in found[1].split(",") if each.strip()]
    before = Release.objects.filter(dataset=dataset).order_by("-order").first()
    if before is None:
        raise InvalidError(
            "Say what the first release is for, in a line of the tag's message:"
            " purposes: research.noncommercial, publish.gated"
        )
    return list(before.purposes)


def _find_territories(dataset: Dataset, message: str) -> Sequence[str]:
    """From a line of the tag's message, else those of the release before; none: everywhere."""
    if found := _TERRITORIES.search(message):
        return found[1].split(",")
    before = Release.objects.filter(dataset=dataset).order_by("-order").first()
    return () if before is None else list(before.territories)
