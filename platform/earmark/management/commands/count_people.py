"""Say how many people are heard in a clip."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.review.actions import count_people
from apps.review.queue import fetch_review_clip
from earmark.management.base import Command as Base


class Command(Base):
    help = "Say how many people can be told apart in a clip; a later count takes its place."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clip", metavar="UID")
        parser.add_argument(
            "people", type=int, help="0 says that nobody can be recognised in what is heard"
        )
        parser.add_argument(
            "--unknown", action="store_true", help="one of them is not a recorded contributor"
        )
        parser.add_argument("--reason", required=True, metavar="TEXT")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        made = count_people(
            actor=actor,
            clip=fetch_review_clip(actor, options["clip"]),
            people_heard=options["people"],
            somebody_unknown=options["unknown"],
            reason=options["reason"],
        )
        return {
            "clip": str(made.clip.uid),
            "path": made.clip.path,
            "people_heard": made.people_heard,
            "people_recorded": made.people_recorded,
            "somebody_unknown": made.somebody_unknown,
            "words": made.in_words,
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['path']}: {value['words']}."]
