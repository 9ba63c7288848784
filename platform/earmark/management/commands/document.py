"""Attach ethics approvals and impact assessments, list them, retire them."""

from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.models import Dataset
from apps.releases.checklist_answers import (
    attach_document,
    fetch_document,
    list_visible_documents,
    retire_document,
)
from apps.releases.models import Document
from datasets_catalog.errors import InvalidError
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = "Attach a document to a dataset (a PDF or a text), list them all, or retire one."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["attach", "retire", "list"])
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("--file", default="", help="the document itself")
        parser.add_argument("--kind", default="", choices=["", *Document.Kind.values])
        parser.add_argument("--title", default="", help="as it is cited")
        parser.add_argument("--valid-until", default="", metavar="DATE", help="the last day")
        parser.add_argument("--document", default="", metavar="UID", help="which one to retire")
        parser.add_argument("--reason", default="", help="why it no longer holds")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        match options["verb"]:
            case "attach":
                rows = [_attach_file(actor, dataset, options)]
            case "retire":
                found = fetch_document(actor, dataset, _parse_uid(options["document"]))
                rows = [retire_document(actor=actor, document=found, reason=options["reason"])]
            case _:
                rows = list(list_visible_documents(actor, dataset))
        return [
            {
                "uid": str(row.uid),
                "kind": row.kind,
                "title": row.title,
                "valid_until": row.valid_until,
                "retired_at": row.retired_at,
            }
            for row in rows
        ]

    def say(self, value: Any) -> list[str]:
        return [
            f"{row['uid']}  {row['kind']}: {row['title']}, until {row['valid_until'] or 'further'}"
            + (", retired" if row["retired_at"] else "")
            for row in value
        ] or ["No document is attached."]


def _attach_file(actor: User, dataset: Dataset, options: dict[str, Any]) -> Document:
    path = Path(options["file"])
    if not options["file"] or not path.is_file():
        raise InvalidError(f"There is no file {options['file']!r} to attach: give --file.")
    return attach_document(
        actor=actor,
        dataset=dataset,
        kind=options["kind"],
        title=options["title"],
        content=path.read_bytes(),
        valid_until=_parse_valid_until(options["valid_until"]),
    )


def _parse_valid_until(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as problem:
        raise InvalidError(f"{text!r} is no day: write it as 2027-12-31.") from problem


def _parse_uid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as problem:
        raise InvalidError(f"{text!r} is no UID of a document: give --document.") from problem
