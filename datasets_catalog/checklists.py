"""The questions that people answer for a release, and the documents that a vertical needs."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from datasets_catalog.verticals import Vertical

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Question:
    """One question; `blocking` in the vertical it was taken for."""

    code: str
    ask: str
    why: str
    expected: str
    may_not_apply: bool
    blocking: bool

    def is_satisfied_by(self, answer: str | None) -> bool:
        return answer == self.expected or (self.may_not_apply and answer == NOT_APPLICABLE)


@cache
def _load_table() -> dict[str, Any]:
    text = (files("datasets_catalog") / "checklists.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def list_questions(vertical: Vertical) -> tuple[Question, ...]:
    """What is asked of every release in this vertical, in the order of the table."""
    return tuple(
        Question(
            code=row["code"],
            ask=row["ask"],
            why=row["why"],
            expected=row["expected"],
            may_not_apply=row.get("may_not_apply", False),
            blocking=vertical in row.get("blocks", ()),
        )
        for row in _load_table()["question"]
        if vertical in row["asks"]
    )


def list_required_documents(vertical: Vertical) -> tuple[str, ...]:
    """Kinds of documents without which a release of this vertical does not go out."""
    return tuple(_load_table()["required_documents"].get(vertical, ()))
