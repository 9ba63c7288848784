"""Say which number the next release should have."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.releases.version_proposals import propose_version
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = "Compare the draft with the newest version that is out, and say which number fits next."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        found = propose_version(actor=actor, dataset=dataset, progress=self.progress)
        return found.as_json()

    def say(self, value: dict[str, Any]) -> list[str]:
        if value["since"] is None:
            return [f"{value['version']}: nothing is out yet."]
        head = f"{value['version']}: a {value['step']} version after {value['since']}."
        return [head, *(f"  {reason}" for reason in value["reasons"])]
