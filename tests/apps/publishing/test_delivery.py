"""Sending snapshots to a hub with the real client, by Xet and by LFS, through every fault."""

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from apps.publishing.errors import (
    TagTakenError,
    TargetBusyError,
    TargetRefusedError,
    TargetUnreachableError,
)
from apps.publishing.targets.read_back import tag_commit
from tests.apps.packaging.made_up import MadeUpRelease
from tests.apps.publishing.conftest import REPO, Sender
from tests.stand_ins.hub.handle import OUTSIDER_TOKEN, HubHandle

# The client hands httpx its files in a way that httpx is retiring.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
COMMIT = r"POST /api/datasets/acme/birds/commit/main"
LARGE = r"(POST /cas/v1/(xorbs|shards)|PUT /_lfs/)"
READ_BY_DATASETS = """
import json, sys
from datasets import Audio, load_dataset
loaded = load_dataset("acme/birds", revision="v1.0.0")
found = {}
for split, rows in loaded.items():
    for row in rows.cast_column("audio", Audio(decode=False)):
        found[row["path"]] = [split, len(row["audio"]["bytes"]), len(row["events"])]
json.dump({"found": found, "torch": "torch" in sys.modules}, sys.stdout)
"""


def our_commits(hub: HubHandle, version: str = "1.0.0") -> list[str]:
    return [commit.id for commit in hub.commits(REPO) if commit.title == f"Release {version}"]


def test_a_release_arrives_whole_in_one_tagged_commit(
    each_protocol: str, hub: HubHandle, sender: Sender
) -> None:
    made = MadeUpRelease.of(40)
    commit = sender.publish(made)
    assert our_commits(hub) == [commit]
    assert hub.repo(REPO).tags == {"v1.0.0": commit}
    tree = hub.commits(REPO)[0].tree
    assert {"README.md", "LICENSES.md", "ATTRIBUTION.csv", "croissant.json"} <= set(tree)
    assert {"data/test-00000-of-00001.parquet", "tables/clips.parquet"} <= set(tree)
    used = "PUT /_lfs/put" if each_protocol == "lfs" else "POST /cas/v1/xorbs"
    assert hub.requests(used)


