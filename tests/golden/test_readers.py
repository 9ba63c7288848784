"""Every reader reads the release of an earlier version, and its root comes out of it."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import User
from apps.datasets.actions import remove_clips
from apps.datasets.models import Clip
from apps.packaging.content_loading import load_content
from apps.packaging.documents import build_release_croissant
from apps.packaging.snapshot_plan import plan_snapshot, write_shards
from apps.releases.actions import create_release, freeze_release
from apps.releases.diff import diff_releases
from apps.releases.freezing import freeze_rows
from apps.releases.leaves import compute_leaf
from apps.releases.models import Release
from apps.releases.stops import place_stop
from apps.storage.blobs import open_local_copy
from apps.storage.parquet_tables import CLIPS, EVENTS, read_clips
from apps.storage.version_reading import open_version, read_version_clips, read_version_events
from datasets_catalog.licences import Use
from datasets_catalog.part_proofs import Node, proves_part
from datasets_catalog.release_changes import ChangeKind
from earmark.client.release_tables import prove_tables
from earmark.client.verification import verify_folder
from tests import verifier
from tests.golden.keeping import FIRST, Golden, load_golden
from tests.golden.making import (
    BARK,
    BEYOND_BMP,
    ENGINE,
    HALF_WIDTH,
    NEIGH,
    PATHS,
    PURPOSES,
    QUIET,
)
from tests.golden.test_keeping import ROOT

pytestmark = pytest.mark.django_db
REST = "/api/v1/datasets/acme/golden/releases/1.0.0/"
HUB = "/datasets/acme/golden/resolve/v1.0.0/"
# A later version may write other digests of the same answers, and note what was not noted before.
MAY_CHANGE = {
    ChangeKind.CLIPS_REMOVED,
    ChangeKind.CONSENT_CHANGED,
    ChangeKind.VOCABULARY_FILLED,
}
WITHOUT_PEOPLE = {path for path in PATHS if path not in {BARK, NEIGH}}


@pytest.fixture
def release() -> Release:
    return load_golden()


@pytest.fixture
def ada(release: Release) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="ada"))
    return client


def kept(release: Release, which: str) -> list[dict[str, Any]]:
    """The rows of a table as they were kept, read by nothing of ours."""
    blob = release.clips_table if which == "clips" else release.events_table
    assert blob is not None
    return pq.read_table(io.BytesIO(Golden(FIRST).blob(blob.oid))).to_pylist()  # type: ignore[no-any-return]


def filled(rows: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    """The same rows with every column of today: what they lack is nothing said."""
    return [{name: row.get(name) for name in names} for row in rows]


def content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content[:500]
    return answer.getvalue()  # type: ignore[no-any-return]


def test_rest_lists_its_clips(release: Release, ada: Client) -> None:
    found = json.loads(content(ada.get(f"{REST}clips/")))["results"]
    assert found == filled(kept(release, "clips"), CLIPS.names)
    assert [row["path"] for row in found] == list(PATHS)
    some = json.loads(content(ada.get(f"{REST}clips/?split=test&synthetic=false")))["results"]
    assert [row["path"] for row in some] == [HALF_WIDTH, BEYOND_BMP]
    one = json.loads(content(ada.get(f"{REST}clips/{found[0]['clip_id']}/")))
    assert one == found[0]


def test_rest_gives_out_its_tables_and_sounds(release: Release, ada: Client) -> None:
    for name, blob in (("clips", release.clips_table), ("events", release.events_table)):
        assert blob is not None
        assert content(ada.get(f"{REST}tables/{name}.parquet")) == Golden(FIRST).blob(blob.oid)
    for row in kept(release, "clips"):
        sound = content(ada.get(f"{REST}clips/{row['clip_id']}/audio/"))
        assert verifier.sha256(sound) == row["sha256"]


def test_the_draft_it_came_from_is_listed(ada: Client) -> None:
    found = json.loads(content(ada.get("/api/v1/datasets/acme/golden/clips/?environment=street")))
    assert [(row["path"], row["recording"]) for row in found["results"]] == [(BARK, "walk-1")]
    assert BARK in content(ada.get("/datasets/acme/golden/clips/")).decode()


def test_a_stranger_finds_the_root_in_a_part_of_everything(
    release: Release, ada: Client, tmp_path: Path
) -> None:
    folder = take_part(ada, tmp_path, "")
    assert verifier.verify(folder) == release.root == ROOT
    assert prove_tables(folder).root == ROOT
    assert verify_folder(folder, ROOT).problems == {}


@pytest.mark.parametrize("change", ["title", "label", "sound", "order", "leaf"])
def test_a_stranger_sees_what_was_tampered_with(
    release: Release, ada: Client, tmp_path: Path, change: str
) -> None:
    folder = take_part(ada, tmp_path, "")
    table = folder / ("events.parquet" if change == "label" else "clips.parquet")
    rows = pq.read_table(table)
    if change == "sound":
        (folder / "audio" / QUIET).write_bytes(b"another")
    elif change == "order":
        pq.write_table(rows.take(list(reversed(range(rows.num_rows)))), table)
    else:
        cells = rows[change].to_pylist()
        cells[-1] = "f" * 64
        pq.write_table(rows.set_column(rows.schema.get_field_index(change), change, [cells]), table)
    with pytest.raises(AssertionError):
        verifier.verify(folder)


def take_part(client: Client, base: Path, query: str) -> Path:
    with tarfile.open(fileobj=io.BytesIO(content(client.get(f"{REST}archive/{query}")))) as tar:
        tar.extractall(base, filter="data")
    return base / "golden-1.0.0"


def test_a_part_stands_under_its_root(release: Release, ada: Client, tmp_path: Path) -> None:
    folder = take_part(ada, tmp_path, "?splits=train&labels=bark")
    about = json.loads((folder / "MANIFEST.json").read_text("utf-8"))
    assert (about["root"], about["clips_in_release"]) == (ROOT, len(PATHS))
    lines = [json.loads(line) for line in (folder / "proof.jsonl").read_text().splitlines()]
    numbers = [n for x in lines if "first" in x for n in range(x["first"], x["first"] + x["count"])]
    nodes = [Node(x["level"], x["number"], bytes.fromhex(x["hash"])) for x in lines if "hash" in x]
    rows = pq.read_table(folder / "clips.parquet").to_pylist()
    assert BARK in {row["path"] for row in rows}
    leaves = {n: compute_leaf(row) for n, row in zip(numbers, rows, strict=True)}
    assert proves_part(leaves=leaves, size=len(PATHS), nodes=nodes, root=bytes.fromhex(ROOT))


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("?recording=walk-1", {BARK, NEIGH}),
        ("?recording=walk-1&environment=street&device=R8&synthetic=false", {BARK}),
        ("?place=&synthetic=true", {ENGINE}),
        ("?redacted=true", {NEIGH}),
    ],
)
def test_a_part_is_chosen_by_what_a_column_says(
    release: Release, ada: Client, tmp_path: Path, query: str, paths: set[str]
) -> None:
    found = json.loads(content(ada.get(f"{REST}selection/{query}")))
    assert set(found["examples"]) == paths
    folder = take_part(ada, tmp_path, query)
    assert set(pq.read_table(folder / "clips.parquet")["path"].to_pylist()) == paths
    page = content(ada.get(f"/datasets/acme/golden/releases/1.0.0/part/{query}")).decode()
    assert 'name="recording"' in page
    assert "<span>yes\n" in page
    assert found["archive"].partition("?")[2].replace("&", "&amp;") in page


def test_a_value_that_no_clip_has_is_named(release: Release, ada: Client) -> None:
    answer = ada.get(f"{REST}archive/?environment=moon")
    assert answer.status_code == 400
    assert "no environment 'moon'" in answer.json()["detail"]


def test_the_manifest_opens_its_clips(release: Release, ada: Client) -> None:
    lines = content(ada.get(f"{REST}manifest/")).decode().splitlines()
    assert ROOT in lines[0]
    told = "".join(lines[1:])
    assert all(row["sha256"] in told for row in kept(release, "clips"))


def test_the_hub_door_shows_its_rows(release: Release, ada: Client) -> None:
    listed = json.loads(content(ada.get("/api/datasets/acme/golden/tree/v1.0.0?recursive=true")))
    shards = [entry["path"] for entry in listed if entry["path"].startswith("data/")]
    rows = {
        row["path"]: row
        for shard in shards
        for row in pq.read_table(io.BytesIO(content(ada.get(HUB + shard)))).to_pylist()
    }
    for row in kept(release, "clips"):
        found = rows.pop(row["path"])
        assert verifier.sha256(found["audio"]["bytes"]) == row["sha256"]
        assert found["leaf"] == row["leaf"]
    assert rows == {}
    table = content(ada.get(f"{HUB}tables/clips.parquet"))
    assert pq.read_table(io.BytesIO(table)).to_pylist() == kept(release, "clips")
    assert ROOT in content(ada.get(f"{HUB}README.md")).decode()


def test_git_and_the_dvc_remote_have_its_files(release: Release, ada: Client) -> None:
    refs = content(ada.get("/git/acme/golden.git/info/refs?service=git-upload-pack"))
    assert release.dvc_commit.encode() in refs
    version = open_version(release.dataset.uid, "v1.0.0")
    assert version.commit == release.dvc_commit
    oids = [version.dir_oid, *(row["md5"] for row in kept(release, "clips"))]
    for oid in oids:
        assert oid is not None
        found = content(ada.get(f"/dvc/acme/golden/files/md5/{oid[:2]}/{oid[2:]}"))
        assert found == Golden(FIRST).blob(oid)
    clips = list(read_version_clips(release.dataset.uid, version))
    assert clips == filled(kept(release, "clips"), CLIPS.names)
    events = list(read_version_events(release.dataset.uid, version))
    assert events == filled(kept(release, "events"), EVENTS.names)


@pytest.mark.parametrize(
    "page", ["", "releases/", "releases/1.0.0/", "releases/1.0.0/part/", "releases/1.0.0/report/"]
)
def test_its_pages_are_there(release: Release, ada: Client, page: str) -> None:
    assert b"1.0.0" in content(ada.get(f"/datasets/acme/golden/{page}"))


def test_a_snapshot_can_be_made_of_it_again(release: Release, tmp_path: Path) -> None:
    made = load_content(release)
    assert made.root == ROOT
    rows: list[dict[str, Any]] = []
    for shard, path in write_shards(made, plan_snapshot(made), tmp_path):
        table = pq.read_table(path)
        assert shard.rows == table.num_rows
        rows += table.to_pylist()
    assert {row["path"] for row in rows} == set(PATHS)
    assert sum(len(row["events"]) for row in rows) == release.events


def test_its_description_names_the_columns_that_its_tables_have(release: Release) -> None:
    for with_files in (True, False):
        described = build_release_croissant(release, with_files=with_files)
        fields = [field for each in described.get("recordSet", []) for field in each["field"]]
        named = {field["source"]["extract"]["column"] for field in fields if "source" in field}
        named |= {name.rpartition("/")[2] for name in described.get("variableMeasured", [])}
        assert named <= kept(release, "clips")[0].keys() | kept(release, "events")[0].keys()
        assert {"clip_id", "title", "onset"} <= named


def test_the_next_freeze_takes_its_rows_over(release: Release) -> None:
    following = freeze_next(release)
    fresh = freeze_rows(following.dataset, use=Use(following.use), at=at_of(following), afresh=True)
    assert fresh.root == following.root
    assert following.clips_table is not None
    with open_local_copy(following.clips_table) as table:
        rows = {row["path"]: row for row in read_clips(table)}
    for row in filled(kept(release, "clips"), CLIPS.names):
        if row["path"] in WITHOUT_PEOPLE - {QUIET}:
            assert rows[row["path"]] == row


def freeze_next(release: Release) -> Release:
    ada = User.objects.get(username="ada")
    remove_clips(actor=ada, dataset=release.dataset, paths=[QUIET])
    following = create_release(
        actor=ada, dataset=release.dataset, version="1.1.0", purposes=PURPOSES
    )
    return freeze_release(actor=ada, release=following)


def at_of(release: Release) -> Any:
    assert release.frozen_at is not None
    return release.frozen_at


def test_it_is_compared_with_the_next_release(release: Release, ada: Client) -> None:
    following = freeze_next(release)
    found = diff_releases(release, following)
    removed = next(x for x in found.clips.changes if x.kind is ChangeKind.CLIPS_REMOVED)
    assert (removed.count, removed.examples) == (1, (QUIET,))
    assert {x.kind for x in found.changes} <= MAY_CHANGE
    assert found.clips.unchanged >= len(WITHOUT_PEOPLE) - 1
    address = "/datasets/acme/golden/releases/compare/?before=1.0.0&after=1.1.0"
    assert QUIET in content(ada.get(address)).decode()
    answer = ada.get("/api/v1/datasets/acme/golden/releases/1.1.0/diff/?since=1.0.0")
    assert QUIET in content(answer).decode()


def test_a_stop_of_one_of_its_clips_closes_it(release: Release, ada: Client) -> None:
    clip = Clip.objects.get(dataset=release.dataset, path=BARK)
    place_stop(
        actor=User.objects.get(username="cleo"),
        dataset=release.dataset,
        reason="Somebody called.",
        clip=clip,
    )
    assert [row.release for row in clip.stops.get().closes.all()] == [release]
    assert ada.get(f"{REST}archive/").status_code >= 400


def test_fsck_proves_it(release: Release, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("fsck", "acme/golden")
    assert "0 problems" in capsys.readouterr().out
