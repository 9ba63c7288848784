"""The work of publication jobs."""

from apps.jobs.registry import Result, Run, job
from apps.publishing.actions import PUBLISH
from apps.publishing.models import Publication
from apps.publishing.publications import carry_out


@job(PUBLISH, title="Publishing a release")
def publish(run: Run) -> Result:
    publication = Publication.objects.select_related(
        "release__dataset__organisation", "target__organisation", "started_by"
    ).get(pk=run.arguments["publication"])
    done = carry_out(publication, run.progress)
    return {"url": done.url, "commit": done.commit_oid, "tag": done.tag, "sent": done.bytes_sent}
