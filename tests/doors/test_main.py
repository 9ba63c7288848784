"""`main` is the same version at every door, whatever came out last."""

from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, transaction
from django.test import Client

from apps.access.access import open_newest
from apps.datasets.models import Dataset
from apps.doors.web.page_figures import find_newest_releases
from apps.publishing.release_publication import publish_release_here
from apps.releases.actions import create_release, deprecate_release
from apps.releases.models import Release
from apps.releases.versioning import build_repo
from apps.storage.git import MAIN, find_tag, open_for_reading
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.versions import VersionOrderError
from tests.cast import Cast
from tests.factories.drafts import PURPOSES, approve, make_published, make_release
from tests.factories.published import keep_snapshot, publish_tree
from tests.factories.published import make_dataset as make_row

pytestmark = pytest.mark.django_db

NAME = "acme/birds"


@pytest.fixture
def dataset(cast: Cast) -> Dataset:
    return make_row(cast.acme, cast.ada, access=Dataset.Access.OPEN)


def out(dataset: Dataset, version: str) -> Release:
    release = publish_tree(dataset, version, {"audio/wren.wav": version.encode()})
    keep_snapshot(release, {"README.md": version.encode()})
    return release


def mains(client: Client) -> set[str]:
    """The commit of `main` at git and at the Hub's addresses; pages and REST show the same."""
    git = b"".join(client.get(f"/git/{NAME}.git/info/refs?service=git-upload-pack")).decode()
    found = {line[-56:-16] for line in git.splitlines() if line.endswith(" refs/heads/main")}
    hub = f"/api/datasets/{NAME}"
    found.add(client.get(hub).json()["sha"])
    found.add(client.get(f"{hub}/revision/main").json()["sha"])
    branches = client.get(f"{hub}/refs").json()["branches"]
    found |= {one["targetCommit"] for one in branches if one["name"] == "main"}
    shown = find_newest_releases(list(Dataset.objects.all()))[0].release
    assert shown is not None
    found |= {shown.dvc_commit, open_newest(AnonymousUser(), NAME).release.dvc_commit}
    return found


def test_main_is_the_newest_number_at_every_door(dataset: Dataset, client: Client) -> None:
    out(dataset, "1.0.5")
    newest = out(dataset, "1.1.0")
    patch = out(dataset, "1.0.6")
    assert mains(client) == {newest.dvc_commit}
    assert patch.dvc_commit != newest.dvc_commit


def test_main_leaves_a_deprecated_version_at_every_door(
    cast: Cast, dataset: Dataset, client: Client
) -> None:
    first, second = out(dataset, "1.0.0"), out(dataset, "1.1.0")
    assert mains(client) == {second.dvc_commit}
    deprecate_release(actor=cast.ada, release=second, reason="A wrong label.")
    assert mains(client) == {first.dvc_commit}
    deprecate_release(actor=cast.ada, release=first, reason="The same.")
    assert mains(client) == {second.dvc_commit}


def test_a_version_behind_the_newest_is_refused_when_it_is_made(
    cast: Cast, dataset: Dataset
) -> None:
    out(dataset, "1.0.5")
    with pytest.raises(VersionOrderError, match="above"):
        create_release(actor=cast.ada, dataset=dataset, version="0.9.1", purposes=PURPOSES)


def test_a_version_that_was_overtaken_is_not_published(cast: Cast, tmp_path: Path) -> None:
    first = make_published(cast, tmp_path)
    dataset = first.dataset
    slow = approve(cast, make_release(cast, dataset, "1.2.0"))
    fast = approve(cast, make_release(cast, dataset, "2.0.0"))
    publish_release_here(actor=cast.rita, release=fast)
    with pytest.raises(VersionOrderError):
        publish_release_here(actor=cast.rita, release=slow)
    assert open_newest(cast.ada, dataset.full_name).release.version == "2.0.0"


def test_the_database_refuses_what_the_rule_refuses(dataset: Dataset) -> None:
    out(dataset, "1.0.5")
    out(dataset, "1.1.0")
    for version in ("0.9.1", "1.0.4"):
        with pytest.raises(DatabaseError, match="patch of an older line"), transaction.atomic():
            out(dataset, version)
    assert out(dataset, "1.0.6").state == ReleaseState.PUBLISHED


def test_a_patch_of_an_older_line_hangs_on_that_line_in_git(cast: Cast, tmp_path: Path) -> None:
    first = make_published(cast, tmp_path)
    second = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, first.dataset, "1.1.0"))
    )
    patch = publish_release_here(
        actor=cast.rita, release=approve(cast, make_release(cast, first.dataset, "1.0.1"))
    )
    with open_for_reading(build_repo(patch).path) as there:
        commit = find_tag(there, "v1.0.1")
        assert commit is not None
        assert [str(each) for each in commit.parent_ids] == [first.dvc_commit]
        assert str(there.references[MAIN].target) == second.dvc_commit
