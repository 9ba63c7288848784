"""The work of release jobs."""

from apps.datasets.models import Dataset
from apps.jobs.registry import Result, Run, job
from apps.privacy.scanning import scan_dataset
from apps.releases.actions import freeze, submit
from apps.releases.models import Release
from apps.releases.steps import DRY_RUN, FREEZE, SUBMIT, dry_run
from datasets_catalog.release_states import ReleaseState


@job(FREEZE, title="Freezing a release")
def freeze_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    scan_dataset(actor=run.actor, dataset=release.dataset, progress=run.progress)
    return {"root": freeze(actor=run.actor, release=release, progress=run.progress).root}


@job(SUBMIT, title="Asking the gates of a release")
def submit_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    if release.state == ReleaseState.IN_REVIEW:
        return {"state": release.state}
    return {"state": submit(actor=run.actor, release=release).state}


@job(DRY_RUN, title="Trying a release")
def dry_run_job(run: Run) -> Result:
    dataset = Dataset.objects.select_related("organisation").get(pk=run.arguments["dataset"])
    return dry_run(
        actor=run.actor,
        dataset=dataset,
        purposes=run.arguments["purposes"],
        # A job that was queued before releases had territories names none.
        territories=run.arguments.get("territories", ()),
        progress=run.progress,
    )
