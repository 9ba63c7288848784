"""Give a person a role in an organisation."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actions import add_member
from apps.accounts.models import User
from datasets_catalog.roles import Role
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation


class Command(Base):
    help = "Give a user a role in an organisation; a user may hold several."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation")
        parser.add_argument("member", metavar="USER")
        parser.add_argument("--role", required=True, choices=[str(role) for role in Role])

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        organisation = find_organisation(options["organisation"])
        add_member(
            actor=actor,
            organisation=organisation,
            username=options["member"],
            role=options["role"],
        )
        return {
            "organisation": organisation.name,
            "user": options["member"],
            "role": options["role"],
        }

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['user']} is {value['role']} of {value['organisation']}."]
