"""The work of scan jobs."""

from apps.datasets.models import Dataset
from apps.detection.scanning import scan_clips
from apps.jobs.registry import Result, Run, register_job


@register_job("privacy.scan", title="Scanning clips")
def scan_clips_job(run: Run) -> Result:
    dataset = Dataset.objects.select_related("organisation").get(pk=run.arguments["dataset"])
    return scan_clips(
        actor=run.actor, dataset=dataset, clip_ids=run.arguments["clips"], progress=run.progress
    ).as_json()
