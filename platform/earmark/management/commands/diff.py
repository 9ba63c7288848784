"""Say what changed between two releases."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.releases.access import fetch_release
from apps.releases.diff import diff_releases
from apps.releases.models import Release
from datasets_catalog.errors import NotFoundError
from earmark.management.base import Acts, find_dataset
from earmark.management.base import Command as Base


class Command(Base):
    help = "Say what changed between two releases: clips, hours per class, onsets, rights."
    acts = Acts.OPTIONALLY

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("before", metavar="V1")
        parser.add_argument("after", metavar="V2")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        dataset = find_dataset(actor, options["dataset"])

        def release(version: str) -> Release:
            if actor is not None:
                return fetch_release(actor, dataset, version)
            row = Release.objects.filter(dataset=dataset, version=version.removeprefix("v")).first()
            if row is None:
                raise NotFoundError(f"{dataset} has no release {version}.")
            return row

        return diff_releases(release(options["before"]), release(options["after"])).as_json()

    def say(self, value: dict[str, Any]) -> list[str]:
        return list(value["sentences"])
