"""From files to a published release, each step by the person whose step it is."""

from pathlib import Path

import pytest

from apps.releases.models import Release
from datasets_catalog.release_states import ReleaseState
from tests.cast import Cast
from tests.factories.drafts import make_published

pytestmark = pytest.mark.django_db


def test_a_folder_becomes_a_published_release(cast: Cast, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    row = Release.objects.get(pk=release.pk)
    assert row.state == ReleaseState.PUBLISHED
    assert len(row.root) == 64
    assert len(row.dvc_commit) == 40
    assert (row.clips, row.events) == (4, 4)
