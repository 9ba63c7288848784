"""Hold a dataset to less than before: ask for it, decide on it, list what was asked."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.bar_lowerings import (
    cancel_lowering,
    confirm_lowering,
    fetch_lowering,
    list_visible_lowerings,
    propose_lowering,
    refuse_lowering,
)
from apps.datasets.models import Dataset, Lowering
from datasets_catalog.bars import BARS
from datasets_catalog.errors import InvalidError
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Ask that a dataset be held to less (a lower bar); a privacy reviewer who did not ask, or"
        " a rights reviewer for its use and wanted licence, confirms or refuses it."
        " What holds it to more needs nobody."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["propose", "confirm", "refuse", "cancel", "list"])
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="BAR=VALUE",
            help=f"what it becomes, as JSON or a word: {', '.join(BARS)}",
        )
        parser.add_argument("--request", default="", metavar="UID", help="default: the one waiting")
        parser.add_argument("--reason", default="", help="needed for all but cancel and list")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        reason = options["reason"]
        match options["verb"]:
            case "propose":
                changes = dict(map(_parse_bar, options["set"]))
                row = propose_lowering(actor=actor, dataset=dataset, changes=changes, reason=reason)
            case "confirm":
                found = _find_lowering(actor, dataset, options)
                row = confirm_lowering(actor=actor, lowering=found, reason=reason)
            case "refuse":
                found = _find_lowering(actor, dataset, options)
                row = refuse_lowering(actor=actor, lowering=found, reason=reason)
            case "cancel":
                row = cancel_lowering(actor=actor, lowering=_find_lowering(actor, dataset, options))
            case _:
                return [_describe_lowering(each) for each in list_visible_lowerings(actor, dataset)]
        return [_describe_lowering(row)]

    def say(self, value: Any) -> list[str]:
        return [
            f"{row['uid']}  {', '.join(row['becomes'])}: {row['state']}, asked by"
            f" {row['proposed_by']}"
            for row in value
        ] or ["Nothing was ever asked here."]


def _parse_bar(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    if name not in BARS:
        raise InvalidError(f"{text!r}: write BAR=VALUE. Bars: {', '.join(BARS)}.")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def _find_lowering(actor: User, dataset: Dataset, options: dict[str, Any]) -> Lowering:
    if options["request"]:
        try:
            return fetch_lowering(actor, dataset, UUID(options["request"]))
        except ValueError as problem:
            raise InvalidError(f"{options['request']!r} is no UID of a request.") from problem
    waiting = list_visible_lowerings(actor, dataset).filter(state=Lowering.State.PROPOSED).first()
    if waiting is None:
        raise InvalidError(f"Nothing is asked for {dataset}.")
    return waiting


def _describe_lowering(row: Lowering) -> dict[str, Any]:
    return {
        "uid": str(row.uid),
        "before": row.before,
        "becomes": row.becomes,
        "reason": row.reason,
        "state": row.state,
        "proposed_by": row.proposed_by.username,
        "decided_by": row.decided_by.username if row.decided_by else None,
        "answer": row.answer,
    }
