"""The work of release jobs."""

from apps.jobs.registry import Result, Run, job
from apps.privacy.scanning import scan_dataset
from apps.releases.actions import freeze
from apps.releases.models import Release


@job("releases.freeze", title="Freezing a release")
def freeze_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    scan_dataset(actor=run.actor, dataset=release.dataset, progress=run.progress)
    return {"root": freeze(actor=run.actor, release=release, progress=run.progress).root}
