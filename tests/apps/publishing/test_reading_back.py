"""Only what readers really get counts as published."""

import pytest

from apps.publishing.errors import ReadBackError, TagTakenError
from apps.publishing.targets.read_back import ReadBackPolicy, tag_commit
from tests.apps.packaging.made_up import MadeUpRelease
from tests.apps.publishing.conftest import REPO, Sender
from tests.stand_ins.hub.handle import HubHandle

SHARD = r"GET /datasets/acme/birds/resolve/v1.0.0/data/train"


def sent(sender: Sender, made: MadeUpRelease) -> str:
    commit = sender.send(made)
    tag_commit(sender.repository, f"v{made.version}", commit)
    return commit


@pytest.mark.parametrize("path", ["data/train", "tables/clips", "README.md", "croissant"])
def test_a_file_served_with_wrong_bytes_is_named(path: str, hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(12)
    commit = sent(sender, made)
    hub.fail(rf"GET /datasets/acme/birds/resolve/v1.0.0/{path}", "corrupt")
    with pytest.raises(ReadBackError, match=path) as caught:
        sender.read_back(made, commit)
    assert caught.value.detail["path"].startswith(path)
    sender.read_back(made, commit)


def test_bytes_that_rot_on_the_hub_are_found(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(12)
    commit = sent(sender, made)
    entry = hub.commits(REPO)[0].tree["data/train-00000-of-00001.parquet"]
    kept = hub.store.blob_path(entry)
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    for policy in (ReadBackPolicy(), ReadBackPolicy(whole_below=0)):
        with pytest.raises(ReadBackError, match="other bytes"):
            sender.read_back(made, commit, policy=policy)


def test_a_truncated_file_is_found(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(12)
    commit = sent(sender, made)
    entry = hub.commits(REPO)[0].tree["data/train-00000-of-00001.parquet"]
    kept = hub.store.blob_path(entry)
    kept.write_bytes(kept.read_bytes()[:-1000])
    with pytest.raises(ReadBackError, match="other bytes"):
        sender.read_back(made, commit)


def test_a_wrong_etag_is_found(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(12)
    commit = sent(sender, made)
    wrong = {"ETag": f'"{"0" * 64}"', "X-Linked-ETag": f'"{"0" * 64}"'}
    hub.fail(r"HEAD /datasets/acme/birds/resolve/v1.0.0/data/", "headers", headers=wrong)
    with pytest.raises(ReadBackError, match="ETag"):
        sender.read_back(made, commit)


def test_large_releases_are_read_back_at_their_ends(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(60, frames=16_000)
    commit = sent(sender, made)
    hub.forget_requests()
    sender.read_back(made, commit, policy=ReadBackPolicy(whole_below=0))
    (fetched,) = hub.requests(SHARD)
    assert fetched.status == 206
    assert fetched.sent == 1 << 16


def test_what_was_there_before_is_not_downloaded_again(
    hub: HubHandle, sender: Sender, small_shards: None
) -> None:
    first = MadeUpRelease.of(120)
    sender.publish(first)
    second = first.next_version("1.1.0")
    del second.audio["field/00001.wav"]
    hub.forget_requests()
    sender.publish(second)
    assert len(hub.requests(r"GET /datasets/acme/birds/resolve/v1.1.0/data/")) <= 3


def test_a_file_that_others_removed_is_missed(hub: HubHandle, sender: Sender) -> None:
    made = MadeUpRelease.of(12)
    commit = sent(sender, made)
    repo = hub.repo(REPO)
    tree = dict(hub.commits(REPO)[0].tree)
    del tree["tables/events.parquet"]
    other = hub.store.write_commit(repo, tree, parent=commit, title="x", author="y")
    repo.branches["main"] = repo.tags["v1.0.0"] = other.id
    hub.store.save(repo)
    with pytest.raises(TagTakenError, match="not this publication"):
        sender.read_back(made, commit)
    with pytest.raises(ReadBackError, match="missing"):
        sender.read_back(made, other.id)
