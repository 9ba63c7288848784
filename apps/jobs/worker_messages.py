"""Sending the message that wakes a worker."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

TASK = "jobs.run"


def wake_worker(job_id: int) -> None:
    """Tell the workers. A broker that is down costs time, not work: the sweeper sends again."""
    try:
        current_app.send_task(TASK, args=[job_id])
    except (OperationalError, OSError):
        log.exception("job %s: the broker did not take the message", job_id)
