"""The last step of a release: its documents beside its data, then out."""

from collections.abc import Mapping

from apps.accounts.access import require_permission
from apps.accounts.models import User
from apps.jobs.models import Job
from apps.packaging.documents import render_release_documents
from apps.packaging.kept_snapshots import request_snapshot
from apps.packaging.review_report import keep_report, keep_statements
from apps.releases import actions
from apps.releases.models import Release
from apps.releases.release_jobs import start_step
from datasets_catalog.roles import Permission

RELEASE = "publishing.release"


def publish_release_here(*, actor: User, release: Release) -> Release:
    """Write the version with its card and description, let it out, and have its snapshot built."""
    published = actions.publish_release(actor=actor, release=release, documents=_render_documents)
    keep_report(published)
    request_snapshot(published, actor=actor)
    return published


def _render_documents(release: Release) -> Mapping[str, bytes]:
    keep_statements(release)
    return render_release_documents(release)


def start_publishing(*, actor: User, release: Release) -> Job:
    """Have the release written and let out."""
    require_permission(actor, Permission.RELEASE_PUBLISH, release.dataset.organisation)
    actions.require_publishable(actor, actions.settle_release(release))
    return start_step(actor=actor, release=release, kind_name=RELEASE)
