"""Make a person who can sign in."""

import getpass
import os
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandParser

from apps.accounts.models import User
from datasets_catalog.errors import ConflictError, InvalidError
from earmark.management.base import Acts
from earmark.management.base import Command as Base


class Command(Base):
    help = "Make a user. The password comes from EARMARK_PASSWORD or is asked for."
    acts = Acts.NEVER

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--no-password", action="store_true", help="tokens only")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        username = options["username"]
        if User.objects.filter(username=username).exists():
            raise ConflictError(f"There is a user {username} already.")
        password = None
        if not options["no_password"]:
            password = os.environ.get("EARMARK_PASSWORD") or getpass.getpass()
            try:
                validate_password(password)
            except ValidationError as problem:
                raise InvalidError(" ".join(problem.messages)) from problem
        User.objects.create_user(username, options["email"], password)
        return {"username": username}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['username']} can sign in now."]
