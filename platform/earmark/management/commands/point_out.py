"""Point out a voice that no detector reported."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.review.actions import point_out_voice
from apps.review.queue import fetch_review_clip
from earmark.management.base import Command as Base


class Command(Base):
    help = "Point out where somebody is heard in a clip: it becomes a finding, to be decided on."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clip", metavar="UID")
        parser.add_argument("onset", type=float, help="seconds")
        parser.add_argument("offset", type=float, help="seconds")
        parser.add_argument("--reason", required=True, metavar="TEXT", help="what is heard")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        made = point_out_voice(
            actor=actor,
            clip=fetch_review_clip(actor, options["clip"]),
            onset=options["onset"],
            offset=options["offset"],
            reason=options["reason"],
        )
        return {
            "finding": str(made.uid),
            "clip": made.clip.path,
            "onset": made.onset,
            "offset": made.offset,
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        where = f"{value['clip']}, {value['onset']} to {value['offset']} s"
        return [f"{where}: finding {value['finding']} waits for a decision."]
