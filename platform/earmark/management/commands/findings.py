"""List what the detectors saw."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.privacy.access import findings_for, findings_of, open_ones, state_of
from earmark.management.base import Acts, dataset_named
from earmark.management.base import Command as Base


class Command(Base):
    help = "List what the detectors saw in a draft and nobody decided on (--all: decided ones too)."
    acts = Acts.OPTIONALLY

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--all", action="store_true", help="decided ones too")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        dataset = dataset_named(actor, options["dataset"])
        rows = findings_of(dataset) if actor is None else findings_for(actor, dataset)
        if not options["all"]:
            rows = open_ones(rows)
        return [
            {
                "finding": str(row.uid),
                "clip": row.clip.path,
                "recording": row.clip.recording.name if row.clip.recording else None,
                "kind": row.kind,
                "onset": row.onset,
                "offset": row.offset,
                "score": row.score,
                "detail": row.detail,
                "detector": f"{row.scan.detector} {row.scan.detector_version}",
                "state": state_of(row),
            }
            for row in rows
        ]

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        if not value:
            return ["Nothing stands open."]
        return [
            f"{row['finding']}  {row['kind']:<10} {_span(row):<17} {row['clip']}"
            f"  {row['state']}  {row['detail']}"
            for row in value
        ]


def _span(row: dict[str, Any]) -> str:
    return "" if row["onset"] is None else f"{row['onset']:.2f}-{row['offset']:.2f} s"
