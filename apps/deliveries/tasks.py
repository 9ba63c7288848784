"""The work of deliveries' jobs."""

from apps.deliveries.flavours import MAKE, Spec, make_flavour
from apps.deliveries.selections import Selection
from apps.jobs.registry import Result, Run, register_job
from apps.releases.models import Release


@register_job(MAKE, title="Making a flavour of a release")
def make_flavour_job(run: Run) -> Result:
    releases = Release.objects.select_related("dataset__organisation")
    before = run.arguments["before"]
    return make_flavour(
        actor=run.actor,
        release=releases.get(pk=run.arguments["release"]),
        spec=Spec.parse_name(run.arguments["flavour"]),
        selection=Selection.of(run.arguments["selection"]),
        before=releases.get(pk=before) if before else None,
        progress=run.progress,
    )
