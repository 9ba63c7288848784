"""From a published release to a published publication: targets, permission, jobs, resumption."""

import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from apps.audit.models import AuditEvent
from apps.datasets.actions import remove_clips, update_dataset
from apps.datasets.models import Dataset
from apps.ingest.actions import import_consents
from apps.packaging.content_loading import load_content
from apps.packaging.errors import ReleaseNotSendableError
from apps.publishing.actions import (
    TargetSettings,
    check_target,
    ensure_publication,
    plan_publication,
    rotate_target_tokens,
    save_target,
    start_publication,
)
from apps.publishing.dry_runs import write_snapshot
from apps.publishing.errors import (
    NewerVersionThereError,
    PurposeMissingError,
    ReadBackError,
    RepositoryTakenError,
    TagTakenError,
)
from apps.publishing.models import Publication, Target
from apps.publishing.publications import carry_out_publication
from apps.publishing.release_publication import publish_release_here
from apps.publishing.sealed_secrets import SealBrokenError, unseal_secret
from apps.releases.actions import deprecate_release
from apps.releases.models import Release
from datasets_catalog.errors import DeniedError, InvalidError
from tests.cast import Cast
from tests.factories.drafts import (
    PURPOSES,
    approve,
    make_draft,
    make_published,
    make_release,
    write_table,
)
from tests.factories.jobs import work_off
from tests.factories.published import set_access
from tests.stand_ins.hub.handle import HubHandle

pytestmark = [
    pytest.mark.django_db,
    # The client hands httpx its files in a way that httpx is retiring.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]
REPO = "acme/earmark-tones"


def make_target(cast: Cast, hub: HubHandle, **changes: Any) -> Target:
    settings: dict[str, Any] = {
        "repository": "acme/earmark-{dataset}",
        "endpoint": hub.address,
        **changes,
    }
    return save_target(
        actor=cast.rita,
        organisation=cast.acme,
        name="hub",
        settings=TargetSettings(token=hub.token, **settings),
    )


def silent(done: int, total: int, message: str) -> None:
    """Nobody watches."""


def commits(hub: HubHandle) -> list[str]:
    return [commit.id for commit in hub.commits(REPO) if commit.title.startswith("Release ")]


# Targets


def test_a_token_is_stored_sealed_and_never_shown(cast: Cast, hub: HubHandle) -> None:
    target = make_target(cast, hub)
    assert hub.token not in target.token_encrypted
    assert unseal_secret(target.token_encrypted) == hub.token
    assert check_target(actor=cast.rita, target=target) == "acme-admin"
    assert not AuditEvent.objects.filter(detail__icontains=hub.token).exists()


def test_keys_rotate_and_a_lost_key_is_named(
    cast: Cast, hub: HubHandle, settings: Settings
) -> None:
    target = make_target(cast, hub)
    old, new = settings.FIELD_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    assert rotate_target_tokens() == 1
    settings.FIELD_ENCRYPTION_KEYS = [new]
    target.refresh_from_db()
    assert unseal_secret(target.token_encrypted) == hub.token
    settings.FIELD_ENCRYPTION_KEYS = [old]
    with pytest.raises(SealBrokenError, match="FIELD_ENCRYPTION_KEYS"):
        unseal_secret(target.token_encrypted)


def test_changing_a_target_without_a_token_keeps_the_token(cast: Cast, hub: HubHandle) -> None:
    before = make_target(cast, hub)
    after = save_target(
        actor=cast.rita,
        organisation=cast.acme,
        name="hub",
        settings=TargetSettings(repository="acme/other", endpoint=hub.address, gate="auto"),
    )
    assert after.pk == before.pk
    assert after.token_encrypted == before.token_encrypted
    assert after.gate == "auto"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"endpoint": "http://hub.example.org"}, "in the clear"),
        ({"endpoint": "ftp://127.0.0.1"}, "in the clear"),
        ({"repository": "no-namespace"}, "namespace/name"),
        ({"repository": "acme/{secret}"}, "namespace/name"),
        ({"gate": "ajar"}, "ajar"),
    ],
)
def test_nonsense_targets_are_refused(
    wrong: dict[str, str], said: str, cast: Cast, hub: HubHandle
) -> None:
    with pytest.raises(InvalidError, match=said):
        make_target(cast, hub, **wrong)


def test_only_those_who_manage_targets_may_save_one(cast: Cast, hub: HubHandle) -> None:
    with pytest.raises(DeniedError):
        save_target(
            actor=cast.cleo,
            organisation=cast.acme,
            name="hub",
            settings=TargetSettings(repository="acme/x", endpoint=hub.address, token="t"),
        )


