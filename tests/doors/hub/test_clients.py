"""The Hub's own clients, unmodified, with nothing but our address."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from apps.access.actions import request_access
from apps.access.models import Receipt
from apps.datasets.models import Dataset
from apps.doors.download_commands import list_hub_commands
from apps.packaging.models import SnapshotFile
from apps.releases.actions import deprecate_release
from apps.storage.blobs import destroy_blob, open_blob
from datasets_catalog.release_states import ReleaseState
from tests.doors.hub.conftest import HubSite, RunPython, token_of
from tests.factories.published import set_access

pytestmark = pytest.mark.timeout(600)
NAME = "acme/tones"
HELD = {
    ".gitattributes",
    "ATTRIBUTION.csv",
    "LICENSES.md",
    "README.md",
    "croissant.json",
    "tables/clips.parquet",
    "tables/events.parquet",
}


def test_who_am_i(hub_site: HubSite) -> None:
    said = hub_site.api(hub_site.cast.ada).whoami()
    assert said["name"] == "ada"
    assert [(org["name"], org["roleInOrg"]) for org in said["orgs"]] == [("acme", "admin")]
    assert said["auth"]["accessToken"]["role"] == "read"
    with pytest.raises(HfHubHTTPError, match="Invalid"):
        hub_site.api(None).whoami(token="emk_nonsense")


def test_a_dataset_is_described_at_every_revision(hub_site: HubSite) -> None:
    api = hub_site.api(hub_site.cast.dan)
    first, second = hub_site.releases
    info = api.dataset_info(NAME)
    assert (info.id, info.sha, info.gated) == (NAME, second.dvc_commit, "manual")
    assert info.card_data is not None
    for revision, release in (
        ("v1.0.0", first),
        (first.dvc_commit, first),
        ("v1.1.0", second),
        ("main", second),
        ("HEAD", second),
        ("refs/heads/main", second),
    ):
        found = api.dataset_info(NAME, revision=revision, files_metadata=True)
        assert found.sha == release.dvc_commit
        assert {file.rfilename for file in found.siblings or ()} >= HELD
        assert all(file.size is not None and file.blob_id for file in found.siblings or ())
    expanded = api.dataset_info(NAME, expand=["sha", "gated"])
    assert (expanded.sha, expanded.siblings) == (second.dvc_commit, None)


def test_versions_are_tags_and_commits(hub_site: HubSite) -> None:
    api = hub_site.api(hub_site.cast.dan)
    first, second = (release.dvc_commit for release in hub_site.releases)
    refs = api.list_repo_refs(NAME, repo_type="dataset")
    assert [(ref.name, ref.target_commit) for ref in refs.branches] == [("main", second)]
    assert {ref.name: ref.target_commit for ref in refs.tags} == {"v1.0.0": first, "v1.1.0": second}
    commits = api.list_repo_commits(NAME, repo_type="dataset")
    assert [commit.commit_id for commit in commits] == [second, first]
    commits = api.list_repo_commits(NAME, repo_type="dataset", revision="v1.0.0")
    assert [commit.title for commit in commits] == ["Release 1.0.0"]


def test_the_tree_is_listed_in_pages_and_by_folder(hub_site: HubSite) -> None:
    api = hub_site.api(hub_site.cast.dan)
    files = api.list_repo_files(NAME, repo_type="dataset", revision="v1.0.0")
    assert set(files) > HELD
    assert len([path for path in files if path.startswith("data/")]) == 2
    top = {row.path for row in api.list_repo_tree(NAME, repo_type="dataset")}
    assert {"data", "tables", "LICENSES", "README.md"} <= top
    assert "tables/clips.parquet" not in top
    expanded = list(
        api.list_repo_tree(NAME, "tables", repo_type="dataset", recursive=True, expand=True)
    )
    assert [row.path for row in expanded] == ["tables/clips.parquet", "tables/events.parquet"]
    with pytest.raises(RemoteEntryNotFoundError):
        list(api.list_repo_tree(NAME, "nowhere", repo_type="dataset"))
    rows = api.get_paths_info(NAME, ["README.md", "data", "nowhere"], repo_type="dataset")
    assert [row.path for row in rows] == ["README.md", "data"]


@pytest.mark.parametrize("revision", ["v1.0.0", "commit", "main"])
def test_a_snapshot_holds_the_very_bytes(hub_site: HubSite, tmp_path: Path, revision: str) -> None:
    release = hub_site.releases[1 if revision == "main" else 0]
    wanted = release.dvc_commit if revision == "commit" else revision
    folder = snapshot_download(
        NAME,
        repo_type="dataset",
        revision=wanted,
        endpoint=hub_site.url,
        token=token_of(hub_site.cast.dan),
        cache_dir=tmp_path / "cache",
    )
    for file in SnapshotFile.objects.filter(snapshot__release=release).select_related("blob"):
        content = (Path(folder) / file.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.blob.sha256
    receipt = Receipt.objects.get()
    assert (receipt.door, receipt.holder, receipt.root) == ("hub", "dan", release.root)


def test_the_hub_and_dvc_give_the_same_audio(hub_site: HubSite, tmp_path: Path) -> None:
    folder = snapshot_download(
        NAME,
        repo_type="dataset",
        revision="v1.0.0",
        endpoint=hub_site.url,
        token=token_of(hub_site.cast.dan),
        cache_dir=tmp_path / "cache",
    )
    given = {
        row["audio"]["path"]: hashlib.md5(row["audio"]["bytes"]).hexdigest()
        for shard in Path(folder, "data").glob("*.parquet")
        for row in pq.read_table(shard).to_pylist()
    }
    table = hub_site.releases[0].clips_table
    assert table is not None
    with open_blob(table) as stream:
        rows = pq.read_table(io.BytesIO(stream.read())).to_pylist()
    assert sorted(given.values()) == sorted(row["md5"] for row in rows)


def test_a_file_system_reads_pieces(hub_site: HubSite) -> None:
    files = HfFileSystem(endpoint=hub_site.url, token=token_of(hub_site.cast.dan))
    assert f"datasets/{NAME}/data" in files.ls(f"datasets/{NAME}", detail=False)
    shards = files.glob(f"datasets/{NAME}/**/*.parquet", revision="v1.0.0")
    assert len(shards) == 4
    with files.open(f"datasets/{NAME}@v1.0.0/tables/clips.parquet", "rb") as file:
        file.seek(-4, 2)
        assert file.read() == b"PAR1"


LOAD = """
import json, os, sys
from datasets import Audio, load_dataset
streaming = sys.argv[2] == "streaming"
rows = load_dataset("acme/tones", revision=sys.argv[1], split="train", streaming=streaming)
rows = rows.cast_column("audio", Audio(decode=False))
print(json.dumps([len(row["audio"]["bytes"]) for row in rows]), flush=True)
# Threads of the reader may outlive the rows and abort an orderly end.
os._exit(0)
"""


@pytest.mark.parametrize("way", ["streaming", "cached"])
def test_the_datasets_library_loads_it(hub_site: HubSite, elsewhere: RunPython, way: str) -> None:
    token = token_of(hub_site.cast.dan)
    told = elsewhere(sys.executable, "-c", LOAD, "v1.0.0", way, url=hub_site.url, token=token)
    assert len(json.loads(told.stdout)) == 2


def test_the_command_line_downloads(
    hub_site: HubSite, elsewhere: RunPython, tmp_path: Path
) -> None:
    target = tmp_path / "here"
    token = token_of(hub_site.cast.dan)
    elsewhere("hf", "auth", "login", "--token", token, url=hub_site.url)
    assert "dan" in elsewhere("hf", "auth", "whoami", url=hub_site.url).stdout
    elsewhere(
        "hf", "download", NAME, "--repo-type", "dataset", "--revision", "v1.1.0",
        "--local-dir", str(target), url=hub_site.url,
    )  # fmt: skip
    assert (target / "README.md").is_file()


def test_every_command_on_the_page_works_as_written(
    hub_site: HubSite, elsewhere: RunPython
) -> None:
    token = token_of(hub_site.cast.dan)
    for command in list_hub_commands(hub_site.releases[0], gated=True):
        text = f"EARMARK_TOKEN={token}; {command.text}"
        elsewhere("sh", "-ec", text, url="http://127.0.0.1:9")


def test_datasets_are_found(open_hub: HubSite) -> None:
    api = open_hub.api(None)
    assert [row.id for row in api.list_datasets()] == [NAME]
    assert [row.id for row in api.list_datasets(author="acme", search="ton")] == [NAME]
    assert list(api.list_datasets(author="other")) == []
    set_access(Dataset.Access.ORGANISATION)
    assert list(api.list_datasets()) == []
    assert [row.id for row in open_hub.api(open_hub.cast.olga).list_datasets()] == [NAME]


def test_gated_files_raise_what_the_client_knows(hub_site: HubSite) -> None:
    for user in (None, hub_site.cast.eve):
        api = hub_site.api(user)
        assert api.dataset_info(NAME).gated == "manual"
        with pytest.raises(GatedRepoError, match="is restricted"):
            api.auth_check(NAME, repo_type="dataset")
        with pytest.raises(GatedRepoError):
            hf_hub_download(
                NAME, "README.md", repo_type="dataset", endpoint=hub_site.url, token=api.token
            )
    hub_site.api(hub_site.cast.dan).auth_check(NAME, repo_type="dataset")
    request_access(actor=hub_site.cast.eve, dataset=hub_site.dataset)
    with pytest.raises(GatedRepoError, match="awaiting a review"):
        hub_site.api(hub_site.cast.eve).auth_check(NAME, repo_type="dataset")


def test_hidden_and_missing_datasets_raise_the_same(hub_site: HubSite) -> None:
    set_access(Dataset.Access.ORGANISATION)
    for user in (None, hub_site.cast.eve):
        api = hub_site.api(user)
        for name in (NAME, "acme/nothing"):
            with pytest.raises(RepositoryNotFoundError) as refusal:
                api.dataset_info(name)
            assert not isinstance(refusal.value, GatedRepoError)
            with pytest.raises(RepositoryNotFoundError):
                api.list_repo_refs(name, repo_type="dataset")
    assert hub_site.api(hub_site.cast.olga).dataset_info(NAME).private


def test_what_is_missing_in_a_dataset_is_named(open_hub: HubSite, tmp_path: Path) -> None:
    api = open_hub.api(None)
    for revision in ("v9.9.9", "0" * 40, "dev", "refs/pr/1"):
        with pytest.raises(RevisionNotFoundError):
            api.dataset_info(NAME, revision=revision)
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download(
            NAME,
            "tones.py",
            repo_type="dataset",
            endpoint=open_hub.url,
            cache_dir=tmp_path,
            token=False,
        )
    assert not api.file_exists(NAME, "tones.py", repo_type="dataset")
    assert api.file_exists(NAME, "README.md", repo_type="dataset")
    assert not api.revision_exists(NAME, "v9.9.9", repo_type="dataset")


def test_what_was_withdrawn_is_disabled(open_hub: HubSite, tmp_path: Path) -> None:
    second = open_hub.releases[1]
    second.state = ReleaseState.WITHDRAWN
    second.save()
    api = open_hub.api(None)
    assert api.dataset_info(NAME).sha == open_hub.releases[0].dvc_commit
    with pytest.raises(DisabledRepoError):
        api.list_repo_files(NAME, repo_type="dataset", revision=second.dvc_commit)
    shard = SnapshotFile.objects.filter(
        snapshot__release=open_hub.releases[0], path__startswith="data/"
    ).first()
    assert shard is not None
    destroy_blob(shard.blob)
    with pytest.raises(DisabledRepoError):
        hf_hub_download(
            NAME,
            shard.path,
            repo_type="dataset",
            revision="v1.0.0",
            endpoint=open_hub.url,
            cache_dir=tmp_path,
            token=False,
        )


def test_a_deprecated_version_warns(open_hub: HubSite, elsewhere: RunPython) -> None:
    deprecate_release(
        actor=open_hub.cast.rita, release=open_hub.releases[0], reason="Wrong labels."
    )
    told = elsewhere(
        "hf", "download", NAME, "README.md", "--repo-type", "dataset", "--revision", "v1.0.0",
        url=open_hub.url,
    )  # fmt: skip
    assert "Version 1.1.0 replaces it" in told.stderr


def test_a_reading_token_writes_nothing(hub_site: HubSite) -> None:
    api = hub_site.api(hub_site.cast.ada)
    with pytest.raises(HfHubHTTPError, match="make one with the scope write"):
        api.create_repo("acme/new", repo_type="dataset")
    with pytest.raises(HfHubHTTPError):
        api.upload_file(
            path_or_fileobj=b"x", path_in_repo="x.txt", repo_id=NAME, repo_type="dataset"
        )
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("acme/tones")
