"""A release in Croissant for one reader: with addresses of files only where they may have them."""

from __future__ import annotations

import re

from django.utils.safestring import SafeString, mark_safe

from apps.access.access import OpenRelease, open_commit, open_newest, open_release
from apps.access.authorizations import Action, Authorization, ReleaseUnknownError
from apps.access.authorize import authorize_action
from apps.accounts.access import Principal
from apps.packaging.documents import load_croissant_text
from apps.releases.models import Release
from datasets_catalog.release_states import PUBLIC_STATES

NEWEST = {"", "main", "HEAD"}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"v?(\d+\.\d+\.\d+)")
# What ends a script element, or is read as markup by old parsers.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def describe_release(principal: Principal, full_name: str, revision: str) -> tuple[Release, str]:
    """The release at a tag, version, commit or `main`, and its description as JSON text.

    Raises ReleaseUnknownError and the other errors of `open_release`.
    """
    release = _open_at_revision(principal, full_name, revision).release
    if release.state not in PUBLIC_STATES:
        raise ReleaseUnknownError(f"{release} is not published yet: it has no description.")
    may_download = authorize_action(principal, release, Action.DOWNLOAD).allowed
    return release, load_croissant_text(release, with_files=may_download)


def render_head_description(release: Release, taking: Authorization | None) -> SafeString:
    """The description for a script element in the head of a page; "" for what is not published.

    `taking` is what the reader was answered who asked to download the release.
    """
    if taking is None or release.state not in PUBLIC_STATES:
        return SafeString("")
    text = load_croissant_text(release, with_files=taking.allowed)
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return mark_safe(text)  # noqa: S308 - nothing in it can end the element


def _open_at_revision(principal: Principal, full_name: str, revision: str) -> OpenRelease:
    if revision in NEWEST:
        return open_newest(principal, full_name, Action.VIEW)
    if _COMMIT.fullmatch(revision):
        return open_commit(principal, full_name, revision, Action.VIEW)
    match = _VERSION.fullmatch(revision)
    if match is None:
        raise ReleaseUnknownError(
            "A revision is a version's tag such as v1.2.0, a commit, or main."
        )
    return open_release(principal, full_name, match[1], Action.VIEW)
