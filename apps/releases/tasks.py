"""The work of release jobs."""

from apps.datasets.models import Dataset
from apps.detection.scanning import scan_dataset
from apps.jobs.registry import Result, Run, register_job
from apps.releases.actions import freeze_release, submit_release
from apps.releases.models import Release
from apps.releases.release_jobs import DRY_RUN, FREEZE, SUBMIT, perform_dry_run
from datasets_catalog.release_states import ReleaseState


@register_job(FREEZE, title="Freezing a release")
def freeze_release_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    scan_dataset(actor=run.actor, dataset=release.dataset, progress=run.progress)
    return {"root": freeze_release(actor=run.actor, release=release, progress=run.progress).root}


@register_job(SUBMIT, title="Asking the gates of a release")
def submit_release_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    if release.state == ReleaseState.IN_REVIEW:
        return {"state": release.state}
    return {"state": submit_release(actor=run.actor, release=release).state}


@register_job(DRY_RUN, title="Trying a release")
def perform_dry_run_job(run: Run) -> Result:
    dataset = Dataset.objects.select_related("organisation").get(pk=run.arguments["dataset"])
    return perform_dry_run(
        actor=run.actor,
        dataset=dataset,
        purposes=run.arguments["purposes"],
        # A job that was queued before releases had territories names none.
        territories=run.arguments.get("territories", ()),
        progress=run.progress,
    )
