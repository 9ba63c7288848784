"""The work of publication jobs."""

from dataclasses import asdict

from apps.accounts.access import require_permission
from apps.jobs.registry import Result, Run, register_job
from apps.publishing.actions import PLAN, PUBLISH, plan_publication
from apps.publishing.models import Publication, Target
from apps.publishing.publications import carry_out_publication
from apps.publishing.release_publication import RELEASE, publish_release_here
from apps.releases.models import Release
from datasets_catalog.roles import Permission


@register_job(RELEASE, title="Publishing a release here")
def publish_here_job(run: Run) -> Result:
    row = Release.objects.select_related("dataset__organisation").get(pk=run.arguments["release"])
    done = publish_release_here(actor=run.actor, release=row)
    return {"version": done.version, "root": done.root, "commit": done.dvc_commit}


@register_job(PLAN, title="Planning a publication")
def plan_publication_job(run: Run) -> Result:
    row = Release.objects.select_related("dataset__organisation").get(pk=run.arguments["release"])
    target = Target.objects.select_related("organisation").get(pk=run.arguments["target"])
    return asdict(plan_publication(actor=run.actor, release=row, target=target))


@register_job(PUBLISH, title="Sending a release to a hub")
def send_publication_job(run: Run) -> Result:
    publication = Publication.objects.select_related(
        "release__dataset__organisation", "target__organisation", "started_by"
    ).get(pk=run.arguments["publication"])
    # A job waits, or begins anew after a crash: whoever asked may have lost the role since.
    require_permission(
        run.actor, Permission.RELEASE_PUBLISH, publication.release.dataset.organisation
    )
    done = carry_out_publication(publication, run.progress)
    return {"url": done.url, "commit": done.commit_oid, "tag": done.tag, "sent": done.bytes_sent}
