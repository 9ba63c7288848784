"""The steps of a publication: send, tag, read back. Every step may be repeated."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.audit import record
from apps.packaging.content_loading import load_content
from apps.packaging.shards import Shard
from apps.packaging.small_files import make_small_files
from apps.packaging.snapshot_plan import plan_snapshot
from apps.publishing.models import Publication, Target
from apps.publishing.permission import (
    require_newest,
    require_old_door,
    require_room,
    require_sendable,
)
from apps.publishing.sealed_secrets import unseal_secret
from apps.publishing.targets.delivery import Delivery, Message, PreparedSnapshot, Progress, SentFile
from apps.publishing.targets.huggingface import GateMode, HubRepository
from apps.publishing.targets.read_back import (
    ReadBack,
    ReadBackPolicy,
    build_tag_taken_error,
    tag_commit,
)
from apps.publishing.targets.retries import RetryPolicy
from datasets_catalog.errors import EarmarkError

State = Publication.State


def open_repository(
    target: Target, repository: str, *, beat: Callable[[], None] = lambda: None
) -> HubRepository:
    """Connect to a repository of the target; `beat` is called while its hub is slow."""
    return HubRepository(
        endpoint=target.endpoint,
        token=unseal_secret(target.token_encrypted),
        repo_id=repository,
        patience=RetryPolicy(beat=beat),
    )


def find_gate_mode(target: Target) -> GateMode:
    match target.gate:
        case Target.Gate.AUTO:
            return "auto"
        case Target.Gate.MANUAL:
            return "manual"
        case _:
            return False


def load_known_shards(publication: Publication) -> dict[str, Shard]:
    """Return what was sent to the same repository before, by key."""
    earlier = Publication.objects.filter(
        endpoint=publication.endpoint, repository=publication.repository, state=State.PUBLISHED
    ).order_by("pk")
    return {shard["key"]: Shard(**shard) for row in earlier for shard in row.shards}


def carry_out_publication(
    publication: Publication, progress: Progress, *, policy: ReadBackPolicy | None = None
) -> Publication:
    """Take the publication to its end from wherever it stands.

    Killed at any point it is simply called again: our commit is looked for before one is made,
    the tag is compared before one is made, and only what was read back is published. Raises what
    stopped it, which is kept on the row too.
    """
    if publication.state == State.PUBLISHED:
        return publication
    try:
        with tempfile.TemporaryDirectory(dir=settings.WORK_ROOT, prefix="publication-") as work:
            _Steps(publication, progress, Path(work)).run(policy or ReadBackPolicy())
    except EarmarkError as error:
        if error.code not in INTERRUPTIONS:
            _keep_failure(publication, error)
        raise
    return publication


# The worker stops, the publication does not fail: it goes on where it was when started again.
INTERRUPTIONS = frozenset({"job.cancelled", "job.lease_lost"})


class _Steps:
    def __init__(self, publication: Publication, progress: Progress, work: Path) -> None:
        self.publication = publication
        self.release = publication.release
        self.work = work
        self._said: tuple[int, int, str] = (0, 0, "")
        self._progress = progress
        self.repository = open_repository(
            publication.target, publication.repository, beat=self._beat
        )

    def run(self, policy: ReadBackPolicy) -> None:
        target = self.publication.target
        require_sendable(self.release, target)
        require_room(self.publication)
        require_old_door(self.publication, self.repository.status())
        self._move(State.SENDING, attempts=self.publication.attempts + 1, error={})
        status = self.repository.ensure(gated=find_gate_mode(target), private=target.private)
        commit = self._our_commit() or self._send(status.head)
        self._move(State.TAGGING, commit_oid=commit)
        tag_commit(self.repository, self.publication.tag, commit)
        self._move(State.VERIFYING)
        self._read_back(commit, policy)
        self._move(State.PUBLISHED, verified_at=timezone.now())

    def _our_commit(self) -> str | None:
        """Find the commit of an earlier attempt; `TagTakenError` when the version is taken."""
        found = self.repository.find_commit(self.publication.marker)
        named = self.repository.tag_target(self.publication.tag)
        if named is None or named == found:
            return found
        if self.repository.find_commit(self.publication.marker, revision=named) == named:
            return named
        raise build_tag_taken_error(self.repository, self.publication.tag, named)

    def _send(self, base: str) -> str:
        require_newest(self.publication)
        content = load_content(self.release)
        plan = plan_snapshot(content)
        self._move(State.SENDING, bytes_total=plan.audio_size)
        delivery = Delivery(
            repository=self.repository,
            content=content,
            plan=plan,
            companions=partial(
                make_small_files,
                content,
                link=lambda path: self.repository.file_url(path, self.publication.tag),
                gated=self.publication.target.is_gated,
            ),
            message=Message(
                title=f"Release {self.release.version}",
                lines=(
                    f"{self.release.dataset.full_name} {self.release.version}",
                    "",
                    f"Earmark-Root: {self.release.root}",
                ),
                marker=self.publication.marker,
            ),
            work=self.work,
            known=load_known_shards(self.publication),
            progress=self._say,
            before_commit=self._keep_prepared,
        )
        return delivery.send(base)

    def _keep_prepared(self, base: str, prepared: PreparedSnapshot) -> None:
        """Write down what must be read back, and look once more whether it may leave."""
        self.release.refresh_from_db(fields=["state"])
        require_sendable(self.release, self.publication.target)
        self._move(
            State.SENDING,
            base_oid=base,
            files=[file.as_json() for file in prepared.files],
            shards=[shard.as_json() for shard in prepared.shards],
            bytes_sent=sum(file.size for file in prepared.files if file.fresh),
        )

    def _read_back(self, commit: str, policy: ReadBackPolicy) -> None:
        ReadBack(
            repository=self.repository,
            commit=commit,
            tag=self.publication.tag,
            files=[SentFile(**file) for file in self.publication.files],
            progress=self._say,
            policy=policy,
        ).verify()

    def _say(self, done: int, total: int, message: str) -> None:
        self._said = (done, total, message)
        self._progress(done, total, message)

    def _beat(self) -> None:
        self._progress(*self._said)

    @transaction.atomic
    def _move(self, state: str, **changes: object) -> None:
        moved = self.publication.state != state
        self.publication.state = state
        for name, value in changes.items():
            setattr(self.publication, name, value)
        self.publication.save()
        if moved:
            _record_move(self.publication)


@transaction.atomic
def _keep_failure(publication: Publication, error: EarmarkError) -> None:
    publication.state = State.FAILED
    publication.error = {"code": error.code, "message": error.message, "detail": error.detail}
    publication.save()
    _record_move(publication)


def _record_move(publication: Publication) -> None:
    detail = {"commit": publication.commit_oid, "repository": publication.repository}
    if publication.state == State.FAILED:
        detail["error"] = publication.error["code"]
    record.publication_moved(
        actor=publication.started_by.username,
        organisation=publication.target.organisation.name,
        release=str(publication.release),
        target=publication.target.name,
        state=publication.state,
        detail=detail,
    )
