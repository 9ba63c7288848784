"""Where a clip is: every place that holds its bytes, what was made of them, its path or hash."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.access import ClipUnknownError
from apps.datasets.models import Clip
from apps.releases.clip_traces import build_clip_trace
from apps.storage.holders import find_holdings
from earmark.management.base import Acts, find_dataset
from earmark.management.base import Command as Base


class Command(Base):
    help = (
        "List every place that holds something of a clip: its bytes, sound or pictures made of"
        " them, its path, its hash. For the operator, who can read all of these places."
    )
    acts = Acts.NEVER

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("clip", metavar="PATH", help="its path in the draft, or last there")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        dataset = find_dataset(None, options["dataset"])
        clip = Clip.objects.filter(dataset=dataset, path=options["clip"]).first()
        if clip is None:
            raise ClipUnknownError(
                f"{dataset} has no clip {options['clip']!r}: write its path as the draft has it."
            )
        return [
            {
                "holder": holder.name,
                "held": holder.held.value,
                "departure": holder.departure.value,
                "way": holder.way,
                "medium": holding.medium.value,
                "where": holding.where,
                "certain": holding.is_certain,
            }
            for holder, holding in find_holdings(build_clip_trace(clip))
        ]

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        lines = []
        before = ""
        for row in value:
            if row["holder"] != before:
                lines.append(f"{row['holder']} ({row['held']}; {row['departure']}: {row['way']})")
                before = row["holder"]
            mark = "" if row["certain"] else " (perhaps)"
            lines.append(f"  {row['medium']} {row['where']}{mark}")
        return lines
