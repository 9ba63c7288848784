"""What every command shares: who acts, output for people or machines, honest exit codes."""

import json
import sys
from abc import abstractmethod
from collections.abc import Iterable
from datetime import date
from enum import Enum
from typing import Any, ClassVar

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.models import Organisation, User
from apps.datasets.access import fetch_dataset
from apps.datasets.models import Dataset
from datasets_catalog.errors import EarmarkError, InvalidError, NotFoundError


class Acts(Enum):
    """Whether a command acts in somebody's name; without a name it is the operator's own."""

    ALWAYS = "always"
    OPTIONALLY = "optionally"
    NEVER = "never"


class Command(BaseCommand):
    """A command that answers with a value and a few sentences.

    `work` returns the value for `--json`; `say` turns it into lines for people. An `EarmarkError`
    ends the command with exit code 1 and its message (or, with `--json`, its code and detail).
    """

    acts: ClassVar[Acts] = Acts.ALWAYS

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer with one JSON value")
        if self.acts is not Acts.NEVER:
            parser.add_argument(
                "--as",
                dest="user",
                required=self.acts is Acts.ALWAYS,
                metavar="USER",
                help="in whose name",
            )
        self.arguments(parser)

    def arguments(self, parser: CommandParser) -> None:
        """Add the command's own arguments."""

    @abstractmethod
    def work(self, actor: User | None, options: dict[str, Any]) -> Any:
        """Do it, and return what `--json` prints."""

    def say(self, value: Any) -> list[str]:
        """The value in sentences."""
        return [str(value)]

    def has_succeeded(self, value: Any) -> bool:
        """Whether the command did all that was asked; False ends with exit code 1."""
        return True

    def handle(self, *args: Any, **options: Any) -> None:
        _migrate_embedded_database()
        try:
            actor = find_user(options["user"]) if options.get("user") else None
            value = self.work(actor, options)
        except EarmarkError as problem:
            self._print_failure(problem, as_json=options["json"])
            return
        if options["json"]:
            self.stdout.write(json.dumps(value, indent=2, default=str))
        else:
            for line in self.say(value):
                self.stdout.write(line)
        if not self.has_succeeded(value):
            sys.exit(1)

    def _print_failure(self, problem: EarmarkError, *, as_json: bool) -> None:
        if not as_json:
            raise CommandError(problem.message)
        error = {"code": problem.code, "message": problem.message, "detail": problem.detail}
        self.stdout.write(json.dumps({"error": error}, indent=2, default=str))
        sys.exit(1)

    def progress(self, done: int, total: int, message: str) -> None:
        """One line that is written over, on terminals only."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{message}: {done}/{total}   ", ending="")
            self.stderr.flush()


def _migrate_embedded_database() -> None:
    """Where everything lies in one folder, that folder's database follows the code by itself."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return
    if not getattr(settings, "EMBEDDED", False):
        raise CommandError("The database is behind the code. Run: manage.py migrate")
    call_command("migrate", verbosity=0, interactive=False)


def find_user(username: str) -> User:
    row = User.objects.filter(username=username, is_active=True).first()
    if row is None:
        raise NotFoundError(
            f"There is no user {username!r}. Make one: manage.py create_user {username}"
        )
    return row


def find_organisation(name: str) -> Organisation:
    row = Organisation.objects.filter(name=name).first()
    if row is None:
        raise NotFoundError(
            f"There is no organisation {name!r}."
            f" Make one: manage.py create_organisation {name} --as USER"
        )
    return row


def parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        raise InvalidError(f"{text!r} is no day: write one such as 2031-05-17.") from problem


def find_datasets(actor: User, organisation: Organisation, names: Iterable[str]) -> list[Dataset]:
    """Datasets of the organisation, by their names alone or with the organisation's before."""
    return [find_dataset(actor, f"{organisation.name}/{name.split('/')[-1]}") for name in names]


def find_dataset(actor: User | None, full_name: str) -> Dataset:
    """The dataset as the actor may see it; any dataset for the operator."""
    organisation, _, name = full_name.partition("/")
    if not organisation or not name or "/" in name:
        raise NotFoundError(f"{full_name!r}: write the dataset as ORGANISATION/NAME.")
    if actor is not None:
        return fetch_dataset(actor, full_name)
    rows = Dataset.objects.select_related("organisation", "vocabulary")
    row = rows.filter(organisation__name=organisation, name=name).first()
    if row is None:
        raise NotFoundError(f"There is no dataset {full_name}.")
    return row
