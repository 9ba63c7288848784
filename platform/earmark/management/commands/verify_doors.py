"""Prove that every door gives the same release."""

import logging
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from apps.accounts.models import User
from earmark.client.account import TOKEN_VARIABLE, clean_address
from earmark.client.references import parse_reference
from earmark.door_comparison import DoorResult, Target, find_differences, take_by_every_door
from earmark.management.base import Acts
from earmark.management.base import Command as Base

SHOWN = 50
ROOT_DIGITS = 16


class Command(Base):
    help = "Take a release through every door by real clients, and compare every byte."
    acts = Acts.NEVER

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("version", metavar="VERSION")
        parser.add_argument("--address", metavar="URL", help="the server; else this one's BASE_URL")
        parser.add_argument(
            "--token-file",
            type=Path,
            metavar="FILE",
            help=f"the token of somebody who may download; else {TOKEN_VARIABLE}",
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        name = parse_reference(f"{options['dataset']}@{options['version']}")
        file = options["token_file"]
        token = file.read_text(encoding="utf-8") if file else os.environ.get(TOKEN_VARIABLE, "")
        address = clean_address(options["address"] or settings.BASE_URL)
        with tempfile.TemporaryDirectory(prefix="earmark-doors-") as work:
            target = Target(address, name.dataset, name.version, token.strip(), Path(work))
            taken = take_by_every_door(target, self._tell)
        return {
            "dataset": name.dataset,
            "version": name.version,
            "address": address,
            "doors": [_describe_door(one) for one in taken],
            "differences": find_differences(taken),
        }

    def _tell(self, door: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{door} …")

    def say(self, value: dict[str, Any]) -> list[str]:
        rows = [("door", "client", "root", "clips", "")]
        rows += [
            (
                one["door"],
                one["client"],
                one["root"][:ROOT_DIGITS] or "-",
                str(one["clips"]) if one["checked"] and not one["problem"] else "-",
                one["problem"],
            )
            for one in value["doors"]
        ]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]
            )
            for row in rows
        ]
        found = value["differences"]
        verdict = f"{len(found)} differences." if found else "Every door checked gives the same."
        more = [f"… and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        return [*(line.rstrip() for line in lines), *found[:SHOWN], *more, verdict]

    def has_succeeded(self, value: dict[str, Any]) -> bool:
        return not value["differences"]


def _describe_door(one: DoorResult) -> dict[str, Any]:
    return {**asdict(one), "clips": len(one.clips)}