def test_datasets_reads_the_tag_without_torch(
    hub: HubHandle, sender: Sender, tmp_path: Path
) -> None:
    made = MadeUpRelease.of(30)
    sender.publish(made)
    environment = {
        **os.environ,
        "HF_ENDPOINT": hub.address,
        "HF_HOME": str(tmp_path / "reader"),
        "HF_TOKEN": hub.token,
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", READ_BY_DATASETS],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert not read["torch"]
    assert {path: row[:2] for path, row in read["found"].items()} == {
        path: [made.splits[path], len(audio)] for path, audio in made.audio.items()
    }


def test_the_second_version_sends_only_what_changed(
    each_protocol: str, hub: HubHandle, sender: Sender, small_shards: None
) -> None:
    first = MadeUpRelease.of(200, frames=16_000)
    sender.publish(first)
    sent_first = hub.bytes_received(LARGE)
    hub.forget_requests()
    second = first.next_version("1.1.0")
    del second.audio["field/00101.wav"]
    sender.publish(second)
    sent_second = hub.bytes_received(LARGE)
    assert sent_second < sent_first / 8, (sent_first, sent_second)
    assert len(second.opened) < len(second.audio) / 8
    assert set(hub.repo(REPO).tags) == {"v1.0.0", "v1.1.0"}


def test_without_memory_of_the_first_version_nothing_is_sent_twice_either(
    each_protocol: str, hub: HubHandle, sender: Sender, small_shards: None
) -> None:
    first = MadeUpRelease.of(120, frames=16_000)
    sender.publish(first)
    hub.forget_requests()
    sender.known.clear()
    second = first.next_version("1.1.0")
    second.titles["field/00050.wav"] = "Renamed"
    sender.publish(second)
    whole = sum(len(audio) for audio in second.audio.values())
    # LFS sends the whole shard of the changed clip, Xet the chunks around it.
    assert hub.bytes_received(LARGE) < whole / (8 if each_protocol == "xet" else 3)


def test_shards_that_only_changed_their_number_are_copied_there(
    hub: HubHandle, sender: Sender, small_shards: None
) -> None:
    first = MadeUpRelease.of(240)
    sender.publish(first)
    before = hub.commits(REPO)[0].tree
    second = first.next_version("1.1.0")
    for number in range(80):
        del second.audio[f"field/{number:05}.wav"]
    sender.publish(second)
    after = hub.commits(REPO)[0].tree
    assert not {path for path in after if path.startswith("data/")} & set(before)
    kept = {entry.sha256 for path, entry in after.items() if path.startswith("data/")}
    assert kept & {entry.sha256 for entry in before.values()}


def test_files_of_others_are_left_alone(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(8)
    sender.repository.ensure(gated=False, private=False)
    hub.fail(COMMIT, "outrun")
    sender.publish(made)
    tree = hub.commits(REPO)[0].tree
    assert {"NOTES.md", ".gitattributes", "README.md"} <= set(tree)


@pytest.mark.parametrize(
    "at",
    [
        r"POST /api/repos/create",
        r"GET /api/datasets/acme/birds/tree/",
        r"POST /api/datasets/acme/birds/preupload/",
        COMMIT,
        r"POST /api/datasets/acme/birds/tag/",
        r"(HEAD|GET) /datasets/acme/birds/resolve/",
    ],
)
def test_a_server_error_anywhere_is_waited_out(at: str, hub: HubHandle, sender: Sender) -> None:
    hub.fail(at, "answer", status=503, times=2)
    sender.publish(MadeUpRelease.of(8))
    assert hub.struck() == 2
    assert len(our_commits(hub)) == 1


@pytest.mark.parametrize("kind", ["drop", "lose_answer"])
@pytest.mark.parametrize(
    "at",
    [
        r"POST /api/repos/create",
        r"POST /api/validate-yaml",
        COMMIT,
        r"POST /api/datasets/acme/birds/tag/",
    ],
)
def test_a_lost_request_or_answer_never_doubles_anything(
    kind: str, at: str, hub: HubHandle, sender: Sender
) -> None:
    hub.fail(at, "drop" if kind == "drop" else "lose_answer")
    commit = sender.publish(MadeUpRelease.of(8))
    assert our_commits(hub) == [commit]
    assert hub.repo(REPO).tags == {"v1.0.0": commit}


def test_uploads_survive_errors_and_lost_answers(
    each_protocol: str, hub: HubHandle, sender: Sender
) -> None:
    hub.fail(LARGE, "answer", status=503)
    hub.fail(LARGE, "lose_answer", skip=1)
    commit = sender.publish(MadeUpRelease.of(16))
    assert our_commits(hub) == [commit]


def test_a_rate_limit_is_waited_out_as_asked(hub: HubHandle, sender: Sender) -> None:
    hub.rate_limit(COMMIT, seconds=1)
    sender.publish(MadeUpRelease.of(8))
    first, second = hub.requests(COMMIT)
    assert (first.status, second.status) == (429, 200)


def test_a_commit_that_lands_late_is_found_and_not_repeated(hub: HubHandle, sender: Sender) -> None:
    """The first answer is a server error, yet the commit was made: as behind a proxy."""
    hub.fail(COMMIT, "lose_answer")
    hub.fail(r"GET /api/datasets/acme/birds/commits/", "answer", status=502)
    commit = sender.publish(MadeUpRelease.of(8))
    assert our_commits(hub) == [commit]
    assert len(hub.requests(COMMIT)) == 1


def test_when_others_commit_first_ours_is_built_on_theirs(hub: HubHandle, sender: Sender) -> None:
    hub.fail(COMMIT, "outrun", times=2)
    commit = sender.publish(MadeUpRelease.of(8))
    titles = [made.title for made in hub.commits(REPO)]
    assert titles == ["Release 1.0.0", "Add notes", "Add notes", "initial commit"]
    assert our_commits(hub) == [commit]


def test_two_workers_at_once_make_one_commit(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(24)
    sender.repository.ensure(gated=False, private=False)
    hub.fail(COMMIT, "slow", seconds=0.5, times=2)
    with ThreadPoolExecutor(2) as pool:
        folders = [sender.work / "one", sender.work / "two"]
        for folder in folders:
            folder.mkdir()
        workers = [Sender(hub, folder) for folder in folders]
        commits = set(pool.map(lambda worker: worker.send(made), workers))
    assert our_commits(hub) == list(commits)


def test_it_gives_up_when_others_never_stop(hub: HubHandle, sender: Sender) -> None:
    hub.fail(COMMIT, "outrun", times=100)
    with pytest.raises(TargetBusyError, match="nothing was published"):
        sender.send(MadeUpRelease.of(4))
    assert our_commits(hub) == []


def test_it_gives_up_on_a_hub_that_stays_down(hub: HubHandle, sender: Sender) -> None:
    hub.fail(COMMIT, "answer", status=503, times=100)
    with pytest.raises(TargetUnreachableError, match="publish again to go on"):
        sender.send(MadeUpRelease.of(4))
    assert our_commits(hub) == []


def test_a_token_without_rights_is_refused_with_a_reason(hub: HubHandle, sender: Sender) -> None:
    sender.token = OUTSIDER_TOKEN
    with pytest.raises(TargetRefusedError, match="rights"):
        sender.send(MadeUpRelease.of(4))
    sender.token = "hf_nobody"
    with pytest.raises(TargetRefusedError, match="Invalid credentials"):
        sender.send(MadeUpRelease.of(4))


def test_a_refused_upload_is_not_tried_for_ever(
    each_protocol: str, hub: HubHandle, sender: Sender
) -> None:
    hub.fail(r"(xet-write-token|info/lfs/objects/batch)", "answer", status=403, times=100)
    with pytest.raises(TargetRefusedError, match="403"):
        sender.send(MadeUpRelease.of(4))
    assert hub.struck() == 1


def test_the_gate_is_shut_before_any_content_arrives(hub: HubHandle, sender: Sender) -> None:
    sender.publish(MadeUpRelease.of(4), gated="manual")
    assert hub.repo(REPO).gated == "manual"
    paths = [f"{seen.method} {seen.path}" for seen in hub.requests(r"^(POST|PUT) ")]
    settings = paths.index("PUT /api/datasets/acme/birds/settings")
    assert settings < min(paths.index(path) for path in paths if "commit/main" in path)
    assert not [path for path in paths[:settings] if "xorbs" in path or "_lfs" in path]


def test_a_tag_never_moves(hub: HubHandle, sender: Sender) -> None:
    first = sender.publish(MadeUpRelease.of(4))
    again = sender.send(MadeUpRelease.of(5))
    with pytest.raises(TagTakenError, match="never move"):
        tag_commit(sender.repository, "v1.0.0", again)
    assert hub.repo(REPO).tags == {"v1.0.0": first}


def test_listings_of_many_pages_are_read_to_their_end(
    hub: HubHandle, sender: Sender, small_shards: None
) -> None:
    hub.configure(tree_page=3, commits_page=1)
    first = MadeUpRelease.of(80)
    sender.publish(first)
    sender.publish(first.next_version("1.1.0"))
    assert len(our_commits(hub, "1.1.0")) == 1


def test_large_files_go_in_parts_where_the_hub_wants_it(
    hub: HubHandle, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    hub.configure(part_bytes=100_000)
    sender.publish(MadeUpRelease.of(40))
    assert hub.requests("POST /_lfs/complete")
    for path, entry in hub.commits(REPO)[0].tree.items():
        kept = hub.store.blob_path(entry).read_bytes()
        assert entry.sha256 in {None, hashlib.sha256(kept).hexdigest()}, path
