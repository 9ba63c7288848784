"""Put a consent in the place of one that was recorded wrongly."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.consent.ledger import fetch_consent_row
from apps.ingest.actions import correct_consent_from_table
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation


class Command(Base):
    help = (
        "Correct a consent that was recorded wrongly: the only row of the table says what is right,"
        " whole; without answers it says that there was no consent. The wrong record stays in the"
        " history and counts no more."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("consent", metavar="UID", help="of the wrong record")
        parser.add_argument("table", type=Path, metavar="FILE")
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        organisation = find_organisation(options["organisation"])
        wrong = fetch_consent_row(actor, organisation, options["consent"])
        row = correct_consent_from_table(
            actor=actor, consent=wrong, table=options["table"], reason=options["reason"]
        )
        return {"consent": str(row.uid), "corrects": str(wrong.uid)}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['consent']} stands in the place of {value['corrects']}."]
