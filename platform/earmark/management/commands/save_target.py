"""Say where releases may be sent."""

import os
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.publishing.actions import TargetSettings, save_target
from apps.publishing.models import Target
from earmark.management.base import Command as Base
from earmark.management.base import find_organisation


class Command(Base):
    help = (
        "Save a Hugging Face Hub as a target. The token comes from EARMARK_HUB_TOKEN and is kept"
        " encrypted; without it the token on record stays."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("name")
        parser.add_argument(
            "--repository", required=True, help="namespace/name; {dataset} is filled in"
        )
        parser.add_argument("--endpoint", default="https://huggingface.co")
        parser.add_argument("--gate", choices=Target.Gate.values, default=Target.Gate.MANUAL)
        parser.add_argument("--private", action="store_true")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, str]:
        assert actor is not None
        settings = TargetSettings(
            repository=options["repository"],
            endpoint=options["endpoint"],
            gate=options["gate"],
            private=options["private"],
            token=os.environ.get("EARMARK_HUB_TOKEN", ""),
        )
        row = save_target(
            actor=actor,
            organisation=find_organisation(options["organisation"]),
            name=options["name"],
            settings=settings,
        )
        return {"target": row.name, "endpoint": row.endpoint, "repository": row.repository}

    def say(self, value: dict[str, str]) -> list[str]:
        return [f"{value['target']}: {value['repository']} at {value['endpoint']}"]
