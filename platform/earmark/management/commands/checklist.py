"""Answer the questions that no detector can."""

from typing import Any

from django.core.management.base import CommandParser

from apps.accounts.models import User
from apps.releases.access import fetch_release
from apps.releases.checklist_answers import answer_question, load_checklist
from earmark.management.base import Command as Base
from earmark.management.base import find_dataset


class Command(Base):
    help = (
        "List the questions for people of a release with what was answered for its root, or answer"
        " one. Whoever made the release does not answer."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", metavar="ORG/NAME")
        parser.add_argument("release_version", metavar="VERSION")
        parser.add_argument("question", nargs="?", default="", help="the code of the question")
        parser.add_argument("answer", nargs="?", default="", help="yes, no or not_applicable")
        parser.add_argument("--note", default="", help="what makes it so")

    def work(self, actor: User | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        assert actor is not None
        dataset = find_dataset(actor, options["dataset"])
        release = fetch_release(actor, dataset, options["release_version"])
        if options["question"]:
            answer_question(
                actor=actor,
                release=release,
                question=options["question"],
                answer=options["answer"],
                note=options["note"],
            )
        return [
            {
                "question": question.code,
                "ask": question.ask,
                "expected": question.expected,
                "blocking": question.blocking,
                "answer": given.answer if given else None,
                "answered_by": given.answered_by.username if given else None,
            }
            for question, given in load_checklist(release)
        ]

    def say(self, value: Any) -> list[str]:
        return [
            f"{row['question']}: {row['ask']} {row['answer'] or 'not answered'}" for row in value
        ] or ["Nothing is asked of releases in this vertical."]
