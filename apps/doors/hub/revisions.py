"""What a revision means: a version tag, a commit, or the newest release that is ready."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.access.access import OpenRelease, open_commit, open_newest, open_release
from apps.access.authorizations import Action, Authorization, Code, ReleaseUnknownError
from apps.accounts.access import Principal
from apps.database.prepared_queries import PreparedQuery
from apps.doors.hub.refusals import RevisionUnknownError, SnapshotUnbuiltError
from apps.doors.refusals import format_reason_phrase
from apps.packaging.kept_snapshots import request_snapshot
from apps.packaging.models import Snapshot
from apps.releases.models import Release
from datasets_catalog.release_states import PUBLIC_STATES, ReleaseState

MAIN = {"main", "HEAD", "refs/heads/main"}
_TAG = re.compile(r"(?:refs/tags/)?v(\d+\.\d+\.\d+)")
COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Revision:
    """A release whose files are ready."""

    release: Release
    authorization: Authorization
    snapshot: Snapshot

    @property
    def commit(self) -> str:
        return self.release.dvc_commit

    @property
    def headers(self) -> dict[str, str]:
        """What every answer about the revision carries."""
        headers = {"X-Repo-Commit": self.commit}
        if self.authorization.code is Code.DEPRECATED:
            headers["X-HF-Warning"] = (
                f"deprecated; {format_reason_phrase(self.authorization.reason)}"
            )
        return headers


def open_revision(principal: Principal, dataset: str, revision: str, action: Action) -> Revision:
    """The release behind a revision, with its snapshot.

    Raises ReleaseUnknownError for a dataset, RevisionUnknownError for a revision that is not there
    or not the principal's to know of, SnapshotUnbuiltError, and what `open_release` raises.
    """
    try:
        opened = _open_at_revision(principal, dataset, revision, action)
    except ReleaseUnknownError:
        # Raises the same where the whole dataset is not the principal's to know of.
        open_newest(principal, dataset)
        raise _build_revision_error(revision) from None
    if opened.release.state not in PUBLIC_STATES:
        raise _build_revision_error(revision)
    return Revision(opened.release, opened.authorization, _load_snapshot(opened.release))


def open_main(principal: Principal, dataset: str, action: Action) -> OpenRelease:
    """What `main` is: the newest release, as at every door.

    While its files are being written, the newest one whose files are here. Raises as
    `open_newest` does.
    """
    opened = open_newest(principal, dataset, action)
    if (
        opened.release.state not in PUBLIC_STATES
        or _find_built_snapshot(opened.release) is not None
    ):
        return opened
    version = _find_newest_ready(opened.release)
    return open_release(principal, dataset, version, action) if version else opened


def _find_newest_ready(release: Release) -> str | None:
    """The newest version of the release's dataset whose files are all here."""
    built = Snapshot.objects.filter(
        built_at__isnull=False, release__dataset=release.dataset_id
    ).order_by("-release__order")
    for state in (ReleaseState.PUBLISHED, ReleaseState.DEPRECATED):
        version = built.filter(release__state=state).values_list("release__version", flat=True)
        if found := version.first():
            return found
    return None


def _open_at_revision(
    principal: Principal, dataset: str, revision: str, action: Action
) -> OpenRelease:
    if tag := _TAG.fullmatch(revision):
        return open_release(principal, dataset, tag[1], action)
    if COMMIT.fullmatch(revision):
        return open_commit(principal, dataset, revision, action)
    if revision not in MAIN:
        raise ReleaseUnknownError(revision)
    return open_main(principal, dataset, action)


def _build_revision_error(revision: str) -> RevisionUnknownError:
    return RevisionUnknownError(f"Invalid rev id: {revision}")


# What every file that is fetched asks.
_BUILT = PreparedQuery(lambda *, release: Snapshot.objects.filter(release=release))


def _find_built_snapshot(release: Release) -> Snapshot | None:
    row = next(iter(_BUILT.rows(release=release.pk)), None)
    return row if row is not None and row.built_at is not None else None


def _load_snapshot(release: Release) -> Snapshot:
    row = _find_built_snapshot(release) or request_snapshot(release)
    if row.built_at is None:
        raise SnapshotUnbuiltError(
            f"The files of {release} are being written: try again in a minute."
        )
    return row
