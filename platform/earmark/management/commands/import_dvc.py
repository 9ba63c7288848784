"""Take what a DVC repository tracks into a draft."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.detection.scanning import scan_dataset
from apps.ingest.dvc_repositories import Origin, import_dvc
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Take the files that a DVC repository tracks at a revision into a draft, then run the"
        " privacy detectors. Refused files are named; the exit code is 1 if there are any."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("repository", help="address or folder of the git repository")
        parser.add_argument("--rev", help="tag, branch or commit; default: its HEAD")
        parser.add_argument("--folder", default="", help="only this folder of the repository")
        parser.add_argument("--metadata", help="table on this server, or inside the repository")
        parser.add_argument("--dry-run", action="store_true", help="check all, change nothing")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        named = options["metadata"]
        report = import_dvc(
            actor=actor,
            dataset=dataset,
            origin=Origin(options["repository"], options["rev"], options["folder"]),
            metadata=Path(named) if named and Path(named).is_file() else named,
            dry_run=options["dry_run"],
            progress=self.progress,
        )
        value = report.as_json() | {"sentences": report.sentences()}
        if not options["dry_run"]:
            scanned = scan_dataset(actor=actor, dataset=dataset, progress=self.progress)
            value["sentences"].append(scanned.sentence())
        return value

    def say(self, value: dict[str, Any]) -> list[str]:
        return list(value["sentences"])

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["errors"]
