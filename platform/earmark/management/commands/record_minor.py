"""Note that a contributor is under age."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.consent.ages import record_minor
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation, parse_day


class Command(Base):
    help = (
        "Note that a contributor is, or was, under age: from then on nothing they answer counts"
        " without a guardian, up to the day on which they come of age."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("contributor", metavar="CODE")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument("--of-age-on", metavar="DAY", help="such as 2031-05-17")
        parser.add_argument(
            "--evidence",
            default="",
            metavar="SHA256",
            help="of what shows the day, where somebody on record as a minor had another or none",
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str | None]:
        assert actor is not None
        row = record_minor(
            actor=actor,
            organisation=find_organisation(options["organisation"]),
            code=options["contributor"],
            reason=options["reason"],
            of_age_on=parse_day(options["of_age_on"]) if options["of_age_on"] else None,
            evidence_sha256=options["evidence"],
        )
        day = row.of_age_on
        return {"contributor": row.code, "of_age_on": None if day is None else day.isoformat()}

    def say(self, value: dict[str, str | None]) -> list[str]:
        until = f", of age on {value['of_age_on']}" if value["of_age_on"] else ""
        return [f"{value['contributor']} is on record as a minor{until}."]
