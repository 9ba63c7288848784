"""The stand-in hub answers the real client as the Hub does: else the other tests prove little."""

from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile

from tests.stand_ins.hub.handle import OUTSIDER_TOKEN, READER_TOKEN, HubHandle

REPO = "acme/things"


@pytest.fixture
def api(hub: HubHandle) -> HfApi:
    client = HfApi(endpoint=hub.address, token=hub.token)
    client.create_repo(REPO, repo_type="dataset")
    return client


@pytest.fixture
def reader(hub: HubHandle) -> HfApi:
    return HfApi(endpoint=hub.address, token=READER_TOKEN)


def commit(api: HfApi, parent: str | None = None, **files: bytes) -> str:
    made = api.create_commit(
        REPO,
        [CommitOperationAdd(name.replace("_", "."), content) for name, content in files.items()],
        commit_message="Change",
        repo_type="dataset",
        parent_commit=parent,
    )
    return str(made.oid)


def test_a_stale_parent_is_refused(api: HfApi) -> None:
    base = api.dataset_info(REPO).sha
    commit(api, base, a_txt=b"1")
    with pytest.raises(HfHubHTTPError) as caught:
        commit(api, base, b_txt=b"2")
    assert caught.value.response.status_code == 412
    assert api.list_repo_files(REPO, repo_type="dataset") == [".gitattributes", "a.txt"]


def test_commits_never_change(api: HfApi, hub: HubHandle) -> None:
    first = commit(api, a_txt=b"1")
    commit(api, a_txt=b"2")
    (old,) = api.get_paths_info(REPO, ["a.txt"], revision=first, repo_type="dataset")
    (new,) = api.get_paths_info(REPO, ["a.txt"], repo_type="dataset")
    assert isinstance(old, RepoFile)
    assert isinstance(new, RepoFile)
    assert old.blob_id != new.blob_id
    assert len(first) == 40
    assert [made.commit_id for made in api.list_repo_commits(REPO, repo_type="dataset")][1] == first


def test_a_tag_exists_once(api: HfApi) -> None:
    first = commit(api, a_txt=b"1")
    api.create_tag(REPO, tag="v1", revision=first, repo_type="dataset")
    with pytest.raises(HfHubHTTPError) as caught:
        api.create_tag(REPO, tag="v1", repo_type="dataset")
    assert caught.value.response.status_code == 409
    assert api.dataset_info(REPO, revision="v1").sha == first
    api.delete_tag(REPO, tag="v1", repo_type="dataset")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(REPO, revision="v1")


def test_bad_paths_and_unknown_bytes_are_refused(api: HfApi, hub: HubHandle) -> None:
    header = '{"key":"header","value":{"summary":"x"}}\n'
    for line in (
        '{"key":"file","value":{"path":"../x","content":"","encoding":"base64"}}',
        f'{{"key":"lfsFile","value":{{"path":"x","algo":"sha256","oid":"{"0" * 64}","size":1}}}}',
    ):
        answer = httpx2.post(
            f"{hub.address}/api/datasets/{REPO}/commit/main",
            content=header + line,
            headers={"Authorization": f"Bearer {hub.token}"},
        )
        assert answer.status_code == 400, answer.text
    with pytest.raises(EntryNotFoundError):
        api.create_commit(
            REPO,
            [CommitOperationDelete("nothing.txt")],
            commit_message="x",
            repo_type="dataset",
        )


def test_a_card_with_wrong_values_is_refused(api: HfApi) -> None:
    with pytest.raises(ValueError, match="license"):
        commit(api, README_md=b"---\nlicense: my-own\n---\n")


def test_private_repositories_look_like_missing_ones(api: HfApi, reader: HfApi) -> None:
    api.update_repo_settings(REPO, private=True, repo_type="dataset")
    with pytest.raises(RepositoryNotFoundError):
        reader.dataset_info(REPO)


def test_gated_files_are_given_to_those_let_in(
    api: HfApi, reader: HfApi, hub: HubHandle, tmp_path: Path
) -> None:
    commit(api, a_txt=b"1")
    api.update_repo_settings(REPO, gated="manual", repo_type="dataset")
    assert reader.dataset_info(REPO).gated == "manual"
    with pytest.raises(GatedRepoError):
        reader.auth_check(REPO, repo_type="dataset")
    asked = httpx2.post(
        f"{hub.address}/datasets/{REPO}/ask-access",
        headers={"Authorization": f"Bearer {READER_TOKEN}"},
    )
    assert asked.status_code == 200
    (pending,) = api.list_pending_access_requests(REPO, repo_type="dataset")
    assert pending.username == "alice"
    api.accept_access_request(REPO, "alice", repo_type="dataset")
    file = reader.hf_hub_download(REPO, "a.txt", repo_type="dataset", local_dir=tmp_path)
    assert Path(file).read_bytes() == b"1"
    with pytest.raises(BadRequestError):
        api.grant_access(REPO, "alice", repo_type="dataset")
    api.cancel_access_request(REPO, "alice", repo_type="dataset")
    with pytest.raises(GatedRepoError):
        reader.auth_check(REPO, repo_type="dataset")


def test_outsiders_cannot_write(api: HfApi, hub: HubHandle) -> None:
    outsider = HfApi(endpoint=hub.address, token=OUTSIDER_TOKEN)
    with pytest.raises(HfHubHTTPError) as caught:
        commit(outsider, a_txt=b"1")
    assert caught.value.response.status_code == 403
    with pytest.raises(HfHubHTTPError):
        outsider.create_repo("acme/more", repo_type="dataset")


def test_ranges_are_served_as_asked(api: HfApi, hub: HubHandle) -> None:
    commit(api, a_txt=b"0123456789")
    url = f"{hub.address}/datasets/{REPO}/resolve/main/a.txt"
    served = {
        asked: httpx2.get(url, headers={"Range": f"bytes={asked}"})
        for asked in ("2-4", "7-", "-3", "10-")
    }
    assert [answer.status_code for answer in served.values()] == [206, 206, 206, 416]
    assert [answer.text for answer in served.values()] == ["234", "789", "789", ""]
    assert served["2-4"].headers["Content-Range"] == "bytes 2-4/10"


def test_squashing_and_permanent_deletion_leave_no_trace(
    api: HfApi, hub: HubHandle, tmp_path: Path
) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    api.upload_file(
        path_or_fileobj=tmp_path / "x.parquet",
        path_in_repo="x.parquet",
        repo_id=REPO,
        repo_type="dataset",
    )
    api.create_tag(REPO, tag="v1", repo_type="dataset")
    before = api.dataset_info(REPO, revision="v1").sha
    api.super_squash_history(REPO, repo_type="dataset")
    assert len(api.list_repo_commits(REPO, repo_type="dataset")) == 1
    large = list(api.list_lfs_files(REPO, repo_type="dataset"))
    api.permanently_delete_lfs_files(REPO, large, repo_type="dataset")
    assert api.dataset_info(REPO, revision="v1").sha != before
    assert "x.parquet" not in api.list_repo_files(REPO, revision="v1", repo_type="dataset")
    assert not hub.store.has_large(large[0].file_oid)


def test_a_xet_shard_whose_bytes_lie_is_refused(api: HfApi, hub: HubHandle, tmp_path: Path) -> None:
    file = tmp_path / "x.parquet"
    file.write_bytes(b"PAR1" * 50_000)
    wrong = CommitOperationAdd("x.parquet", file)
    wrong.upload_info.sha256 = bytes(32)
    with pytest.raises(ConnectionError):
        api.preupload_lfs_files(REPO, [wrong], repo_type="dataset")
    assert not list((hub.folder / "large").iterdir())
