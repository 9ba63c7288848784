"""Say what a dataset is, beside its title: provenance, limitations, languages, creators."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.access import fetch_dataset_to_edit
from apps.datasets.actions import update_dataset
from datasets_catalog.errors import InvalidError
from datasets_catalog.roles import Permission
from earmark.management.base import Command as Base


class Command(Base):
    help = "Keep the description sheet of a dataset, a JSON object; it takes the old one's place."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("sheet", metavar="FILE", help="a JSON file, or - for standard input")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = fetch_dataset_to_edit(actor, options["dataset"], Permission.DATASET_EDIT)
        try:
            named = options["sheet"]
            text = sys.stdin.read() if named == "-" else Path(named).read_text("utf-8")
            sheet = json.loads(text)
        except (OSError, ValueError) as problem:
            raise InvalidError(f"The sheet cannot be read as JSON: {problem}") from problem
        row = update_dataset(actor=actor, dataset=dataset, changes={"sheet": sheet})
        return {"dataset": row.full_name, "sheet": row.sheet}

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['dataset']} says now: {', '.join(value['sheet']) or 'nothing'}."]
