"""The work of import jobs."""

from pathlib import Path

from apps.datasets.models import Dataset
from apps.ingest.actions import import_clips
from apps.ingest.labels import import_labels
from apps.jobs.registry import Result, Run, job
from apps.privacy.actions import start_scan


def _actor_and_dataset(run: Run) -> tuple[User, Dataset]:
    dataset = Dataset.objects.select_related("organisation").get(pk=run.arguments["dataset"])
    return User.objects.get(pk=run.actor_id), dataset


@job("ingest.import_clips", title="Importing clips")
def import_clips_job(run: Run) -> Result:
    actor, dataset = _actor_and_dataset(run)
    metadata = run.arguments.get("metadata")
    report = import_clips(
        actor=actor,
        dataset=dataset,
        source=Path(run.arguments["source"]),
        metadata=Path(metadata) if metadata else None,
        dry_run=run.arguments.get("dry_run", False),
        progress=run.progress,
    )
    if not report.dry_run:
        start_scan(actor=actor, dataset=dataset)
    return report.as_json()


@job("ingest.import_labels", title="Importing labels")
def import_labels_job(run: Run) -> Result:
    actor, dataset = _actor_and_dataset(run)
    report = import_labels(
        actor=actor,
        dataset=dataset,
        source=Path(run.arguments["source"]),
        format_name=run.arguments["format"],
        replace=run.arguments.get("replace", False),
    )
    return report.as_json()
