"""What a later column says, once something is said: run by test_one_more_column.py."""

from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.datasets.models import Clip, Dataset
from apps.releases.actions import create_release, freeze_release
from apps.releases.freezing import freeze_rows
from apps.releases.integrity import check_roots
from apps.releases.models import Release
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import CLIPS, EVENTS, read_clips
from datasets_catalog.licences import Use
from earmark.client.release_tables import prove_tables
from tests import verifier
from tests.golden.keeping import load_golden
from tests.golden.making import BARK, PURPOSES

pytestmark = pytest.mark.django_db


@pytest.fixture
def following() -> Release:
    """The release after the golden one: a wish is said, and one clip of two has another title."""
    dataset = load_golden().dataset
    Dataset.objects.filter(pk=dataset.pk).update(wanted_licence="CC-BY-4.0", draft_serial=99)
    Clip.objects.filter(dataset=dataset, path=BARK).update(title="Other", touched=99)
    ada = User.objects.get(username="ada")
    release = create_release(actor=ada, dataset=dataset, version="1.1.0", purposes=PURPOSES)
    return freeze_release(actor=ada, release=release)


def test_the_columns_are_there() -> None:
    assert (CLIPS.names[-1], EVENTS.names[-1]) == ("wish", "mood")


def test_it_is_released_hashed_and_asked_for(following: Release, tmp_path: Path) -> None:
    assert following.clips_table is not None
    assert following.events_table is not None
    with open_local_copy(following.clips_table) as table:
        rows = list(read_clips(table))
        (tmp_path / "clips.parquet").write_bytes(table.read_bytes())
    with open_local_copy(following.events_table) as table:
        (tmp_path / "events.parquet").write_bytes(table.read_bytes())
    cut = [row["path"] for row in rows if row["recording"]]
    assert [row["path"] for row in rows if row["wish"] == "CC-BY-4.0"] == cut
    for row in rows:
        without = {name: cell for name, cell in row.items() if name != "wish"}
        same = verifier.leaf_of(verifier.clip_entry(without)) == row["leaf"]
        assert same == (row["wish"] is None)
        assert verifier.leaf_of(verifier.clip_entry(row)) == row["leaf"]
    assert verifier.root_of([row["leaf"] for row in rows]) == following.root
    assert prove_tables(tmp_path).root == following.root
    assert list(check_roots(following.dataset)) == []
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    address = "/api/v1/datasets/acme/golden/releases/1.1.0/clips/?wish=CC-BY-4.0"
    found = client.get(address).json()["results"]
    assert [(row["path"], row["wish"]) for row in found] == [(path, "CC-BY-4.0") for path in cut]


def test_what_is_taken_over_is_what_would_be_computed(following: Release) -> None:
    dataset = Dataset.objects.get(pk=following.dataset_id)
    assert following.frozen_at is not None
    again = freeze_rows(dataset, use=Use(dataset.use), at=following.frozen_at, afresh=True)
    assert again.root == following.root
