"""Starting, seeing, stopping and waking: who may, and what a lost worker or broker leaves."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.accounts.models import User
from apps.jobs import actions, registry, schedule, tasks, worker_messages
from apps.jobs.access import fetch_job, list_visible_jobs
from apps.jobs.actions import (
    ActorMissingError,
    Claim,
    cancel_job,
    claim_job,
    rescue_jobs,
    run_claimed_job,
    run_job,
    start_job,
)
from apps.jobs.models import Job
from apps.jobs.registry import Result, Run, UnknownJobError, register_job
from datasets_catalog.errors import ConflictError, DeniedError, NotFoundError
from datasets_catalog.roles import Permission, Role
from tests.apps.accounts.people import coming_with_token, person_with, roles_with
from tests.cast import Cast, assemble
from tests.side_by_side import run_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two kinds of work, and who started what was run."""
    names: list[str] = []
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))

    @register_job("test.names", title="Naming")
    def name_actor(run: Run) -> Result:
        names.append(run.actor.username)
        return {}

    @register_job("test.reports", title="Reporting")
    def report(run: Run) -> Result:
        run.progress(3, 7, "m" * 400)
        return {}

    return names


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids that a message was sent for."""
    sent: list[int] = []
    monkeypatch.setattr(actions, "wake_worker", sent.append)
    return sent


def start(actor: User | None, cast: Cast, kind: str = "test.names", **more: Any) -> Job:
    return start_job(actor=actor, kind_name=kind, organisation=cast.acme, **more)


def reloaded(row: Job) -> Job:
    return Job.objects.get(pk=row.pk)


def claimed(row: Job) -> Claim:
    found = claim_job(row.pk)
    assert found is not None
    return found


def test_workers_are_told_when_the_row_is_there_and_not_before(
    cast: Cast, woken: list[int], django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = start(cast.ada, cast, subject="acme/tones", arguments={"a": 1})
        assert woken == []
    assert woken == [row.pk]
    assert (row.state, row.subject, row.arguments, row.attempt) == (
        "queued", "acme/tones", {"a": 1}, 0,
    )  # fmt: skip


def test_work_is_done_in_the_name_of_who_started_it(cast: Cast, ran: list[str]) -> None:
    assert run_job(start(cast.rita, cast).pk)
    assert ran == ["rita"]


def test_work_that_needs_somebody_fails_when_nobody_started_it(cast: Cast, ran: list[str]) -> None:
    row = start(None, cast)
    run_job(row.pk)
    assert (reloaded(row).state, reloaded(row).error["code"]) == ("failed", "job.actor_missing")
    with pytest.raises(ActorMissingError, match="started by somebody"):
        _ = claimed(start(None, cast)).actor
    assert ran == []


def test_a_kind_that_this_worker_does_not_know_is_left_to_others(cast: Cast) -> None:
    row = start(cast.ada, cast, "test.of-tomorrow")
    with pytest.raises(UnknownJobError, match=r"under 'test\.of-tomorrow'"):
        run_job(row.pk)
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert Job.objects.claimable().filter(pk=row.pk).exists()


def test_a_report_renews_the_lease_and_fits_its_column(cast: Cast) -> None:
    row = start(cast.ada, cast, "test.reports")
    held = claimed(row)
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() + timedelta(seconds=1))
    held.progress(3, 7, "m" * 400)
    now = reloaded(row)
    assert (now.done, now.total, len(now.message)) == (3, 7, 300)
    assert now.lease_until is not None
    assert now.lease_until > timezone.now() + timedelta(seconds=5)


def test_a_running_job_that_is_cancelled_ends_as_cancelled_and_stays_so(
    cast: Cast, ran: list[str]
) -> None:
    row = start(cast.ada, cast)
    held = claimed(row)
    cancel_job(actor=cast.ada, job=row)
    run_claimed_job(held)
    ended = reloaded(row)
    assert (ended.state, ended.claim, ended.lease_until, ran) == ("cancelled", None, None, [])
    assert ended.finished_at is not None
    assert ended.is_over
    assert not held.finish(Job.State.DONE, result={"late": 1}, error={})
    with pytest.raises(ConflictError, match="This job is cancelled already"):
        cancel_job(actor=cast.ada, job=row)


@pytest.mark.parametrize("role", Role)
def test_a_job_is_stopped_by_its_starter_or_an_editor(cast: Cast, role: Role) -> None:
    somebody = person_with(cast.acme, role)
    row = start(cast.rita, cast)
    if role in roles_with(Permission.DATASET_EDIT):
        assert cancel_job(actor=somebody, job=row).state == "cancelled"
    else:
        with pytest.raises(DeniedError, match="dataset:edit"):
            cancel_job(actor=somebody, job=row)
        assert not reloaded(row).cancel_requested
    assert cancel_job(actor=somebody, job=start(somebody, cast)).state == "cancelled"


def test_a_job_of_no_organisation_is_stopped_by_its_starter_alone(cast: Cast) -> None:
    row = start_job(actor=cast.rita, kind_name="test.names")
    with pytest.raises(DeniedError, match="Only who started this job"):
        cancel_job(actor=cast.ada, job=row)
    assert cancel_job(actor=cast.rita, job=row).state == "cancelled"


@pytest.mark.parametrize("role", Role)
def test_jobs_are_seen_by_who_works_in_the_organisation(cast: Cast, role: Role) -> None:
    row = start(cast.ada, cast)
    somebody = person_with(cast.acme, role)
    works = role in roles_with(Permission.DATASET_VIEW)
    assert list_visible_jobs(somebody).filter(pk=row.pk).exists() is works
    assert not list_visible_jobs(AnonymousUser()).exists()


def test_a_limited_token_sees_the_jobs_about_its_datasets(cast: Cast) -> None:
    for subject in ("acme/tones", "acme/tones 1.0.0", "acme/tones2", "acme/birds", ""):
        start(cast.ada, cast, subject=subject)
    limited = coming_with_token(cast.ada, "acme/tones")
    seen = list_visible_jobs(limited).values_list("subject", flat=True)
    assert set(seen) == {"acme/tones", "acme/tones 1.0.0"}


@pytest.mark.parametrize("uid", ["", "7", "'; --", str(uuid.UUID(int=7))])
def test_an_id_of_no_job_is_answered_as_such(cast: Cast, uid: str) -> None:
    with pytest.raises(NotFoundError, match="no such job, or it is not yours"):
        fetch_job(cast.ada, uid)


def test_lost_jobs_are_woken_and_those_at_work_or_over_are_not(
    cast: Cast, woken: list[int]
) -> None:
    waiting, dead, alive, over = (start(cast.ada, cast) for _ in range(4))
    claimed(dead)
    claimed(alive)
    run_job(over.pk)
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.update(created_at=long_ago)
    Job.objects.filter(pk=dead.pk).update(lease_until=long_ago)
    woken.clear()
    assert rescue_jobs() == 2
    assert sorted(woken) == sorted([waiting.pk, dead.pk])


def test_a_broker_that_is_down_costs_time_and_no_work(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("no route")

    monkeypatch.setattr("apps.jobs.worker_messages.current_app.send_task", refuse)
    row = start(cast.ada, cast)
    worker_messages.wake_worker(row.pk)
    assert f"job {row.pk}: the broker did not take the message" in caplog.text
    assert reloaded(row).state == "queued"


def test_a_message_runs_its_job(cast: Cast, ran: list[str]) -> None:
    row = start(cast.ada, cast)
    for _ in range(2):
        tasks.run_job_task(row.pk)
    assert ran == ["ada"]
    tasks.run_job_task(10**9)


def test_what_is_due_is_done_once_in_its_time_and_a_failure_keeps_nothing_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache.clear()
    calls: list[str] = []
    monkeypatch.setattr(schedule, "_REGULAR", {})

    @schedule.run_regularly("test-broken", seconds=60)
    def fail() -> None:
        calls.append("broken")
        raise ZeroDivisionError

    @schedule.run_regularly("test-sound", seconds=60)
    def succeed() -> None:
        calls.append("sound")

    schedule.run_due_work()
    schedule.run_due_work()
    assert calls == ["broken", "sound"]
    assert "test-broken failed and is tried again later" in caplog.text
    cache.delete("regularly:test-sound")
    schedule.run_due_work()
    assert calls == ["broken", "sound", "sound"]


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "running", "claim": uuid.UUID(int=1)},
        {"state": "running", "lease_until": timezone.now()},
        {"state": "done"},
        {"state": "failed"},
        {"state": "cancelled"},
    ],
)
def test_the_database_refuses_a_state_without_what_belongs_to_it(
    cast: Cast, columns: dict[str, Any]
) -> None:
    row = start(cast.ada, cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=row.pk).update(**columns)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer")
def test_of_many_workers_at_once_one_runs_the_job(ran: list[str]) -> None:
    cast = assemble()
    row = start(cast.ada, cast)
    assert run_at_once(*[lambda: run_job(row.pk)] * 4) == []
    assert ran == ["ada"]
    assert reloaded(row).attempt == 1
