"""Bringing in what lies in somebody's DVC repository, by the same path as every folder."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.ingest.actions import import_clips
from apps.ingest.import_report import Report
from apps.ingest.intake import Progress, ignore_progress
from apps.storage.dvc_sources import open_revision
from datasets_catalog.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Origin:
    """A DVC repository at a revision; `folder` narrows it, and is left out of clips' paths."""

    location: str
    revision: str | None = None
    folder: str = ""


def import_dvc(
    *,
    actor: User,
    dataset: Dataset,
    origin: Origin,
    metadata: Path | str | None = None,
    dry_run: bool = False,
    progress: Progress = ignore_progress,
) -> Report:
    """Take the files that a DVC repository tracks at a revision into the draft.

    `metadata` is a table on this server, or a path inside the repository. Raises `EarmarkError`.
    """
    with (
        tempfile.TemporaryDirectory(dir=settings.WORK_ROOT, prefix="dvc-") as work,
        open_revision(origin.location, origin.revision) as source,
    ):
        inside = origin.folder.strip("/")
        prefix = f"{inside}/" if inside else ""
        found = list(source.files())
        tracked = [file for file in found if file.md5 and file.path.startswith(prefix)]
        if not tracked:
            raise NotFoundError(f"DVC tracks nothing below {inside or 'the root'} there.")
        table = metadata
        if isinstance(metadata, str):
            named = next((file for file in found if file.path == metadata), None)
            if named is None:
                raise NotFoundError(f"The repository has no {metadata} at that revision.")
            table = source.fetch(named, Path(work) / "table")
        copied = Path(work) / "files"
        for number, file in enumerate(tracked):
            if file.path != metadata:
                progress(number, len(tracked), "Fetching files")
                source.fetch(file, copied)
        report = import_clips(
            actor=actor,
            dataset=dataset,
            source=copied / inside if inside else copied,
            metadata=Path(table) if table else None,
            dry_run=dry_run,
            progress=progress,
        )
        report.note(f"From {origin.location} at commit {source.commit}")
        if source.foreign:
            report.note("Imported there from elsewhere, so left out", source.foreign)
    return report
