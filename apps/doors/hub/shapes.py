"""Datasets, versions and people in the Hub's JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from apps.access.authorize import find_access_policy
from apps.accounts.models import Token, User
from apps.datasets.models import Dataset
from apps.doors.hub.tree import Json, Listed, describe_large_file, is_large_file
from apps.packaging.models import Snapshot
from apps.releases.about import load_release_about
from apps.releases.models import Release
from datasets_catalog.roles import Role

_WRITERS = {Role.OWNER, Role.STEWARD}


def format_moment(time: datetime | None) -> str | None:
    """A time as the Hub writes it: UTC, milliseconds, Z."""
    if time is None:
        return None
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def describe_dataset(release: Release, snapshot: Snapshot) -> Json:
    """A dataset at one of its releases, without its files."""
    dataset = release.dataset
    card, about = snapshot.card, load_release_about(release)
    return {
        "_id": dataset.uid.hex[:24],
        "id": dataset.full_name,
        "author": dataset.organisation.name,
        "sha": release.dvc_commit,
        "createdAt": format_moment(dataset.created_at),
        "lastModified": format_moment(release.published_at),
        "private": dataset.access == Dataset.Access.ORGANISATION,
        "gated": describe_gate(dataset, find_access_policy(release)),
        "disabled": False,
        "description": dataset.description if about is None else about.description,
        "tags": _list_tags(card),
        "cardData": card,
        "usedStorage": release.size,
    }


def describe_gate(dataset: Dataset, access: str) -> str | bool:
    """Whether people are let in, and if so by a person or by a rule."""
    match access:
        case Dataset.Access.REQUEST:
            return "auto" if dataset.auto_grant else "manual"
        case Dataset.Access.TERMS:
            return "auto"
        case _:
            return False


def describe_siblings(files: Iterable[Listed], *, with_blobs: bool) -> list[Json]:
    """The files of a snapshot by name; with sizes and hashes if wanted."""
    return [_describe_sibling(file) if with_blobs else {"rfilename": file.path} for file in files]


def _describe_sibling(file: Listed) -> Json:
    described: Json = {"rfilename": file.path, "size": file.blob.size, "blobId": file.git_oid}
    if is_large_file(file):
        large = describe_large_file(file)
        described["lfs"] = {"sha256": large.pop("oid"), **large}
    return described


def _list_tags(card: dict[str, Any]) -> list[str]:
    tags = [str(tag) for tag in card.get("tags", [])]
    for name, prefix in (("license", "license"), ("task_categories", "task_categories")):
        value = card.get(name, [])
        tags += [f"{prefix}:{each}" for each in (value if isinstance(value, list) else [value])]
    return tags


def describe_commit(release: Release) -> Json:
    """A release as a commit."""
    return {
        "id": release.dvc_commit,
        "title": f"Release {release.version}",
        "message": release.notes,
        "date": format_moment(release.published_at),
        "authors": [{"user": release.dataset.organisation.name}],
    }


def describe_last_commit(release: Release) -> dict[str, str]:
    """The commit that a listing names beside each file."""
    described = describe_commit(release)
    return {name: described[name] for name in ("id", "title", "date")}


def describe_reference(name: str, kind: str, target: str) -> Json:
    return {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": target}


def describe_person(user: User, token: Token | None) -> Json:
    """Who is asking, with the organisations they work in."""
    return {
        "type": "user",
        "id": f"{user.pk:024x}",
        "name": user.username,
        "fullname": user.get_full_name() or user.username,
        "email": user.email,
        "emailVerified": bool(user.email),
        "canPay": False,
        "isPro": False,
        "orgs": _describe_organisations(user),
        "auth": _describe_token(token),
    }


def _describe_token(token: Token | None) -> Json:
    if token is None:
        return {"type": "session"}
    described = {
        "displayName": token.name,
        "role": "read" if token.scope == Token.Scope.READ else "write",
        "createdAt": format_moment(token.created_at),
    }
    return {"type": "access_token", "accessToken": described}


def _describe_organisations(user: User) -> list[Json]:
    roles: dict[str, set[str]] = {}
    titles: dict[str, str] = {}
    rows = user.memberships.select_related("organisation").order_by("organisation__name")
    for row in rows:
        roles.setdefault(row.organisation.name, set()).add(row.role)
        titles[row.organisation.name] = row.organisation.title
    return [
        {
            "type": "org",
            "name": name,
            "fullname": titles[name] or name,
            "roleInOrg": _name_role(held),
        }
        for name, held in roles.items()
    ]


def _name_role(held: set[str]) -> str:
    """The nearest of the Hub's roles."""
    if Role.OWNER in held:
        return "admin"
    return "write" if held & _WRITERS else "read"
