"""Bring in the labels of a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.ingest.importers.registry import FORMATS
from apps.ingest.label_imports import import_labels
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = "Bring in the labels of a file or folder; what is not kept is reported."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("source", type=Path, metavar="FILE")
        parser.add_argument("--format", required=True, choices=sorted(FORMATS))
        parser.add_argument(
            "--replace",
            action="store_true",
            help="the file says all there is of the clips it names: take the rest out",
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, change nothing")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        report = import_labels(
            actor=actor,
            dataset=find_dataset(actor, options["dataset"]),
            source=options["source"],
            format_name=options["format"],
            replace=options["replace"],
            dry_run=options["dry_run"],
        )
        return report.as_json() | {"sentences": report.sentences()}

    def say(self, value: dict[str, Any]) -> list[str]:
        return list(value["sentences"])

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["errors"]
