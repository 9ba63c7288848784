"""A job survives whatever happens to its worker or its message."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.jobs import registry
from apps.jobs.access import fetch_job, list_visible_jobs
from apps.jobs.actions import (
    JobCancelledError,
    LeaseLostError,
    cancel_job,
    claim_job,
    rescue_jobs,
    run_job,
    start_job,
)
from apps.jobs.models import Job
from apps.jobs.registry import Result, Run, register_job
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))

    @register_job("test.counts", title="Counting", attempts=2)
    def counts(run: Run) -> Result:
        run.progress(1, 2, "half")
        return {"counted": run.arguments["upto"]}

    @register_job("test.refuses", title="Refusing")
    def refuses(run: Run) -> Result:
        raise InvalidError("Not like this.", row=3)

    @register_job("test.breaks", title="Breaking")
    def breaks(run: Run) -> Result:
        raise ZeroDivisionError


def a_job(cast: Cast, kind: str = "test.counts") -> Job:
    return start_job(actor=cast.ada, kind_name=kind, organisation=cast.acme, arguments={"upto": 2})


def reloaded(row: Job) -> Job:
    return Job.objects.get(pk=row.pk)


def test_a_job_runs_and_keeps_its_result(cast: Cast) -> None:
    row = a_job(cast)
    assert run_job(row.pk)
    ended = reloaded(row)
    assert (ended.state, ended.result, ended.message) == ("done", {"counted": 2}, "half")
    assert ended.finished_at is not None


def test_a_job_runs_once_however_often_its_message_arrives(cast: Cast) -> None:
    row = a_job(cast)
    assert run_job(row.pk)
    assert not run_job(row.pk)
    assert reloaded(row).attempt == 1


def test_an_error_of_ours_is_told_with_its_code(cast: Cast) -> None:
    row = a_job(cast, "test.refuses")
    run_job(row.pk)
    assert reloaded(row).state == "failed"
    assert reloaded(row).error == {
        "code": "invalid",
        "message": "Not like this.",
        "detail": {"row": 3},
    }


def test_a_crash_is_told_without_its_insides(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    row = a_job(cast, "test.breaks")
    run_job(row.pk)
    assert reloaded(row).error["code"] == "job.crashed"
    assert "ZeroDivision" not in str(reloaded(row).error)
    assert "ZeroDivision" in caplog.text


def test_a_claimed_job_is_taken_by_nobody_else(cast: Cast) -> None:
    row = a_job(cast)
    assert claim_job(row.pk) is not None
    assert claim_job(row.pk) is None


def test_a_dead_workers_job_is_taken_up_and_the_dead_cannot_end_it(cast: Cast) -> None:
    row = a_job(cast)
    dead = claim_job(row.pk)
    assert dead is not None
    Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run_job(row.pk)
    assert not dead.finish(Job.State.FAILED, result={}, error={})
    with pytest.raises(LeaseLostError):
        dead.progress(1, 2)
    assert reloaded(row).state == "done"


def test_a_job_that_keeps_dying_is_given_up(cast: Cast) -> None:
    row = a_job(cast)
    for _ in range(2):
        assert claim_job(row.pk) is not None
        Job.objects.filter(pk=row.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run_job(row.pk)
    assert reloaded(row).error["code"] == "job.gave_up"


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_when_it_reports(
    cast: Cast,
) -> None:
    waiting, running = a_job(cast), a_job(cast)
    held = claim_job(running.pk)
    assert held is not None
    assert cancel_job(actor=cast.ada, job=waiting).state == "cancelled"
    assert cancel_job(actor=cast.ada, job=running).state == "running"
    with pytest.raises(JobCancelledError):
        held.progress(1, 2)
    assert not run_job(waiting.pk)


def test_what_is_over_cannot_be_cancelled(cast: Cast) -> None:
    row = a_job(cast)
    run_job(row.pk)
    with pytest.raises(ConflictError):
        cancel_job(actor=cast.ada, job=row)


def test_the_sweeper_wakes_workers_for_what_was_lost(cast: Cast) -> None:
    lost, fresh = a_job(cast), a_job(cast)
    Job.objects.filter(pk=lost.pk).update(created_at=timezone.now() - timedelta(minutes=5))
    assert rescue_jobs() == 1
    assert reloaded(fresh).state == "queued"


def test_the_database_refuses_a_running_job_without_a_lease(cast: Cast) -> None:
    row = a_job(cast)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=row.pk).update(state="running")


def test_a_job_is_seen_by_its_starter_and_its_organisation_only(cast: Cast) -> None:
    row = a_job(cast)
    assert fetch_job(cast.ada, str(row.uid)) == row
    assert fetch_job(cast.rita, str(row.uid)) == row
    assert not list_visible_jobs(cast.eve).exists()
    with pytest.raises(NotFoundError):
        fetch_job(cast.eve, str(row.uid))
    with pytest.raises(NotFoundError):
        fetch_job(cast.ada, str(uuid.uuid4()))
