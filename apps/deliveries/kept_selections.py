"""Selections kept for a while, because a long list of clips does not fit into an address."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.access.authorizations import Action
from apps.access.authorize import authorize_action
from apps.accounts.models import User
from apps.deliveries.errors import SelectionForgottenError
from apps.deliveries.models import Choice
from apps.deliveries.selections import Selection
from apps.releases.models import Release

# After its last use.
KEPT_FOR = timedelta(days=30)


@transaction.atomic
def keep_selection(*, actor: User, release: Release, selection: Selection) -> Choice:
    """Keep the selection under the SHA-256 of what it says; the same one again is one row."""
    authorize_action(actor, release, Action.LIST).require()
    now = timezone.now()
    Choice.objects.filter(used_at__lt=now - KEPT_FOR).delete()
    row, _ = Choice.objects.update_or_create(
        release=release,
        sha256=selection.digest,
        defaults={"used_at": now},
        create_defaults={
            "used_at": now,
            "wanted": selection.as_json(),
            "created_by": actor,
        },
    )
    return row


def load_kept_selection(release: Release, sha256: str) -> Selection:
    """Give the selection kept under the name; raises SelectionForgottenError."""
    rows = Choice.objects.filter(release=release, sha256=sha256)
    if not rows.update(used_at=timezone.now()):
        raise SelectionForgottenError(
            f"No selection {sha256} is kept for {release}: send it again."
        )
    return Selection.of(rows.get().wanted)
