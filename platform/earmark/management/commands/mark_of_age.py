"""Note that a contributor is no minor any more."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.consent.ages import mark_of_age
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation


class Command(Base):
    help = (
        "Note that a contributor answers for themselves now. A consent with a guardian makes its"
        " contributor a minor, for whom later consents count only with a guardian."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("contributor", metavar="CODE")
        parser.add_argument("--reason", required=True, metavar="TEXT")
        parser.add_argument(
            "--evidence", default="", metavar="SHA256", help="of what shows it; it is needed"
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        row = mark_of_age(
            actor=actor,
            organisation=find_organisation(options["organisation"]),
            code=options["contributor"],
            reason=options["reason"],
            evidence_sha256=options["evidence"],
        )
        return {"contributor": row.code}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['contributor']} answers for themselves from today on."]
