"""The work of publication jobs."""

from apps.jobs.registry import Result, Run, job
from apps.publishing.actions import PUBLISH
from apps.publishing.models import Publication
from apps.publishing.publications import carry_out
from apps.publishing.snapshots import BUILD, build_snapshot
from apps.releases.models import Release


@job(PUBLISH, title="Publishing a release")
def publish(run: Run) -> Result:
    publication = Publication.objects.select_related(
        "release__dataset__organisation", "target__organisation", "started_by"
    ).get(pk=run.arguments["publication"])
    done = carry_out(publication, run.progress)
    return {"url": done.url, "commit": done.commit_oid, "tag": done.tag, "sent": done.bytes_sent}


@job(BUILD, title="Building the snapshot of a release")
def build(run: Run) -> Result:
    release = Release.objects.select_related("dataset__organisation").get(
        pk=run.arguments["release"]
    )
    snapshot = build_snapshot(release, run.progress)
    return {"files": snapshot.files.count()}
