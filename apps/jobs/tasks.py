"""What the workers listen to."""

import threading
import time
from typing import Any

from celery import shared_task
from celery.signals import worker_ready
from django.db import connection

from apps.jobs.actions import rescue_jobs, run_job
from apps.jobs.schedule import run_due_work
from apps.jobs.worker_messages import TASK

SWEEP_EVERY_SECONDS = 20


@shared_task(name=TASK)
def run_job_task(job_id: int) -> None:
    run_job(job_id)


@shared_task(name="jobs.rescue")
def rescue_jobs_task() -> None:
    rescue_jobs()


def _sweep_jobs() -> None:
    while True:
        try:
            rescue_jobs()
            run_due_work()
        finally:
            connection.close()
        time.sleep(SWEEP_EVERY_SECONDS)


@worker_ready.connect
def start_sweeper(**_: Any) -> None:
    """Every worker sweeps: lost work is found as long as one of them lives."""
    threading.Thread(target=_sweep_jobs, name="job-sweeper", daemon=True).start()
