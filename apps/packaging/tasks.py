"""The work of packaging jobs."""

from apps.jobs.registry import Result, Run, register_job
from apps.packaging.kept_snapshots import BUILD, build_snapshot
from apps.releases.models import Release


@register_job(BUILD, title="Building the snapshot of a release")
def build_snapshot_job(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    snapshot = build_snapshot(release, run.progress)
    return {"files": snapshot.files.count()}
