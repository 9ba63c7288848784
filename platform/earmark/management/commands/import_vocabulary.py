"""Bring in a version of a label set."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.datasets.actions import import_vocabulary
from datasets_catalog.errors import InvalidError
from earmark.management.base import Command as Base


class Command(Base):
    help = "Bring in a vocabulary: the AudioSet ontology's JSON, or a CSV with code,name[,…]."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--name", help="default: the file's name")
        parser.add_argument("--vocabulary-version", default="1", metavar="VERSION")
        parser.add_argument("--title", default="")
        parser.add_argument("--licence", default="", help="licence of the vocabulary itself")
        parser.add_argument("--source-url", default="")

    def work(self, actor: User | None, options: dict[str, Any]) -> dict[str, Any]:
        assert actor is not None
        file: Path = options["file"]
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise InvalidError(f"{file} cannot be read as UTF-8 text: {problem}") from problem
        row = import_vocabulary(
            actor=actor,
            name=options["name"] or file.stem.lower().replace("_", "-"),
            version=options["vocabulary_version"],
            text=text,
            title=options["title"],
            licence=options["licence"],
            source_url=options["source_url"],
        )
        return {"vocabulary": row.name, "version": row.version, "terms": row.terms.count()}

    def say(self, value: dict[str, Any]) -> list[str]:
        return [f"{value['vocabulary']}@{value['version']} has {value['terms']} terms."]
