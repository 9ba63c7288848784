"""The tests' worker: runs what waits, in this process."""

from apps.jobs.actions import run_job
from apps.jobs.models import Job
from earmark.celery import app


def work_off() -> list[Job]:
    """Run every waiting job, and the jobs those start; returns all that ran."""
    app.loader.import_default_modules()
    ran = []
    while waiting := list(Job.objects.claimable().values_list("pk", flat=True)):
        for job_id in waiting:
            assert run_job(job_id)
            ran.append(job_id)
    return list(Job.objects.filter(pk__in=ran).order_by("pk"))
