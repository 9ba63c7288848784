"""Who tries, and what is out already."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.accounts.models import User
from apps.publishing.release_publication import publish_release_here
from apps.releases.models import Release
from datasets_catalog.roles import Role
from tests.cast import Cast
from tests.factories.drafts import (
    approve,
    make_draft,
    make_release,
)
from tests.journeys.world import OPEN, allow

# A person with one role each, and one person who holds them all.
HANDS = [frozenset({role}) for role in Role] + [frozenset(Role)]


@pytest.fixture(params=HANDS, ids=lambda roles: next(iter(roles)) if len(roles) == 1 else "all")
def sam(cast: Cast, request: pytest.FixtureRequest) -> User:
    """Somebody of the consortium who works alone."""
    user = User.objects.create_user("sam", "sam@example.org", "pw")
    for role in request.param:
        user.memberships.create(organisation=cast.acme, role=role)
    return user


@pytest.fixture
def gated(cast: Cast, tmp_path: Path) -> Release:
    """Everybody in it allowed an open release, and it stands behind a gate."""
    dataset = make_draft(cast, tmp_path)
    allow(cast, OPEN)
    dataset.refresh_from_db()
    release = make_release(cast, dataset, purposes=OPEN)
    return publish_release_here(actor=cast.rita, release=approve(cast, release))
