"""The work of import jobs."""

from pathlib import Path

from apps.datasets.models import Dataset
from apps.ingest.actions import import_clips
from apps.ingest.label_imports import import_labels
from apps.ingest.models import Upload
from apps.ingest.upload_finish import sweep_uploads, take_upload_in
from apps.ingest.uploads import FINISH, SWEEP
from apps.ingest.xet_store import SWEEP as SWEEP_XORBS
from apps.ingest.xet_store import sweep_xorbs
from apps.jobs.registry import Result, Run, register_job
from apps.review.actions import start_scan


def _load_dataset(run: Run) -> Dataset:
    return Dataset.objects.select_related("organisation").get(pk=run.arguments["dataset"])


@register_job("ingest.import_clips", title="Importing clips")
def import_clips_job(run: Run) -> Result:
    dataset = _load_dataset(run)
    metadata = run.arguments.get("metadata")
    report = import_clips(
        actor=run.actor,
        dataset=dataset,
        source=Path(run.arguments["source"]),
        metadata=Path(metadata) if metadata else None,
        dry_run=run.arguments.get("dry_run", False),
        progress=run.progress,
    )
    if not report.dry_run:
        start_scan(actor=run.actor, dataset=dataset)
    return report.as_json()


@register_job("ingest.import_labels", title="Importing labels")
def import_labels_job(run: Run) -> Result:
    dataset = _load_dataset(run)
    report = import_labels(
        actor=run.actor,
        dataset=dataset,
        source=Path(run.arguments["source"]),
        format_name=run.arguments["format"],
        replace=run.arguments.get("replace", False),
    )
    return report.as_json()


@register_job(FINISH, title="Taking an upload into the draft")
def finish_upload_job(run: Run) -> Result:
    uploads = Upload.objects.select_related("dataset__organisation", "started_by")
    upload = uploads.get(uid=run.arguments["upload"])
    dry_run = bool(run.arguments["dry_run"])
    report = take_upload_in(
        actor=upload.started_by, upload=upload, dry_run=dry_run, progress=run.progress
    )
    if not dry_run:
        start_scan(actor=upload.started_by, dataset=upload.dataset)
    return report


@register_job(SWEEP, title="Clearing expired uploads")
def sweep_uploads_job(run: Run) -> Result:
    return {"swept": sweep_uploads()}


@register_job(SWEEP_XORBS, title="Clearing packed chunks of old pushes")
def sweep_xorbs_job(run: Run) -> Result:
    return {"swept": sweep_xorbs()}
