"""A hub to publish to, and a sender that keeps what each sending prepared."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from apps.packaging.shards import Shard
from apps.packaging.small_files import make_small_files
from apps.packaging.snapshot_plan import plan_snapshot
from apps.publishing.targets.delivery import Delivery, Message, PreparedSnapshot
from apps.publishing.targets.huggingface import GateMode, HubRepository
from apps.publishing.targets.read_back import ReadBack, ReadBackPolicy, tag_commit
from apps.publishing.targets.retries import RetryPolicy
from tests.apps.packaging.made_up import MadeUpRelease
from tests.apps.packaging.shard_sizes import small_shards
from tests.stand_ins.hub.handle import HubHandle, running_hub

__all__ = ["small_shards"]

REPO = "acme/birds"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubHandle]:
    with running_hub(tmp_path / "hub") as handle:
        yield handle


@pytest.fixture(params=["xet", "lfs"])
def each_protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways in which the real client sends large files."""
    protocol: str = request.param
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", protocol == "lfs")
    return protocol


@dataclass
class Sender:
    """Sends made-up releases to the hub as the product does, with little patience."""

    hub: HubHandle
    work: Path
    token: str = ""
    prepared: PreparedSnapshot | None = None
    known: dict[str, Shard] = field(default_factory=dict)

    @property
    def repository(self) -> HubRepository:
        return HubRepository(
            endpoint=self.hub.address,
            token=self.token or self.hub.token,
            repo_id=REPO,
            patience=RetryPolicy(attempts=4, first=0.01),
        )

    def send(self, made: MadeUpRelease, *, gated: GateMode = False) -> str:
        """Send and commit; returns the commit."""
        content = made.content()
        repository = self.repository
        base = repository.ensure(gated=gated, private=False).head
        delivery = Delivery(
            repository=repository,
            content=content,
            plan=plan_snapshot(content),
            companions=partial(
                make_small_files,
                content,
                link=lambda path: repository.file_url(path, content.tag),
                gated=bool(gated),
            ),
            message=Message(f"Release {made.version}", (content.root,), marker(made)),
            work=self.work,
            known=self.known,
            before_commit=self._keep,
        )
        return delivery.send(base)

    def publish(
        self, made: MadeUpRelease, *, policy: ReadBackPolicy | None = None, gated: GateMode = False
    ) -> str:
        """Send, tag and read back; what was sent is known to the next version."""
        commit = self.send(made, gated=gated)
        tag_commit(self.repository, f"v{made.version}", commit)
        self.read_back(made, commit, policy=policy)
        assert self.prepared
        self.known |= {shard.key: shard for shard in self.prepared.shards}
        return commit

    def read_back(
        self, made: MadeUpRelease, commit: str, *, policy: ReadBackPolicy | None = None
    ) -> None:
        assert self.prepared
        ReadBack(
            self.repository,
            commit,
            f"v{made.version}",
            self.prepared.files,
            lambda done, total, message: None,
            policy or ReadBackPolicy(),
        ).verify()

    def _keep(self, base: str, prepared: PreparedSnapshot) -> None:
        self.prepared = prepared


def marker(made: MadeUpRelease) -> str:
    return f"Earmark-Publication: {made.salt}-{made.version}"


@pytest.fixture
def sender(hub: HubHandle, tmp_path: Path) -> Sender:
    work = tmp_path / "work"
    work.mkdir()
    return Sender(hub, work)
