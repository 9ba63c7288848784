"""Make a token for programs."""

from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from apps.accounts.models import Token, User
from apps.accounts.tokens import create_token
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = "Make a token for the user named by --as; it is printed once and kept nowhere."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what it is for")
        parser.add_argument("--scope", choices=Token.Scope.values, default=Token.Scope.READ)
        parser.add_argument("--days", type=int, help="days until it expires")
        parser.add_argument(
            "--dataset",
            action="append",
            default=[],
            metavar="ORG/NAME",
            help="the only dataset it reaches; may be given several times",
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        days = options["days"]
        expires = timezone.now() + timedelta(days=days) if days else None
        made = create_token(
            actor=actor,
            name=options["name"],
            scope=options["scope"],
            expires_at=expires,
            datasets=[find_dataset(actor, name).full_name for name in options["dataset"]],
        )
        return {"token": made.text, "scope": made.row.scope, "datasets": made.row.datasets}

    def say(self, value: dict[str, Any]) -> list[str]:
        return [value["token"]]
