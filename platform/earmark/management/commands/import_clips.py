"""Take a folder or archive with its metadata table into a draft."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.detection.scanning import scan_dataset
from apps.ingest.actions import import_clips
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Take a folder or archive on this server into a draft, then run the privacy detectors"
        " over it. Files and rows that are refused are named; the exit code is 1 if there are any."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("source", type=Path, metavar="FOLDER")
        parser.add_argument("--metadata", type=Path, help="CSV, JSONL or Parquet, a row a clip")
        parser.add_argument("--dry-run", action="store_true", help="check all, change nothing")
        parser.add_argument("--no-scan", action="store_true", help="leave the detectors for later")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        report = import_clips(
            actor=actor,
            dataset=dataset,
            source=options["source"],
            metadata=options["metadata"],
            dry_run=options["dry_run"],
            progress=self.progress,
        )
        value = report.as_json() | {"sentences": report.sentences()}
        if not options["dry_run"] and not options["no_scan"]:
            scanned = scan_dataset(actor=actor, dataset=dataset, progress=self.progress)
            value["scan"] = scanned.as_json()
            value["sentences"].append(scanned.sentence())
        return value

    def say(self, value: dict[str, Any]) -> list[str]:
        return list(value["sentences"])

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["errors"]