# Who may send what


def test_a_release_that_is_not_published_cannot_leave(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    target = make_target(cast, hub)
    approved = approve(cast, make_release(cast, make_draft(cast, tmp_path)))
    with pytest.raises(ReleaseNotSendableError, match="approved"):
        start_publication(actor=cast.rita, release=approved, target=target)
    assert not hub.requests()


def test_an_open_target_needs_the_purpose_and_an_open_dataset(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    target = make_target(cast, hub, gate="open")
    with pytest.raises(PurposeMissingError, match="on request"):
        start_publication(actor=cast.rita, release=release, target=target)
    set_access("open", dataset=release.dataset)
    with pytest.raises(PurposeMissingError, match=r"publish\.open"):
        start_publication(actor=cast.rita, release=release, target=target)
    assert not hub.requests()


def test_a_release_under_embargo_is_sent_nowhere(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    target = make_target(cast, hub)
    end = timezone.now() + timedelta(days=9)
    for embargo in ({"embargo_until": end}, {"embargoes": {"1.0.0": end.isoformat()}}):
        update_dataset(actor=cast.ada, dataset=release.dataset, changes=embargo)
        with pytest.raises(ReleaseNotSendableError, match="can be taken from"):
            start_publication(actor=cast.rita, release=release, target=target)
        set_access(dataset=release.dataset, embargo_until=None)
    with time_machine.travel(end + timedelta(minutes=1), tick=False):
        start_publication(actor=cast.rita, release=release, target=target)


def test_a_gate_that_opens_by_itself_is_for_datasets_that_grant_by_rule(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    target = make_target(cast, hub, gate="auto")
    with pytest.raises(PurposeMissingError, match="on request, which a person answers"):
        start_publication(actor=cast.rita, release=release, target=target)
    assert not hub.requests()
    set_access(dataset=release.dataset, auto_grant=True)
    start_publication(actor=cast.rita, release=release, target=target)


def test_what_is_narrowed_while_it_is_sent_is_not_committed(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )

    def narrow(done: int, total: int, message: str) -> None:
        if message == "Committing":
            changes = {"access": "organisation"}
            update_dataset(actor=cast.ada, dataset=release.dataset, changes=changes)

    with pytest.raises(PurposeMissingError, match="members"):
        carry_out_publication(publication, narrow)
    assert publication.state == Publication.State.FAILED
    assert not publication.commit_oid


def test_a_publication_that_waits_is_not_sent_for_somebody_who_lost_the_role(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication, job = start_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    cast.rita.memberships.all().delete()
    work_off()
    job.refresh_from_db()
    publication.refresh_from_db()
    assert (job.state, publication.state) == (job.State.FAILED, Publication.State.PLANNED)
    assert not hub.requests()


def test_only_release_managers_publish(cast: Cast, hub: HubHandle, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    with pytest.raises(DeniedError):
        start_publication(actor=cast.cleo, release=release, target=make_target(cast, hub))


def sent_release(
    cast: Cast, hub: HubHandle, base: Path, **target: Any
) -> tuple[Release, Publication]:
    release = make_published(cast, base)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub, **target)
    )
    return release, carry_out_publication(publication, silent)


def another_release(cast: Cast, dataset: Dataset, version: str, *purposes: str) -> Release:
    release = make_release(cast, dataset, version, purposes=purposes)
    return publish_release_here(actor=cast.rita, release=approve(cast, release))


def allow_everyone(cast: Cast, table: Path) -> None:
    """Ben says yes to publication for everyone as well."""
    allowed = dict.fromkeys([*PURPOSES, "publish.open"], "allowed")
    row = {
        "contributor": "ben",
        "form": "voices",
        "form_version": "3",
        "given_at": "2026-02-01",
        "evidence_sha256": "cd" * 32,
    }
    write_table(table, [row | allowed])
    import_consents(actor=cast.ada, organisation=cast.acme, table=table)


def test_what_was_sent_behind_a_gate_never_comes_to_stand_open(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release, _ = sent_release(cast, hub, tmp_path)
    set_access("open", dataset=release.dataset)
    allow_everyone(cast, tmp_path / "more.csv")
    dataset = Dataset.objects.get(pk=release.dataset_id)
    later = another_release(cast, dataset, "1.1.0", "publish.open", *PURPOSES)
    target = make_target(cast, hub, gate="open")
    with pytest.raises(PurposeMissingError, match=r"1\.0\.0 was not released for publish\.open"):
        ensure_publication(actor=cast.rita, release=later, target=target)
    assert hub.repo(REPO).gated == "manual"


def test_what_somebody_no_longer_allows_is_not_shown_to_more_people(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release, _ = sent_release(cast, hub, tmp_path)
    paths = ["field/000.wav", "field/001.wav"]
    remove_clips(actor=cast.ada, dataset=release.dataset, paths=paths)
    later = another_release(cast, Dataset.objects.get(), "2.0.0", *PURPOSES)
    deny_everything(cast, tmp_path / "no.csv")
    set_access(dataset=release.dataset, auto_grant=True)
    wider = make_target(cast, hub, gate="auto")
    publication = ensure_publication(actor=cast.rita, release=later, target=wider)
    for attempt in (
        lambda: plan_publication(actor=cast.rita, release=later, target=wider),
        lambda: carry_out_publication(publication, silent),
    ):
        with pytest.raises(
            RepositoryTakenError, match=r"1\.0\.0, which may be given to nobody new"
        ):
            attempt()
    assert hub.repo(REPO).gated == "manual"
    publication.target = make_target(cast, hub, gate="manual")
    assert carry_out_publication(publication, silent).state == Publication.State.PUBLISHED


def deny_everything(cast: Cast, table: Path) -> None:
    row = {
        "contributor": "ben",
        "form": "voices",
        "form_version": "3",
        "given_at": "2026-02-01",
        **dict.fromkeys(PURPOSES, "denied"),
    }
    write_table(table, [row])
    import_consents(actor=cast.ada, organisation=cast.acme, table=table)


def test_a_repository_in_other_letters_is_the_same(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    sent_release(cast, hub, tmp_path / "one", repository="acme/all")
    other = make_published(cast, tmp_path / "two", name="other")
    target = make_target(cast, hub, repository="acme/All")
    with pytest.raises(RepositoryTakenError, match="acme/tones"):
        ensure_publication(actor=cast.rita, release=other, target=target)
    far = make_target(cast, hub, endpoint="https://HuggingFace.co:443/")
    assert far.endpoint == "https://huggingface.co"


def test_a_repository_holds_one_dataset(cast: Cast, hub: HubHandle, tmp_path: Path) -> None:
    sent_release(cast, hub, tmp_path / "one", repository="acme/all")
    other = make_published(cast, tmp_path / "two", name="other")
    with pytest.raises(RepositoryTakenError, match="acme/tones"):
        ensure_publication(actor=cast.rita, release=other, target=Target.objects.get(name="hub"))


def test_an_older_version_does_not_take_the_place_of_a_newer_one(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release, publication = sent_release(cast, hub, tmp_path)
    newer = another_release(cast, release.dataset, "1.1.0", *PURPOSES)
    carry_out_publication(
        ensure_publication(actor=cast.rita, release=newer, target=publication.target), silent
    )
    older = another_release(cast, release.dataset, "1.0.1", *PURPOSES)
    with pytest.raises(NewerVersionThereError, match=r"holds 1\.1\.0"):
        ensure_publication(actor=cast.rita, release=older, target=publication.target)


# The way there


def test_a_plan_says_what_would_happen_and_changes_nothing(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    plan = plan_publication(actor=cast.rita, release=release, target=make_target(cast, hub))
    assert plan.creates_repository
    assert plan.repository == REPO
    assert plan.clips == release.clips
    assert plan.to_send > plan.audio_size == release.size
    assert all(seen.method == "GET" for seen in hub.requests())
    assert not Publication.objects.exists()


def test_a_dry_run_writes_the_whole_snapshot(cast: Cast, hub: HubHandle, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path / "draft")
    dry = write_snapshot(
        load_content(release), tmp_path / "out", repository_url="https://hub.example/x", gated=True
    )
    on_disk = {
        path.relative_to(dry.folder).as_posix(): path.stat().st_size
        for path in dry.folder.rglob("*")
        if path.is_file()
    }
    assert on_disk == dry.files
    assert dry.clips == release.clips
    assert not hub.requests()


def test_a_release_is_published_by_a_job_and_recorded(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication, job = start_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    work_off()
    publication.refresh_from_db()
    job.refresh_from_db()
    assert job.state == "done", job.error
    assert job.result["url"] == publication.url
    assert publication.state == Publication.State.PUBLISHED
    assert publication.verified_at
    assert hub.repo(REPO).tags == {"v1.0.0": publication.commit_oid}
    assert hub.repo(REPO).gated == "manual"
    message = hub.commits(REPO)[0].message
    assert f"Earmark-Root: {release.root}" in message
    states = [
        event.detail["state"]
        for event in AuditEvent.objects.filter(kind="publication.moved").order_by("pk")
    ]
    assert states == ["sending", "tagging", "verifying", "published"]


def test_publishing_twice_is_publishing_once(cast: Cast, hub: HubHandle, tmp_path: Path) -> None:
    release = make_published(cast, tmp_path)
    target = make_target(cast, hub)
    first = carry_out_publication(
        ensure_publication(actor=cast.rita, release=release, target=target), silent
    )
    hub.forget_requests()
    again = carry_out_publication(
        ensure_publication(actor=cast.rita, release=release, target=target), silent
    )
    assert again.pk == first.pk
    assert not hub.requests()


def test_wrong_bytes_on_reading_back_are_not_published(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    hub.fail(r"GET /datasets/.*/resolve/v1.0.0/data/train", "corrupt")
    with pytest.raises(ReadBackError):
        carry_out_publication(publication, silent)
    publication.refresh_from_db()
    assert publication.state == Publication.State.FAILED
    assert publication.verified_at is None
    assert publication.error["code"] == "publishing.read_back"
    assert "data/train" in publication.error["message"]
    assert carry_out_publication(publication, silent).state == Publication.State.PUBLISHED
    assert len(commits(hub)) == 1


def test_a_tag_of_somebody_else_is_found_before_anything_is_sent(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    repo = hub.store.create("dataset", REPO, "acme-admin", private=False)
    repo.tags["v1.0.0"] = repo.branches["main"]
    hub.store.save(repo)
    with pytest.raises(TagTakenError):
        carry_out_publication(publication, silent)
    assert not hub.requests(r"preupload|xet|lfs")


def test_a_squashed_history_is_recognised_by_its_tag(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    carry_out_publication(publication, silent)
    repo = hub.repo(REPO)
    head = hub.commits(REPO)[0]
    squashed = hub.store.write_commit(repo, head.tree, parent=None, title="Squash", author="x")
    repo.branches["main"] = squashed.id
    hub.store.save(repo)
    Publication.objects.filter(pk=publication.pk).update(state=Publication.State.FAILED)
    publication.refresh_from_db()
    assert carry_out_publication(publication, silent).commit_oid == head.id


def test_a_release_deprecated_on_the_way_does_not_arrive(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )

    def deprecate_now(done: int, total: int, message: str) -> None:
        if message == "Committing" and Release.objects.get(pk=release.pk).state == "published":
            deprecate_release(actor=cast.rita, release=release, reason="Superseded")

    with pytest.raises(ReleaseNotSendableError, match="deprecated"):
        carry_out_publication(publication, deprecate_now)
    assert commits(hub) == []


def test_the_database_refuses_a_published_publication_that_was_not_verified(
    cast: Cast, hub: HubHandle, tmp_path: Path
) -> None:
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(state="published")
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=publication.pk).update(state="tagging")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["hold", "hold_answer"])
@pytest.mark.parametrize(
    "at",
    [
        r"POST /api/repos/create",
        r"PUT /api/datasets/acme/earmark-tones/settings",
        r"PUT /_lfs/put/",
        r"POST /api/datasets/acme/earmark-tones/commit/main",
        r"POST /api/datasets/acme/earmark-tones/tag/",
        r"GET /datasets/acme/earmark-tones/resolve/v1.0.0/data/",
    ],
)
def test_killed_anywhere_and_started_again_there_is_one_commit_under_the_tag(
    kind: str,
    at: str,
    cast: Cast,
    hub: HubHandle,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With `hold` the request of the killed process still arrives, while the second one works."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    release = make_published(cast, tmp_path)
    publication = ensure_publication(
        actor=cast.rita, release=release, target=make_target(cast, hub)
    )
    hub.fail(at, "hold" if kind == "hold" else "hold_answer")
    connections.close_all()
    child = os.fork()
    if child == 0:
        try:
            carry_out_publication(Publication.objects.get(pk=publication.pk), silent)
        finally:
            os._exit(1)
    hub.wait_for(at)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    hub.heal()
    done = carry_out_publication(Publication.objects.get(pk=publication.pk), silent)
    assert done.state == Publication.State.PUBLISHED
    assert commits(hub) == [done.commit_oid]
    assert hub.repo(REPO).tags == {"v1.0.0": done.commit_oid}
