"""The last step of a release: its documents beside its data, then out."""

from apps.accounts.models import User
from apps.publishing.documents import release_documents
from apps.releases import actions
from apps.releases.models import Release


def publish(*, actor: User, release: Release) -> Release:
    """Write the version with its card and description, and let it out."""
    return actions.publish(actor=actor, release=release, documents=release_documents)
