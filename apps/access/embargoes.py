"""Until when a release is kept to members: set for a dataset, and for single versions."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from apps.releases.models import Release


def find_embargo(release: Release) -> datetime | None:
    """When the release may be taken, if that is in the future; the later of two dates counts."""
    text = release.dataset.embargoes.get(release.version)
    of_version = datetime.fromisoformat(text) if text else None
    ends = [end for end in (of_version, release.dataset.embargo_until) if end]
    end = max(ends, default=None)
    return end if end is not None and end > timezone.now() else None
