"""Keep the text of an organisation's own licence."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.licensing.actions import record_terms
from datasets_catalog.licence_terms import AiTerms
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation

FLAGS = ("attribution", "share_alike", "noncommercial", "no_derivatives", "redistribution")


class Command(Base):
    help = (
        "Keep the text of a LicenseRef-… and what it allows, or judge a licence of SPDX's list that"
        " nobody judged; terms never change once recorded."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("licence", metavar="LicenseRef-…")
        parser.add_argument(
            "file", type=Path, nargs="?", help="the text; none for a licence of SPDX's list"
        )
        parser.add_argument("--title", default="", help="needed for a LicenseRef-…")
        for flag in FLAGS:
            parser.add_argument(f"--{flag.replace('_', '-')}", action="store_true")
        parser.add_argument(
            "--ai-terms",
            choices=[terms.value for terms in AiTerms],
            default=AiTerms.UNSTATED.value,
            help="what they say of training models",
        )
        parser.add_argument(
            "--field-of-use", nargs="*", default=[], metavar="PURPOSE", help="the only ones allowed"
        )
        parser.add_argument(
            "--territories", nargs="*", default=[], metavar="CODE", help="where they hold"
        )
        parser.add_argument(
            "--expires-on", type=date.fromisoformat, metavar="DATE", help="the last day they hold"
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        row = record_terms(
            actor=actor,
            organisation=find_organisation(options["organisation"]),
            licence=options["licence"],
            title=options["title"],
            text=options["file"].read_text(encoding="utf-8") if options["file"] else "",
            ai_terms=options["ai_terms"],
            field_of_use=options["field_of_use"],
            territories=options["territories"],
            expires_on=options["expires_on"],
            attribution=options["attribution"],
            share_alike=options["share_alike"],
            noncommercial=options["noncommercial"],
            no_derivatives=options["no_derivatives"],
            redistribution=options["redistribution"],
        )
        return {"licence": row.licence, "sha256": row.sha256}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['licence']} is on record (SHA-256 {value['sha256']})."]
