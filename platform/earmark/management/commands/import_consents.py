"""Record the consents of a table."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.ingest.actions import import_consents
from earmark.management.base import Command as Base
from earmark.management.base import find_datasets, find_organisation


class Command(Base):
    help = "Record the consents of a table (CSV, JSONL or Parquet) in an organisation's ledger."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("table", type=Path, metavar="FILE")
        parser.add_argument(
            "--dataset",
            action="append",
            default=[],
            metavar="NAME",
            help="what new forms of the table ask about; may be given several times",
        )
        parser.add_argument("--dry-run", action="store_true", help="check all, change nothing")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        organisation = find_organisation(options["organisation"])
        report = import_consents(
            actor=actor,
            organisation=organisation,
            table=options["table"],
            datasets=find_datasets(actor, organisation, options["dataset"]),
            dry_run=options["dry_run"],
        )
        return report.as_json() | {"sentences": report.sentences()}

    def say(self, value: dict[str, Any]) -> list[str]:
        return list(value["sentences"])

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["errors"]
