"""Keep the text of an organisation's own licence."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.licensing.actions import record_terms
from earmark.management.base import Command as Base
from earmark.management.base import organisation_named

FLAGS = ("attribution", "share_alike", "noncommercial", "no_derivatives", "redistribution")


class Command(Base):
    help = "Keep the text of a LicenseRef-… and what it asks for; terms never change once recorded."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("licence", metavar="LicenseRef-…")
        parser.add_argument("file", type=Path, help="the text")
        parser.add_argument("--title", required=True)
        for flag in FLAGS:
            parser.add_argument(f"--{flag.replace('_', '-')}", action="store_true")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        row = record_terms(
            actor=actor,
            organisation=organisation_named(options["organisation"]),
            licence=options["licence"],
            title=options["title"],
            text=options["file"].read_text(encoding="utf-8"),
            **{flag: options[flag] for flag in FLAGS},
        )
        return {"licence": row.licence, "sha256": row.sha256}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['licence']} is on record (SHA-256 {value['sha256']})."]
