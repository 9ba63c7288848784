"""Make an organisation."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.actions import create_organisation
from apps.accounts.models import Organisation, User
from earmark.management.base import Command as Base


class Command(Base):
    help = "Make an organisation; the user named by --as becomes its owner and steward."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--title", default="")
        parser.add_argument(
            "--kind", choices=Organisation.Kind.values, default=Organisation.Kind.CONSORTIUM
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        row = create_organisation(
            actor=actor, name=options["name"], title=options["title"], kind=options["kind"]
        )
        return {"organisation": row.name}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"Made the organisation {value['organisation']}."]
