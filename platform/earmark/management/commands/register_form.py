"""Put a consent form on record."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.consent.forms import list_current_reaches, register_form
from datasets_catalog.errors import InvalidError
from earmark.management.base import Command as Base
from earmark.management.base import find_datasets, find_organisation


class Command(Base):
    help = (
        "Put a form of consent on record before it is answered: its words, the datasets that it"
        " asks about, and what its purposes contain where that is not what the platform says."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("organisation", metavar="ORG")
        parser.add_argument("name", metavar="NAME")
        # Not `version`, which Django's commands have for themselves.
        parser.add_argument("form_version", metavar="VERSION")
        parser.add_argument("--language", default="und", metavar="TAG", help="such as de (BCP 47)")
        parser.add_argument("--text", type=Path, metavar="FILE", help="the words that people read")
        parser.add_argument("--study", default="", metavar="TEXT")
        parser.add_argument(
            "--dataset",
            action="append",
            default=[],
            metavar="NAME",
            help="what it asks about; may be given several times",
        )
        parser.add_argument(
            "--implications",
            type=Path,
            metavar="FILE",
            help='JSON such as {"publish.open": ["publish.gated"]}; {} where nothing is contained',
        )

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        organisation = find_organisation(options["organisation"])
        form = register_form(
            actor=actor,
            organisation=organisation,
            name=options["name"],
            version=options["form_version"],
            language=options["language"],
            datasets=find_datasets(actor, organisation, options["dataset"]),
            text=_read_text(options["text"]),
            study=options["study"],
            implications=_read_table(options["implications"]),
        )
        form.refresh_from_db()
        return {
            "uid": str(form.uid),
            "form": str(form),
            "language": form.language,
            "text_sha256": form.text_sha256,
            "reach": [str(each) for each in list_current_reaches(form)],
        }

    def say(self, value: dict[str, Any]) -> list[str]:
        reach = ", ".join(value["reach"]) or "nothing yet: manage.py bind_form"
        return [f"{value['form']} is on record as {value['uid']}. It asks about {reach}."]


def _read_text(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidError(f"{file} is no text that can be read as UTF-8: {problem}") from problem


def _read_table(file: Path | None) -> Any:
    if file is None:
        return None
    try:
        return json.loads(_read_text(file))
    except json.JSONDecodeError as problem:
        raise InvalidError(f"{file} is no JSON: {problem}") from problem
