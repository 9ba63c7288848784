"""The last step of a release: its documents beside its data, then out."""

from apps.accounts.models import User
from apps.publishing.documents import release_documents
from apps.publishing.snapshots import ask_for_snapshot
from apps.releases import actions
from apps.releases.models import Release


def publish(*, actor: User, release: Release) -> Release:
    """Write the version with its card and description, let it out, and have its snapshot built."""
    published = actions.publish(actor=actor, release=release, documents=release_documents)
    ask_for_snapshot(published, actor=actor)
    return published
