"""List what the detectors saw."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.review.access import (
    filter_open_findings,
    list_dataset_findings,
    list_visible_findings,
    name_finding_state,
)
from earmark.management.base import Acts, find_dataset
from earmark.management.base import Command as Base


class Command(Base):
    help = "List what the detectors saw in a draft and nobody decided on (--all: decided ones too)."
    acts = Acts.OPTIONALLY

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--all", action="store_true", help="decided ones too")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        dataset = find_dataset(actor, options["dataset"])
        rows = (
            list_dataset_findings(dataset)
            if actor is None
            else list_visible_findings(actor, dataset)
        )
        if not options["all"]:
            rows = filter_open_findings(rows)
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
                "state": name_finding_state(row),
            }
            for row in rows
        ]

    def say(self, value: list[dict[str, Any]]) -> list[str]:
        if not value:
            return ["Nothing stands open."]
        return [
            f"{row['finding']}  {row['kind']:<10} {_format_span(row):<17} {row['clip']}"
            f"  {row['state']}  {row['detail']}"
            for row in value
        ]


def _format_span(row: dict[str, Any]) -> str:
    return "" if row["onset"] is None else f"{row['onset']:.2f}-{row['offset']:.2f} s"
