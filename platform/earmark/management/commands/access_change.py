"""Let more people take what was released: propose it, decide on it, list what was proposed."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser
from django.utils.dateparse import parse_datetime

from apps.access.access_changes import (
    cancel_access_change,
    confirm_access_change,
    fetch_access_change,
    list_visible_access_changes,
    propose_access_change,
    refuse_access_change,
)
from apps.access.models import AccessChange
from apps.accounts.models import User
from apps.datasets.models import Dataset
from datasets_catalog.errors import InvalidError
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "Propose that more people may take a dataset that was released, or earlier; another person"
        " confirms or refuses it. What lets fewer people in needs no proposal."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["propose", "confirm", "refuse", "cancel", "list"])
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--access", choices=Dataset.Access.values)
        parser.add_argument("--auto-grant", action="store_true", help="grant complete requests")
        parser.add_argument("--embargo-until", metavar="MOMENT", help="a moment, or 'none'")
        parser.add_argument("--change", default="", metavar="UID", help="default: the one waiting")
        parser.add_argument("--reason", default="", help="needed to propose and to refuse")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        reason = options["reason"]
        match options["verb"]:
            case "propose":
                row = propose_access_change(
                    actor=actor, dataset=dataset, changes=_read_changes(options), reason=reason
                )
            case "confirm":
                row = confirm_access_change(
                    actor=actor, change=_find_change(actor, dataset, options)
                )
            case "refuse":
                found = _find_change(actor, dataset, options)
                row = refuse_access_change(actor=actor, change=found, answer=reason)
            case "cancel":
                row = cancel_access_change(
                    actor=actor, change=_find_change(actor, dataset, options)
                )
            case _:
                return [
                    _describe_change(each) for each in list_visible_access_changes(actor, dataset)
                ]
        return [_describe_change(row)]

    def say(self, value: Any) -> list[str]:
        return [
            f"{row['uid']}  {row['access']}: {row['state']}, proposed by {row['proposed_by']}"
            for row in value
        ] or ["Nothing was ever proposed here."]


def _read_changes(options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"access": options["access"]} if options["access"] else {}
    if options["auto_grant"]:
        found["auto_grant"] = True
    if text := options["embargo_until"]:
        found["embargo_until"] = None if text == "none" else _parse_moment(text)
    return found


def _parse_moment(text: str) -> Any:
    found = parse_datetime(text)
    if found is None or found.tzinfo is None:
        raise InvalidError(f"{text!r}: write a moment with its time zone: 2027-01-01T00:00Z")
    return found


def _find_change(actor: User, dataset: Dataset, options: dict[str, Any]) -> AccessChange:
    if options["change"]:
        try:
            return fetch_access_change(actor, dataset, UUID(options["change"]))
        except ValueError as problem:
            raise InvalidError(f"{options['change']!r} is no UID of a proposal.") from problem
    waiting = (
        list_visible_access_changes(actor, dataset)
        .filter(state=AccessChange.State.PROPOSED)
        .first()
    )
    if waiting is None:
        raise InvalidError(f"Nothing is proposed for {dataset}.")
    return waiting


def _describe_change(row: AccessChange) -> dict[str, Any]:
    return {
        "uid": str(row.uid),
        "access": row.access,
        "auto_grant": row.auto_grant,
        "embargo_until": row.embargo_until,
        "reason": row.reason,
        "state": row.state,
        "proposed_by": row.proposed_by.username,
        "decided_by": row.decided_by.username if row.decided_by else None,
        "answer": row.answer,
    }
