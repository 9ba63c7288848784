"""Let a person or an organisation in."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from apps.access.actions import grant_access
from apps.access.grants import Agreement
from apps.accounts.models import User
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset, find_organisation, find_user


class Command(Base):
    help = "Let a user (or --organisation) take the releases of a dataset, for named purposes."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("holder", metavar="USER")
        parser.add_argument("--organisation", action="store_true", help="the holder is one")
        parser.add_argument("--purposes", required=True, help="what for, joined by commas")
        parser.add_argument("--country", default="", help="where the holder is, such as DE")
        parser.add_argument("--days", type=int, help="days until it ends")
        parser.add_argument("--seats", type=int, help="how many members of it; default: all")
        parser.add_argument("--agreement", default="", help="what it signed, with the terms in it")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        name = options["holder"]
        holder = find_organisation(name) if options["organisation"] else find_user(name)
        days, named, seats = options["days"], options["agreement"], options["seats"]
        signed = Agreement(named, seats) if named or seats is not None else None
        row = grant_access(
            actor=actor,
            dataset=find_dataset(actor, options["dataset"]),
            holder=holder,
            purposes=[part.strip() for part in options["purposes"].split(",") if part.strip()],
            until=timezone.now() + timedelta(days=days) if days else None,
            agreement=signed,
            country=options["country"],
        )
        return {"dataset": options["dataset"], "holder": name, "entitlement": str(row.uid)}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['holder']} may take {value['dataset']}."]
